"""What the tables of a run of `bench choose` say: the choice, the verdict, and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from bench.choosing.answer import Answer
from bench.choosing.choice import ahead, answer_size, choose, more, test_curve
from bench.choosing.steering import evidence_of
from bench.planning.plan import Plan
from bench.spec import DatasetSpec, Metric
from bench.spec.errors import ResultsError

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict
    from bench.registry.lookup import Registry
    from bench.results.store import Results


def conclude(
    found: Answer,
    plan: Plan,
    registry: Registry,
    datasets: Mapping[str, DatasetSpec],
    metric: Metric,
    *,
    n_slots: int,
) -> Answer:
    """Add to an answer what the run's tables say: choice, verdict, what more would buy, page."""
    from bench.results import store

    results = store.load(found.folder)
    sizes = sorted({trial.n_train for trial in plan.trials})
    statuses = Counter(results.trials["status"].to_pylist())
    evidence = evidence_of(plan, results, metric)
    size = answer_size(evidence, sizes)
    if size is None:
        return replace(found, statuses=statuses)
    choice = choose(evidence, results, metric, size)
    verdicts = _verdicts(results, registry, datasets, size)
    own = next((one for one in verdicts if one.scope == "dataset"), None)
    sentences = more(evidence, sizes, size, n_slots=n_slots, verdict=own)
    if later := ahead(test_curve(results, metric, choice.model), metric, size):
        sentences.append(later)
    found = replace(found, choice=choice, verdict=own, more=tuple(sentences), statuses=statuses)
    return _with_page(found, results, registry, datasets, verdicts)


def _verdicts(
    results: Results, registry: Registry, datasets: Mapping[str, DatasetSpec], size: int
) -> Sequence[Verdict]:
    """Return the verdicts on what was measured up to a size: beyond it there is too little."""
    from bench.analysis.judging import verdicts

    return verdicts(
        results.trials.filter(pc.less_equal(results.trials["n_train"], size)),
        results.scores,
        {name: entry.record for name, entry in registry.metrics.items()},
        {name: entry.record for name, entry in registry.tasks.items()},
        datasets,
    )


def _with_page(
    found: Answer,
    results: Results,
    registry: Registry,
    datasets: Mapping[str, DatasetSpec],
    verdicts: Sequence[Verdict],
) -> Answer:
    """Write the page, or say why there is none."""
    from bench.choosing.telling import lead
    from bench.report.html.assets import check_extra

    page = found.folder / "report.html"
    try:
        check_extra()
        from bench.report.html.page import write_page  # it imports what the extra brings

        write_page(
            results,
            page,
            metrics={name: entry.record for name, entry in registry.metrics.items()},
            tasks={name: entry.record for name, entry in registry.tasks.items()},
            datasets=datasets,
            title=f"Which model for {results.trials['dataset'][0].as_py()}?",
            lead=lead(found),
            verdicts=verdicts,
        )
    except ResultsError as error:
        return replace(found, page_problem=str(error))
    return replace(found, page=page)

"""What the tables of a run of `bench choose` say: the choice, the verdict, and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from bench.choosing.answer import Answer
from bench.choosing.choice import ahead, answer_size, choose, more, test_curve, unit_of
from bench.choosing.steering import so_far_of
from bench.planning.plan import Plan
from bench.spec import Metric
from bench.spec.errors import ResultsError

if TYPE_CHECKING:
    from bench.analysis.verdict import Verdict
    from bench.results.store import Results


def conclude(found: Answer, plan: Plan, metric: Metric, *, n_slots: int) -> Answer:
    """Add to an answer what the run's tables say: choice, verdict, what more would buy, page."""
    from bench.analysis.judging import verdicts
    from bench.results import store

    results = store.load(found.folder)
    sizes = sorted({trial.n_train for trial in plan.trials})
    statuses = Counter(results.trials["status"].to_pylist())
    so_far = so_far_of(plan, results, metric)
    size = answer_size(so_far, sizes)
    if size is None:
        return replace(found, statuses=statuses)
    choice = choose(so_far, results, metric, size)
    # Beyond this size there is too little.
    trials = results.trials.filter(pc.less_equal(results.trials["n_train"], size))
    judged = verdicts(trials, results.scores, results.metrics)
    own = next((one for one in judged if one.scope == "dataset"), None)
    unit = unit_of(results)
    sentences = more(so_far, sizes, size, n_slots=n_slots, unit=unit, verdict=own)
    if later := ahead(test_curve(results, metric, choice.model), metric, size, unit):
        sentences.append(later)
    found = replace(found, choice=choice, verdict=own, more=tuple(sentences), statuses=statuses)
    return _with_page(found, results, judged)


def _with_page(found: Answer, results: Results, verdicts: Sequence[Verdict]) -> Answer:
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
            title=f"Which model for {results.trials['dataset'][0].as_py()}?",
            lead=lead(found),
            verdicts=verdicts,
        )
    except ResultsError as error:
        return replace(found, page_problem=str(error))
    return replace(found, page=page)

"""Runs of the two families made by hand, with scores on validation rows."""

from analysis.hand_tables import tables
from bench.analysis.cells import read_cells
from bench.analysis.evidence import read_evidence


def put(run, model, dataset, value, validation=None, metric="accuracy", **more):
    """Add a trial with its score on test rows and, where given, on validation rows."""
    trial_id = run.add(model, dataset, value, **more)
    if validation is not None:
        score(run, trial_id, "validation", metric, validation)
    return trial_id


def score(run, trial_id, part, metric, value):
    """Add a score to a trial."""
    run.scores.append(
        {
            "run_id": run.run_id,
            "trial_id": trial_id,
            "part": part,
            "slice": "",
            "metric": metric,
            "value": value,
            "n": 10,
            "reason": "",
        }
    )


def contest(run, dataset, classical, deep, *, n=16, base=0.5, **more):
    """Add a baseline, one classical and one deep candidate: values by outer seed."""
    for outer, (a, b) in enumerate(zip(classical, deep, strict=True)):
        run.add("dummy", dataset, base, outer=outer, n=n, **more)
        put(run, "lda", dataset, a, a, outer=outer, n=n, **more)
        put(run, "mlp", dataset, b, b, outer=outer, n=n, **more)


def evidence(run):
    """Return what verdicts rest on."""
    made = tables(run)
    cells = read_cells(made.trials, made.scores, made.metrics)
    return read_evidence(cells, made.trials, made.scores)

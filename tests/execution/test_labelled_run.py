"""A task with controls goes through the whole of `bench run`: twins, slices, figures of pairs."""

from pathlib import Path

import pytest

import bench

TESTS = Path(__file__).parents[1]

SUITE = """
[suite]
name = "labelled"
[protocol]
sizes = [4, 40]
outer_seeds = 2
[[models]]
name = "toy-nearest"
[[datasets]]
name = "toy-moons"
task = "toy-labelled"
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory, command):
    """A folder in which the suite was run, and what runs it again."""
    folder = tmp_path_factory.mktemp("labelled")
    information = folder / "site" / "labelled-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: labelled\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[bench]\nlabelled = labelled_tasks\n")
    (folder / "labelled.toml").write_text(SUITE)
    path = {"PYTHONPATH": f"{information.parent}:{TESTS}"}

    def run():
        ended = command("run", "./labelled.toml", cwd=folder, env=path)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "toy-gain" not in ended.stderr  # a figure across trials is none that a trial lacks
        return bench.load(folder / "results" / "labelled")

    return run(), run


def by_trial(results, part, metric, slice_name=""):
    return {
        row["trial_id"]: row["value"]
        for row in results.scores.to_pylist()
        if (row["part"], row["metric"], row["slice"]) == (part, metric, slice_name)
    }


def test_controls_are_measured_beside_the_contender(ran):
    """Each on the same splits and sizes, by its role."""
    rows = ran[0].trials.to_pylist()
    assert {row["status"] for row in rows} == {"ok"}
    assert len(rows) == 4 * 4
    roles = {(row["label"], row["role"], row["control"]) for row in rows}
    assert roles == {
        ("toy-nearest", "contender", ""),
        ("toy-chance", "control", ""),
        ("toy-copy", "control", ""),
        ("toy-nearest, labelled only", "control", "labelled-only"),
    }


def test_a_twin_is_given_other_data(ran):
    """The contender is fitted on all training rows, its twin on those with a label alone."""
    seen = {"": set(), "labelled-only": set()}
    for row in ran[0].trials.to_pylist():
        if row["model"] == "toy-nearest" and row["n_train"] == 4:
            seen[row["control"]].add(row["trial_id"])
    scores = {
        row["trial_id"]: row["n"] for row in ran[0].scores.to_pylist() if row["part"] == "train"
    }
    assert {scores[key] for key in seen["labelled-only"]} == {4}
    assert {scores[key] for key in seen[""]} == {97}


def test_gains_are_kept_as_figures_across_trials(ran):
    """Of each contender over its twin, whatever the controls do; running again changes nothing."""
    results, again = ran
    right = by_trial(results, "test", "toy-right")
    gains = by_trial(results, "across", "toy-gain")
    places = {}
    for row in results.trials.to_pylist():
        if row["model"] == "toy-nearest" and row["label"] != "toy-copy":
            places.setdefault((row["outer_seed"], row["n_train"]), {})[row["control"]] = row
    assert len(places) == len(gains) == 4
    for place in places.values():
        one, twin = place[""]["trial_id"], place["labelled-only"]["trial_id"]
        assert gains[one] == pytest.approx(right[one] - right[twin])
    assert again().scores.equals(results.scores)


def test_slices_are_scored(ran):
    """By the side on which a row lies: together they are the part."""
    results = ran[0]
    n = {}
    for row in results.scores.to_pylist():
        if row["part"] == "test" and row["slice"]:
            n[row["trial_id"]] = n.get(row["trial_id"], 0) + row["n"]
            assert row["slice"] in ("side=up", "side=down")
    assert set(n.values()) == {12}

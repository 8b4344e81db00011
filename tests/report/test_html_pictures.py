"""Skill against time and mean ranks, as the page's script gets them."""

from types import SimpleNamespace

from analysis.hand_tables import Run, tables
from bench.report.contents import read_contents
from bench.report.html import charts, pictures


def point(name, seconds, skill, *, is_bound=False):
    return {"name": name, "seconds": seconds, "skill": skill, "is_bound": is_bound}


def test_the_front_is_what_nobody_beats_in_both():
    """Slower without more skill is off the front, of equal times the more skilful is on it."""
    points = [point("d", 9, 0.9), point("a", 1, 0.5), point("b", 2, 0.4), point("c", 2, 0.7)]
    assert [one["name"] for one in pictures.pareto(points)] == ["a", "c", "d"]


def test_a_time_that_is_a_lower_bound_is_never_on_the_front():
    """Who ran into the limit may have taken any time."""
    points = [point("late", 1, 0.9, is_bound=True), point("done", 2, 0.5)]
    assert [one["name"] for one in pictures.pareto(points)] == ["done"]


def test_ranked_contenders_are_drawn_at_their_seconds():
    """Warm is fit alone; cold adds start and warm-up; the baseline has no place and no point."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        run.add("lda", "a", 0.75, outer=outer, fit=2.0)
    made = tables(run)
    (one,) = pictures.tradeoffs(read_contents(made).boards, {})
    (warm,), (cold,) = one["warm"]["points"], one["cold"]["points"]
    assert (warm["name"], warm["seconds"], warm["skill"]) == ("lda", 2.0, 0.5)
    assert cold["seconds"] == 2.75
    assert one["warm"]["front"] == [{"seconds": 2.0, "skill": 0.5}]
    assert warm["below"] == "lda"


def board(reason=""):
    comparison = SimpleNamespace(
        names=("a", "b", "c"),
        ranks=(1.0, 2.0, 3.0),
        groups=(("a", "b"), ("b", "c")),
        reason=reason,
        n_datasets=20,
        friedman_p=0.01,
        alpha=0.05,
        pairs=tuple(SimpleNamespace(is_different=at == 0) for at in range(3)),
    )
    lines = [SimpleNamespace(name=name, family="deep") for name in "abc"]
    return SimpleNamespace(task="t", standings=lines, comparison=comparison)


def test_bars_join_groups_above_the_contenders():
    """Each group is a bar from its best rank to its worst, a row each; contenders follow."""
    (one,) = pictures.mean_ranks([board()])
    assert one["groups"] == [
        {"low": 1.0, "high": 2.0, "row": 0},
        {"low": 2.0, "high": 3.0, "row": 1},
    ]
    assert [(p["name"], p["row"]) for p in one["points"]] == [("a", 2), ("b", 3), ("c", 4)]
    # Names stand where there is room: the better half to the right of the point.
    assert [p["left"] for p in one["points"]] == ["", "", "c 3.00"]
    assert "1 of 3 pairs differ on 20 datasets" in pictures.compared(board())[0]


def test_where_nobody_can_be_told_apart_there_is_no_bar_but_the_reason():
    """Ranks are shown, and the sentence says why nothing is joined."""
    (one,) = pictures.mean_ranks([board("there are 2 datasets")])
    assert one["groups"] == []
    assert pictures.compared(board("there are 2 datasets")) == [
        "Cannot distinguish: there are 2 datasets."
    ]


def test_each_chart_names_the_data_that_the_script_gives():
    """Every layer takes one of the named data sets, and no chart holds or fetches any itself."""
    for spec, names in (
        (charts.learning_curves(), {"points", "bars", "ahead", "marks"}),
        (charts.tradeoff(), {"points", "front"}),
        (charts.critical_differences(3), {"points", "groups"}),
    ):
        assert {layer["data"]["name"] for layer in spec["layer"]} == names
        assert "datasets" not in spec
        assert "http" not in str(spec["layer"])

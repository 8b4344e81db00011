"""What results show in a notebook: worked out from tables made by hand."""

import sys

import pyarrow as pa
import pytest

import bench
from analysis.hand_tables import Run
from bench.notebook import markup
from bench.notebook import results as notebook_results
from bench.notebook.curves import VEGA_LITE
from bench.report.html.tables import Cell, Column, Row, Table
from bench.spec.errors import ResultsError
from report.page_runs import NASTY, nasty_run, written

SIZES = (16, 64, 256)


def two_datasets():
    """Five seeds, two datasets, each a classical and a deep model: deep far better on iris."""
    run = Run("run-1")
    for outer in range(5):
        shift = outer / 100
        for n in SIZES:
            for dataset, classical, deep in (("iris", 0.6, 0.9), ("wine", 0.8, 0.8)):
                run.add("dummy", dataset, 0.5, outer=outer, n=n, fit=0.001)
                run.add("svm", dataset, classical + shift, outer=outer, n=n, fit=0.1)
                run.add("mlp", dataset, deep + shift, outer=outer, n=n, fit=2.0)
    run.add("svm", "wine", None, status="crashed", n=512, reason="signal 9")
    return run


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return bench.load(written(tmp_path_factory.mktemp("runs") / "two", two_datasets()))


@pytest.fixture(scope="module")
def iris(results):
    """The chart of one dataset."""
    return results.learning_curves("iris")


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    return bench.load(written(tmp_path_factory.mktemp("runs") / "nasty", nasty_run()))


def test_the_summary_says_what_is_there(results):
    """Counts, the verdict's sentence, the ranking, and what failed with its reason."""
    page = results._repr_html_()
    # 5 seeds x 3 sizes x 2 datasets x 3 models, and the one that crashed.
    assert "91 trials, 1 failed, 3 models, 2 datasets, 1 task" in page
    assert results.verdict().sentence.replace(">", "&gt;") in page
    assert page.index("Results of two") < page.index("mlp") < page.index("signal 9")
    assert "bench show" in page


def test_the_summary_of_a_big_run_ranks_when_asked(results, monkeypatch):
    """Above one limit there is no verdict, above another no ranking, and each says so."""
    sentence = results.verdict().sentence.replace(">", "&gt;")
    monkeypatch.setattr(notebook_results, "MOST_JUDGED", 90)
    page = results._repr_html_()
    assert sentence not in page
    assert "More than 90 trials: a verdict is made when asked for." in page
    assert "mlp" in page
    monkeypatch.setattr(notebook_results, "MOST_RANKED", 90)
    page = results._repr_html_()
    assert "are made when asked for" in page
    assert "mlp" not in page


def test_the_summary_of_a_run_without_a_trial(tmp_path):
    """A run that has measured nothing yet says so, and has no verdict."""
    empty = bench.load(written(tmp_path / "empty", Run()))
    assert "No finished trial yet" in empty._repr_html_()
    assert "no trial has ended" in empty.verdicts()._repr_html_()
    with pytest.raises(ResultsError, match="no trial has ended"):
        empty.verdict()
    with pytest.raises(ResultsError, match="No learning curve"):
        empty.learning_curves()


def test_tables_are_found_from_another_folder(tmp_path, monkeypatch):
    """A table that is first asked for after the folder was changed is read all the same."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "results" / "near", two_datasets())
    loaded = bench.load("near")
    assert "'bench show results/near'" in loaded._repr_html_().replace("&#x27;", "'")
    monkeypatch.chdir("/")
    assert loaded.measures.num_rows == 0
    assert loaded.environments.num_rows == 1


def test_the_tables_are_those_of_before(results):
    """Attributes, the stream of trials and the short text are those of the tables."""
    assert pa.table(results).equals(results.trials)
    assert results.curves.schema.names[:2] == ["run_id", "trial_id"]
    assert repr(results) == "<Results of two: 91 trials>"


def test_the_leaderboard_is_a_table(results):
    """A row a contender, deep first, with the mean skill that its figures give."""
    board = results.leaderboard()
    rows = {row["name"]: row for row in board.table.to_pylist()}
    # Skill is (value - 0.5) / 0.5; at 256 rows the mean over seeds of both datasets.
    assert rows["mlp"]["skill"] == pytest.approx((0.42 + 0.32) / 2 / 0.5)
    assert rows["svm"]["skill"] == pytest.approx((0.12 + 0.32) / 2 / 0.5)
    assert rows["mlp"]["place"] == 1
    assert rows["dummy"]["place"] is None
    assert list(board.to_pandas()["name"]) == list(rows)
    assert pa.table(board).equals(board.table)
    assert "mlp" in repr(board)
    assert "\x1b" not in repr(board)


def test_the_leaderboard_of_a_selection(results):
    """Only what is selected is ranked, and a name that is not there is refused."""
    board = results.leaderboard(models=["svm"], datasets="iris", size=16)
    assert [row["name"] for row in board.table.to_pylist()] == ["svm", "dummy"]
    with pytest.raises(ResultsError, match=r"no dataset 'irsi'.*Did you mean 'iris'"):
        results.leaderboard(datasets="irsi")


def test_unknown_figures_have_a_type(nasty):
    """A column in which nothing is known is one of numbers, and names are text."""
    table = nasty.leaderboard(tasks=["regression"]).table
    assert not [field.name for field in table.schema if pa.types.is_null(field.type)]
    assert table["elo_low"].null_count == table.num_rows
    assert table.schema.field("name").type == pa.string()


def test_verdicts_are_found_by_name(results):
    """A dataset's verdict differs from another's, and a name that is not there is refused."""
    iris = results.verdict("iris")
    assert str(iris).startswith("deep: better by")
    assert results.verdict("wine").record.decision != "deep"
    assert iris.sentence in repr(iris)
    assert all(detail in repr(iris) for detail in iris.details)
    with pytest.raises(ResultsError, match=r"no verdict of 'irsi'; there: .*Did you mean 'iris'"):
        results.verdict("irsi")


def test_all_verdicts_widest_first(results):
    """All verdicts stand in one output, the widest scope first, datasets as a table."""
    found = results.verdicts()
    assert [one.record.scope for one in found] == ["task", "dataset", "dataset"]
    assert found[0].sentence == results.verdict().sentence
    assert len(found) == 3
    page = found._repr_html_()
    assert page.index("task: classification") < page.index("iris") < page.index("wine")
    assert "iris" in repr(found)


def test_curves_hold_the_means(results):
    """A dataset's chart has the mean of each line at each size, and its ticks there."""
    curves = results.learning_curves("iris", models=["mlp"])
    points = {(row["name"], row["n"]): row["figure"] for row in curves.spec["datasets"]["points-0"]}
    assert points == {("mlp", n): pytest.approx(0.84) for n in SIZES}
    (ticks,) = {
        tuple(layer["encoding"]["x"]["axis"]["values"])
        for layer in curves.spec["layer"]
        if (layer["encoding"]["x"].get("axis") or {}).get("title")
    }
    assert ticks[:3] == SIZES
    metric = results.learning_curves("iris", models=["mlp"], measure="metric")
    assert metric.spec["datasets"]["points-0"][0]["figure"] == pytest.approx(0.92)


def test_a_baseline_is_drawn_when_it_is_named(results, iris):
    """Baselines would press other lines together: they are drawn when they are asked for."""
    drawn = iris.spec["datasets"]["points-0"]
    assert "dummy" not in {row["name"] for row in drawn}
    named = results.learning_curves("iris", models=["svm", "dummy"])
    assert {row["name"] for row in named.spec["datasets"]["points-0"]} == {"svm", "dummy"}


def test_several_datasets_share_their_colours(results):
    """Charts of several datasets have data, names and layers of their own, and one legend."""
    spec = results.learning_curves().spec
    assert [view["title"]["text"] for view in spec["concat"]] == ["iris", "wine"]
    names = [layer["name"] for view in spec["concat"] for layer in view["layer"]]
    assert len(set(names)) == len(names)
    scales = {
        str(layer["encoding"]["color"]["scale"])
        for view in spec["concat"]
        for layer in view["layer"]
        if layer["encoding"].get("color", {}).get("field") == "name"
    }
    assert len(scales) == 1
    assert set(spec["datasets"]) >= {"points-0", "points-1"}


def test_a_chart_is_drawn_where_scripts_are_not(results, iris):
    """The picture in the bundle is of the same chart, and has no fixed white or black."""
    bundle = results.learning_curves()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", VEGA_LITE, "image/svg+xml"}
    picture = bundle["image/svg+xml"]
    assert ">iris</text>" in picture
    assert not any(word in picture for word in ('"#000"', '"#fff"', '"black"', '"white"', "var("))
    assert iris.to_altair().to_dict()["title"]["text"] == "iris"


def test_a_single_size_is_drawn_side_by_side(nasty):
    """Where there is one size, points stand beside one another, with bars for intervals."""
    spec = nasty.learning_curves("diabetes").spec
    places = [row["n"] for row in spec["datasets"]["points-0"]]
    assert len(set(places)) == len(places)
    assert "bars-0" in spec["datasets"]


def test_a_measure_that_there_is_not(results):
    """A word that is no measure is refused with those that are."""
    with pytest.raises(ResultsError, match=r"allowed: skill, metric.*Did you mean 'skill'"):
        results.learning_curves(measure="skil")


def test_without_altair_only_charts_are_missing(results, monkeypatch):
    """Without the extra the summary is the same, and a chart says what to install."""
    before = results._repr_html_()
    monkeypatch.setitem(sys.modules, "altair", None)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert results._repr_html_() == before
    with pytest.raises(ResultsError, match=r"pip install 'crossover-bench\[report\]'"):
        results.learning_curves()
    with pytest.raises(ResultsError, match=r"pip install 'crossover-bench\[report\]'"):
        results.report("page.html")


def test_the_report_is_written(results, tmp_path):
    """The page lies where it was asked for, under the title that was given."""
    path = results.report(tmp_path / "page.html", title="Mine & yours")
    assert path == tmp_path / "page.html"
    assert "Mine &amp; yours" in path.read_text(encoding="utf-8")


def test_names_are_shown_as_text(nasty):
    """A name that is markup stays text in every output."""
    outputs = [
        nasty._repr_html_(),
        nasty.leaderboard()._repr_html_(),
        nasty.verdict()._repr_html_(),
        nasty.verdicts()._repr_html_(),
    ]
    for page in outputs:
        assert "<img" not in page
        assert "</script" not in page
    assert "&lt;img" in outputs[0]
    assert "&lt;img" in outputs[1]
    assert "<img" not in nasty.learning_curves(NASTY).svg


def test_outputs_take_the_colours_of_the_page(results):
    """Text has the colour around it, so that it can be read in a dark theme."""
    page = results._repr_html_()
    style = page[: page.index("</style>")]
    assert "color: inherit" in style
    assert not any(word in style for word in ("#000", "#fff", "white;", "black;", "background: #f"))


def test_a_table_says_how_much_it_leaves_out():
    """Of many rows the first are shown, and how many more there are."""
    shown = Table(
        name="t",
        caption="",
        columns=[Column(title="a", is_text=True, help='"x"'), Column(title="b")],
        rows=[Row(cells=[Cell(f"r{n}"), Cell("1", bar=0.5, note="n")]) for n in range(1_003)],
    )
    page = markup.table(shown, most=2)
    assert "r1<" in page
    assert "r2<" not in page
    assert "... and 1,001 more." in page
    assert 'title="&quot;x&quot;"' in page
    assert "width:50.0%" in page

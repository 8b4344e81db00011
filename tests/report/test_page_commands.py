"""`bench report` and `bench publish`, from folders to files."""

import re

import pytest
from click.testing import CliRunner

from analysis.hand_tables import Run, tables
from bench.cli import main
from bench.report.html import assets
from bench.report.html.page import write_page
from report.page_runs import NASTY, nasty_run, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("runs") / "one", nasty_run())


def invoke(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_page_is_one_file_under_two_megabytes(folder, tmp_path):
    """It holds all: no address is fetched; its size and the verdict are announced."""
    path = tmp_path / "new" / "page.html"
    result = invoke("report", folder, "-o", path)
    assert result.exit_code == 0, result.output
    assert "MB draw charts" in result.output
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(?!#)', own)
    assert NASTY not in text
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]


def test_sections_come_in_the_order_of_the_question(folder, tmp_path):
    """The verdict first, the table of differences last."""
    path = tmp_path / "page.html"
    assert invoke("report", folder, "-o", path).exit_code == 0
    anchors = re.findall(r'<section id="([a-z-]+)"', path.read_text(encoding="utf-8"))
    assert anchors[0] == "verdict"
    assert anchors[1:4] == ["leaderboard", "curves", "tradeoff"]
    assert anchors[-4:] == ["failures-section", "environment", "again", "differences"]


def test_markdown_and_svg_are_for_readmes(folder, tmp_path):
    """Markdown goes to standard output with the verdict first; a picture may go to a file."""
    result = invoke("report", folder, "--format", "markdown")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("### Verdict")
    assert "| model | family |" in result.output
    picture = tmp_path / "board.svg"
    assert invoke("report", folder, "--format", "svg", "-o", picture).exit_code == 0
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_without_the_extra_a_page_is_refused_and_text_is_not(folder, tmp_path, monkeypatch):
    """Exit code 2 and one message, nothing is written."""
    monkeypatch.setattr(assets, "find_spec", lambda name: None)
    result = invoke("report", folder, "-o", tmp_path / "page.html")
    assert result.exit_code == 2
    assert "pip install 'crossover-bench[report]'" in result.output
    assert list(tmp_path.iterdir()) == []
    assert invoke("report", folder, "--format", "markdown").exit_code == 0


def test_a_selection_that_names_nothing_is_refused(folder, tmp_path):
    """The message says what there is."""
    result = invoke("report", folder, "-o", tmp_path / "x.html", "--models", "acme-*")
    assert result.exit_code == 2
    assert "no model 'acme-*'" in result.output


def test_only_what_is_selected_is_on_the_page(tmp_path):
    """Models that are left out are in neither rankings, curves nor failures."""
    from bench.report.contents import Selection

    path = tmp_path / "page.html"
    chosen = Selection(models=["svm", "mlp"])
    write_page(tables(nasty_run()), path, selection=chosen)
    text = path.read_text(encoding="utf-8").split("</script>")
    assert "lda" not in text[0].split('id="again"')[0]
    assert "cnn" not in text[0]


def test_an_empty_run_has_a_page_that_says_so(tmp_path):
    """Nothing finished yet is no fault."""
    path = tmp_path / "page.html"
    facts = write_page(tables(Run()), path)
    assert (facts.n_datasets, facts.headline) == (0, "")
    assert "nothing to rank" in path.read_text(encoding="utf-8")


def test_a_site_has_an_index_and_a_page_per_run(folder, tmp_path):
    """Pages share the chart library; the index links to each; made again it is replaced."""
    site = tmp_path / "site"
    for _ in range(2):
        result = invoke("publish", site, folder, "--title", NASTY)
        assert result.exit_code == 0, result.output
    names = sorted(path.name for path in site.iterdir())
    assert names[0].startswith("charts-")
    assert names[1:] == ["index.html", "one.html"]
    index = (site / "index.html").read_text(encoding="utf-8")
    assert '<a href="one.html">one</a>' in index
    assert NASTY not in index
    page = (site / "one.html").read_text(encoding="utf-8")
    assert f'<script src="{names[0]}">' in page
    assert 'href="index.html"' in page
    assert len(page) < 500_000


def test_a_site_that_was_not_finished_is_written_again(folder, tmp_path):
    """A run that cannot be read ends it half-way; the next call is not refused for what is left."""
    site = tmp_path / "site"
    assert invoke("publish", site, folder, tmp_path / "nowhere").exit_code == 2
    assert sorted(path.suffix for path in site.iterdir()) == [".html", ".js"]
    result = invoke("publish", site, folder)
    assert result.exit_code == 0, result.output
    assert (site / "index.html").is_file()


def test_a_folder_with_other_files_is_not_published_into(folder, tmp_path):
    """What is there stays, and the message names it."""
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    result = invoke("publish", tmp_path, folder)
    assert result.exit_code == 2
    assert "thesis.tex" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_nothing_to_publish_is_said(tmp_path, monkeypatch):
    """Without a run under results/ the message says how to make one."""
    monkeypatch.chdir(tmp_path)
    result = invoke("publish", "site")
    assert result.exit_code == 2
    assert "bench run quick" in result.output

"""The page in a browser: drawn without a fault, sorted, filtered, by keyboard, for everyone."""

import shutil

import pytest

from analysis.hand_tables import tables
from bench.report.html.page import write_page
from report.page_runs import NASTY, nasty_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(tables(nasty_run()), path, title=NASTY, lead=[NASTY])
    return path


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Watched:
    """A tab, with what it said and what it asked for."""

    def __init__(self, browser, path, **how):
        self.page = browser.new_page(**how)
        self.page.set_default_timeout(0)  # a busy machine draws late
        self.said = []
        self.asked = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#tradeoff-chart svg")
        self.page.wait_for_selector("#curve-chart svg")


@pytest.fixture
def tab(browser, page_file):
    watched = Watched(browser, page_file, color_scheme="light")
    yield watched
    watched.page.close()


def column(page, number, *, board="board-classification"):
    """Return the texts of a column's visible cells."""
    cells = page.locator(f"#{board} tbody tr:not([hidden]) td:nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_nothing_is_said_or_fetched(tab, page_file):
    """The console stays empty, and the file itself is the only thing that is asked for."""
    assert tab.said == []
    assert tab.asked == [page_file.as_uri()]


def test_names_stay_text(tab):
    """Markup in names, messages and commands is shown, and does nothing."""
    page = tab.page
    assert page.title() == NASTY
    assert page.locator("img").count() == 0
    assert any(NASTY in text for text in column(page, 2))
    assert NASTY in page.locator("#failures").inner_text()
    page.select_option("#curve-dataset", label=NASTY)
    assert NASTY in page.locator("#curve-legend").inner_text()
    page.locator("#curve-chart path[aria-label]").first.hover(force=True)
    assert page.locator("img").count() == 0
    assert tab.said == []


def test_a_header_sorts_both_ways_by_keyboard(tab):
    """Enter on a header sorts by the figures, again the other way round, and says so."""
    page = tab.page
    header = page.locator("#board-classification th", has_text="model")
    header.locator("button").focus()
    page.keyboard.press("Enter")
    ascending = column(page, 2)
    assert ascending == sorted(ascending, key=str.lower)
    assert header.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert column(page, 2) == ascending[::-1]
    fit = page.locator("#board-classification th", has_text="fit")
    fit.locator("button").click()
    at = page.locator("#board-classification th").all_inner_texts().index(fit.inner_text()) + 1
    # Seconds are 0.001 for the dummy and 0.1 * 3**i for the others: units differ, order does not.
    assert column(page, at) == ["1.00 ms", "100 ms", "300 ms", "900 ms", "2.70 s", "8.10 s"]
    assert header.get_attribute("aria-sort") is None


def test_what_has_no_figure_stands_last_in_either_order(tab):
    """The baseline has no rank, and stays below."""
    page = tab.page
    button = page.locator("#board-classification th", has_text="rank").locator("button")
    for _ in range(2):
        button.click()
        assert column(page, 2)[-1] == "dummy"


def test_rows_are_filtered_by_words_and_family(tab):
    """Typing leaves the rows with those words; a family that is unticked goes; the rest is told."""
    page = tab.page
    controls = page.locator('.controls[data-for="board-classification"]')
    controls.locator("input[type=search]").fill("ml")
    assert column(page, 2) == ["mlp"]
    assert controls.locator(".count").inner_text() == "1 of 6"
    controls.locator("input[type=search]").fill("")
    controls.locator("input[value=deep]").uncheck()
    assert not {"mlp", "cnn"} & set(column(page, 2))
    assert len(column(page, 2)) == 4


def test_curves_follow_dataset_measure_and_models(tab):
    """The selects and ticks change what is drawn and the table below; the size axis is the grid."""
    page = tab.page
    page.locator("#curves summary").click()
    table = page.locator("#curve-table")
    assert table.locator("thead th").all_inner_texts() == ["model", "16", "32", "64"]
    lines = page.locator("#curve-chart .mark-line path")
    n_lines = lines.count()
    page.locator("#curve-legend input:checked").first.uncheck()
    page.wait_for_function(
        "n => document.querySelectorAll('#curve-chart .mark-line path').length === n",
        arg=n_lines - 1,
    )
    page.select_option("#curve-measure", "v")
    assert "0.5" in table.locator("tr", has_text="dummy").inner_text()
    page.select_option("#curve-dataset", label="diabetes")
    assert page.locator("#curve-measure option").all_inner_texts()[1] == "rmse"
    assert table.locator("thead th").all_inner_texts() == ["model", "16"]
    assert tab.said == []


def test_the_theme_follows_the_system_and_the_button(browser, page_file):
    """A dark system gives a dark page; the button changes and keeps it; paper is always white."""
    context = browser.new_context(color_scheme="dark")
    watched = Watched(context, page_file)
    page = watched.page
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(15, 20, 25)"
    page.locator("#theme").click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.locator("#theme").click()
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    context.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_width_scrolls_sideways(browser, page_file, width):
    """Wide tables scroll in frames of their own, and the page never does."""
    watched = Watched(browser, page_file, viewport={"width": width, "height": 800})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    watched.page.close()


def test_paper_holds_the_tables(browser, page_file):
    """On a sheet of A4 with margins (718 pixels) nothing stands over the edge."""
    watched = Watched(browser, page_file, viewport={"width": 718, "height": 1000})
    watched.page.emulate_media(media="print")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 718
    watched.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(browser, page_file, scheme):
    """The rules of axe-core for WCAG 2 find nothing, contrast included, in either theme."""
    from axe_playwright_python.sync_playwright import Axe

    watched = Watched(browser, page_file, color_scheme=scheme)
    watched.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(watched.page).response["violations"]
    watched.page.close()
    assert [(fault["id"], fault["impact"], len(fault["nodes"])) for fault in found] == []


def test_everything_is_reached_by_tab(tab):
    """The keyboard comes to the skip link first, and to every select, button and tick."""
    page = tab.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    unreachable = page.evaluate(
        "[...document.querySelectorAll('button, select, input, a, summary')]"
        ".filter(one => one.tabIndex < 0).length"
    )
    assert unreachable == 0

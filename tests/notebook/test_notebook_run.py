"""The example notebook, run cell by cell in a kernel of its own; and what a kernel changes."""

import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebooks" / "first-run.ipynb"
VEGA_LITE = "application/vnd.vegalite.v5+json"
SMALL = """
[suite]
name = "small"
[protocol]
sizes = [16]
outer_seeds = 1
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""


@pytest.fixture(scope="module")
def execute(tmp_path_factory, cache):
    """Run a notebook in a kernel of this interpreter, in a folder of its own; return both."""
    home = tmp_path_factory.mktemp("jupyter")
    spec = home / "kernels" / "bench-tests" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "t", "language": "python"}))
    variables = {
        "JUPYTER_PATH": home,
        "JUPYTER_DATA_DIR": home,
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTER_CONFIG_DIR": home / "config",
        "IPYTHONDIR": home / "ipython",
        "BENCH_CACHE": cache,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, str(value))

        def run(notebook, **options):
            folder = tmp_path_factory.mktemp("notebook")
            client = NotebookClient(
                notebook,
                kernel_name="bench-tests",
                timeout=None,
                resources={"metadata": {"path": str(folder)}},
                **options,
            )
            client.execute()
            return notebook, folder

        yield run


@pytest.fixture(scope="module")
def example(execute):
    """The example notebook after all its cells, and the folder that they ran in."""
    return execute(nbformat.read(NOTEBOOK, as_version=4))


def shown(notebook, cell_id):
    """The representations of what a cell returned, by MIME type."""
    (cell,) = [cell for cell in notebook.cells if cell.id == cell_id]
    (returned,) = [out for out in cell.outputs if out.output_type == "execute_result"]
    return returned.data


def test_the_notebook_is_kept_without_outputs():
    """What is in git is text and code alone, so that a difference of it can be read."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) > 5
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_results_show_verdict_and_ranking(example):
    """What `bench.run` returns shows what was measured, the verdict and the best models."""
    page = shown(example[0], "run")["text/html"]
    assert "60 trials, 4 models, 1 dataset, 1 task" in page
    assert "ridge" in page
    assert "regression" in page
    assert 'class="sentence"' in page


@pytest.mark.parametrize("cell_id", ["run", "verdict", "leaderboard", "table", "query"])
def test_tables_and_verdicts_are_html_and_text(example, cell_id):
    """Each of these cells has an HTML table or text, and plain text beside it."""
    data = shown(example[0], cell_id)
    assert {"text/html", "text/plain"} <= set(data)


@pytest.mark.parametrize("cell_id", ["curves", "one-curve"])
def test_curves_are_charts_and_pictures(example, cell_id):
    """A chart comes as Vega-Lite with its data, as a picture for other places, as text."""
    data = shown(example[0], cell_id)
    assert set(data) == {VEGA_LITE, "image/svg+xml", "text/plain"}
    assert any(name.startswith("points-") for name in data[VEGA_LITE]["datasets"])
    assert data["image/svg+xml"].startswith("<svg")


def test_progress_is_one_line_in_place(example):
    """The trials fill one output that is changed, not a line each."""
    notebook, _ = example
    (cell,) = [cell for cell in notebook.cells if cell.id == "run"]
    lines = [out for out in cell.outputs if out.output_type == "display_data"]
    assert len(lines) == 1
    assert lines[0].data["text/plain"].startswith("60/60  ok")
    said = "".join(out.text for out in cell.outputs if out.output_type == "stream")
    assert said.startswith("first-run: 60 trials of 4 models on 1 dataset.\n")
    assert said.endswith("Results: results/first-run\n")


def test_no_cell_warns(example):
    """Nothing is written to standard error, and no widget is missed."""
    notebook, _ = example
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert [out.text for out in outputs if out.get("name") == "stderr"] == []


def test_the_page_is_written(example):
    """The report lies where the notebook said."""
    page = (example[1] / "first-run.html").read_text(encoding="utf-8")
    assert "first-run" in page
    assert "</html>" in page


@pytest.fixture(scope="module")
def said(execute):
    """What a kernel prints of a run that is interrupted, and of one in a thread beside its loop."""
    code = (
        "import asyncio, bench, os, signal, threading, time",
        "from pathlib import Path",
        f"Path('small.toml').write_text({SMALL!r})",
        "def press():",
        # By then trials are under way, and far from over: each takes some 10 kB.
        "    files = Path('results').glob",
        "    def n_bytes(): return sum(f.stat().st_size for f in files('small/journal*'))",
        "    while n_bytes() < 150_000: time.sleep(0.05)",
        "    os.kill(os.getpid(), signal.SIGINT)",
        "threading.Thread(target=press).start()",
        "try:",
        "    bench.run('small.toml', seeds=60, progress=False)",
        "except KeyboardInterrupt as error:",
        "    print(error)",
        "print(bench.load('results/small').trials.num_rows)",
        "other = await asyncio.to_thread(bench.run, 'small.toml', output='other', progress=False)",
        "print(other.trials.num_rows)",
    )
    notebook, _ = execute(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(code), id="one")])
    )
    text = "".join(o.text for o in notebook.cells[0].outputs if o.get("name") == "stdout")
    return text.splitlines()


def test_an_interrupted_cell_says_how_to_go_on(said):
    """A kernel that is interrupted keeps what is finished and says how to load it."""
    message, kept, _ = said
    assert "bench.load('results/small') reads them" in message
    assert "goes on where it stopped" in message
    assert message.startswith(f"{kept} trial")
    assert 0 < int(kept) < 120


def test_a_thread_beside_a_running_loop_can_measure(said):
    """The interrupted kernel goes on, and a thread of it, where no signal comes, measures."""
    assert said[2] == "2"

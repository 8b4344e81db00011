"""Plugins of other environments as they are found: listed, attributed, or said to be wrong."""

import json
import os
import platform
import stat
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pytest

from bench.execution.environment import describe_with
from bench.execution.nodes import changed_versions
from bench.registry.lookup import discover
from bench.registry.venvs import reading
from bench.spec.errors import PluginError

HERE = Path(__file__).parent
DATA = HERE.parent / "plugins_data"
OURS = (sysconfig.get_path("purelib"), HERE.parents[2])


def entry_for(name, python):
    return f'[plugins.{name}]\npython = "{python}"\n'


def plugin_called(name):
    (plugin,) = (plugin for plugin in discover().plugins if plugin.name == name)
    return plugin


@pytest.fixture(scope="module")
def repairs(make_environment, tmp_path_factory):
    """An environment with plugins in every state of repair."""
    cases = ("arguments", "exits", "failing", "good", "misspelt", "newer", "old", "records")
    places = [DATA / case for case in cases]
    return make_environment(tmp_path_factory.mktemp("repairs"), *places, *OURS)


@pytest.fixture
def own(make_environment, tmp_path):
    """Return a function that makes an environment with one plugin of this text."""

    def make(text):
        folder = tmp_path / "own"
        (folder / "acme_own-3.dist-info").mkdir(parents=True)
        (folder / "acme_own-3.dist-info/METADATA").write_text(
            "Metadata-Version: 2.1\nName: acme-own\nVersion: 3\n"
        )
        (folder / "acme_own-3.dist-info/entry_points.txt").write_text("[bench]\nown = acme_own\n")
        (folder / "acme_own.py").write_text(text)
        return make_environment(tmp_path / "venv", folder, *OURS)

    return make


MODEL = """
import bench

@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(
        name="own-model", family="deep", does=(("regression", "tabular"),),
        factory="acme_own:make", {more}
    )
"""


def test_its_models_are_there(configure, python):
    """A plugin elsewhere is listed with its distribution, and its models can be looked up."""
    configure(entry_for("elsewhere", python))
    registry = discover()
    plugin = plugin_called("elsewhere")
    assert (plugin.state, plugin.reasons) == ("ok", ())
    assert (plugin.distribution, plugin.version) == ("acme-elsewhere", "2.1")
    assert (plugin.python, plugin.hook_api, plugin.offers) == (python, 2, {"models": 4})
    entry = registry.model("else-bayes")
    assert (entry.python, entry.plugin, entry.version) == (python, "elsewhere", "2.1")
    assert entry.record.does == (("classification", "tabular"),)
    assert entry.record.params == {"smoothing": 1e-9}
    assert registry.model("gaussian-nb").python is None


def test_it_cannot_stream(configure, python):
    """Rows that are not in memory stay here, whatever its record says."""
    configure(entry_for("elsewhere", python))
    assert discover().model("else-bayes").record.streams is False


def test_its_libraries_are_told(configure, python):
    """Python and what the plugin requires are told in the versions that are there."""
    configure(entry_for("elsewhere", python))
    libraries = plugin_called("elsewhere").libraries
    assert libraries["python"] == f"CPython {platform.python_version()}"
    assert libraries["scikit-learn"] == metadata.version("scikit-learn")
    assert "not-installed-at-all" not in libraries


def test_it_is_asked_once(configure, python, monkeypatch):
    """What it answered is kept: a second look starts no interpreter."""
    configure(entry_for("elsewhere", python))
    first = discover().models["else-bayes"]

    def refuse(*_, **__):
        raise AssertionError("an interpreter was started")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert discover().models["else-bayes"] == first


def test_it_is_asked_again_when_it_has_changed(configure, own, tmp_path):
    """A plugin that is edited, or something installed beside it, is noticed."""
    configure(entry_for("own", own(MODEL.format(more=""))))
    assert discover().model("own-model").record.summary == ""
    source = tmp_path / "own" / "acme_own.py"
    source.write_text(MODEL.format(more='summary="New."'))
    assert discover().model("own-model").record.summary == "New."
    (tmp_path / "own" / "acme_own-3.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-own\nVersion: 3.1\n"
    )
    assert discover().model("own-model").version == "3.1"


def test_the_configuration_wins_over_what_is_installed_here(configure, repairs, monkeypatch):
    """A plugin of the same name beside bench is not imported, and no name clashes."""
    monkeypatch.syspath_prepend(str(DATA / "good"))
    configure(entry_for("good", repairs))
    registry = discover()
    assert plugin_called("good").python == repairs
    assert registry.model("acme-forest").python == repairs
    assert "acme_good" not in sys.modules


def test_what_is_no_model_is_left_out_and_said(configure, repairs):
    """Datasets, tasks and the rest cannot live elsewhere: it is said of each, and is no fault."""
    configure(entry_for("good", repairs))
    plugin = plugin_called("good")
    assert plugin.state == "ok"
    for kind in ("datasets", "tasks", "metrics", "probes", "suites"):
        assert any(f"Its {kind} are left out" in note for note in plugin.notes)
    assert plugin.reasons == ()
    assert plugin.offers == {"models": 1}


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("failing", "broken", "No module named 'a_framework_that_is_missing'"),
        ("exits", "broken", "SystemExit: this machine is not good enough for me"),
        ("newer", "broken", "written for HOOK_API 99"),
        ("misspelt", "partly", "Did you mean 'bench_models'?"),
        ("records", "partly", "'deeep'"),
    ],
)
def test_what_is_wrong_with_it_is_found_as_here(configure, repairs, name, state, reason):
    """A plugin elsewhere is judged as one beside bench is."""
    configure(entry_for(name, repairs))
    plugin = plugin_called(name)
    assert any(reason in text for text in plugin.reasons), plugin.reasons
    assert plugin.state in (state, "broken")
    assert discover().model("gaussian-nb")


def test_a_plugin_for_hook_api_1_goes_on_elsewhere(configure, repairs):
    """Its models are there, with the warning that one beside bench gets; the rest is left out."""
    configure(entry_for("old-api", repairs))
    plugin = plugin_called("old-api")
    assert plugin.offers == {"models": 1}
    assert plugin.warnings == (
        "It was written for HOOK_API 1; this bench has 2. docs/how-to/move-to-hook-api-2.md says "
        "how to move it.",
    )
    assert any(note.startswith("Its tasks are left out") for note in plugin.notes)


def test_the_original_traceback_is_kept(configure, repairs):
    """It begins in the plugin, not in what reads it."""
    configure(entry_for("failing", repairs))
    error = plugin_called("failing").error
    assert "import a_framework_that_is_missing" in error
    assert "describe.py" not in error


def test_a_field_that_this_bench_does_not_know_is_a_finding(configure, own):
    """A record that sets a field of a later bench says what to upgrade."""
    text = MODEL.format(more="") + (
        "\nimport dataclasses\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\n"
        "class ModelSpec(bench.ModelSpec):\n"
        "    colour: str = 'none'\n"
        "    shade: str = 'none'\n"
        "bench.ModelSpec = lambda **fields: ModelSpec(colour='red', **fields)\n"
    )
    configure(entry_for("own", own(text)))
    (reason,) = plugin_called("own").reasons
    assert "ModelSpec 'own-model': this bench does not know colour." in reason
    assert "Upgrade crossover-bench" in reason


def test_parameters_must_be_plain(configure, own):
    """What JSON cannot hold cannot be told, and is a finding that names the model."""
    configure(entry_for("own", own(MODEL.format(more="params={'kernel': object()}"))))
    (reason,) = plugin_called("own").reasons
    assert "'own-model'" in reason
    assert "JSON cannot hold" in reason


def test_a_flood_does_not_reach_the_answer(configure, own):
    """Whatever a plugin prints when it is imported, it is understood."""
    configure(entry_for("own", own("print('{' * 100_000)\n" + MODEL.format(more=""))))
    assert plugin_called("own").state == "ok"


def a_program(folder, text):
    path = folder / "program"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#!/bin/sh\nexec sleep 600\n", "did not say within 0.5 s"),
        ("#!/bin/sh\necho broken libpython >&2; exit 3\n", "code 3"),
        ("", "cannot be run"),
    ],
    ids=["hangs", "breaks", "is empty"],
)
def test_an_interpreter_that_does_not_work_is_a_finding(
    configure, tmp_path, monkeypatch, text, reason
):
    """Nothing waits for ever, and all other plugins work."""
    monkeypatch.setattr(reading, "SECONDS", 0.5)
    python = a_program(tmp_path, text)
    configure(entry_for("acme", python))
    plugin = plugin_called("acme")
    assert plugin.state == "broken"
    assert reason in plugin.reasons[0]
    assert str(python) in plugin.reasons[0]
    assert discover().model("gaussian-nb")


def test_an_interpreter_that_is_not_there_is_a_finding(configure, tmp_path):
    """An environment that was removed is said to be gone."""
    configure(entry_for("acme", tmp_path / "gone/bin/python"))
    assert "There is no interpreter" in plugin_called("acme").reasons[0]


def test_an_environment_that_lacks_what_is_needed_is_a_finding(
    configure, make_environment, tmp_path
):
    """Without bench, NumPy and Arrow nothing can cross: the command that installs them is said."""
    python = make_environment(tmp_path / "bare", HERE / "elsewhere")
    configure(entry_for("elsewhere", python))
    (reason,) = plugin_called("elsewhere").reasons
    assert f"{python} -m pip install crossover-bench numpy pyarrow" in reason


def test_a_plugin_that_is_not_there_is_a_finding(configure, python):
    """A name that the environment does not have is said with those that it has."""
    configure(entry_for("elswhere", python))
    (reason,) = plugin_called("elswhere").reasons
    assert "Did you mean 'elsewhere'?" in reason


def test_an_unknown_model_may_be_of_an_environment_that_does_not_work(configure, tmp_path):
    """Whoever asks for a model of it reads why it is not there."""
    configure(entry_for("acme", tmp_path / "python"))
    with pytest.raises(PluginError, match="There is no interpreter"):
        discover().model("acme-forest")


def test_our_own_path_does_not_leak(configure, own, monkeypatch, tmp_path):
    """PYTHONPATH leads our interpreter to its libraries, and no other to them."""
    (tmp_path / "leak").mkdir()
    (tmp_path / "leak" / "leaked.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "leak"))
    configure(entry_for("own", own("import leaked\n")))
    assert "No module named 'leaked'" in plugin_called("own").reasons[0]


def test_the_command_lists_it(configure, python):
    """`bench list plugins` shows the environment, `bench info` the libraries that are there."""
    file = configure(entry_for("elsewhere", python))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "list", "plugins"], capture_output=True, text=True
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("elsewhere"))
    assert line.split() == ["elsewhere", "acme-elsewhere", "2.1", "2", "4", "models", "ok", python]
    done = subprocess.run(
        [sys.executable, "-m", "bench", "info", "--json"], capture_output=True, text=True
    )
    facts = json.loads(done.stdout)
    assert facts["configuration"] == str(file)
    assert facts["distributions"]["acme-elsewhere"] == "2.1"
    assert "acme-elsewhere: scikit-learn" in facts["distributions"]
    assert os.path.isdir(facts["cache"])


def test_an_environment_is_given_by_a_command(configure, python):
    """`bench plugins python` asks the interpreter first, and writes what every command reads."""
    file = configure("# mine\n")
    command = [sys.executable, "-m", "bench", "plugins", "python"]
    done = subprocess.run([*command, "elsewhere", python], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "acme-elsewhere 2.1" in done.stdout
    assert discover().model("else-bayes").python == python
    done = subprocess.run([*command, "elswhere", python], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Did you mean 'elsewhere'?" in done.stderr
    done = subprocess.run([*command, "elsewhere", "--remove"], capture_output=True, text=True)
    assert done.returncode == 0
    assert file.read_text().strip() == "# mine"


def test_another_version_elsewhere_is_noticed(configure, python):
    """A run that goes on with other libraries in a plugin's environment says which have changed."""
    configure(entry_for("elsewhere", python))
    facts = describe_with(discover().plugins)
    before = facts["distributions"] | {"acme-elsewhere: numpy": "1.26.4"}
    kept = pa.table({"distributions": [json.dumps(before)], "libraries": ["{}"]})
    now = metadata.version("numpy")
    assert changed_versions(kept, facts) == [f"acme-elsewhere: numpy changed from 1.26.4 to {now}"]

"""`bench list` as a user meets it: in a process of its own, on a pipe and on a terminal."""

import json
import os
import pty
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bench import __version__
from bench.results.runs import create_run

TESTS = Path(__file__).parents[1]
DATA = TESTS / "registry" / "plugins_data"


def bench(*arguments, path=(), **variables):
    """Run `bench` with further folders of distributions on the path."""
    environment = {key: value for key, value in os.environ.items() if key != "BENCH_DEBUG"}
    environment |= {"PYTHONPATH": os.pathsep.join(map(str, path))} | variables
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Return what to put on the path for the sample plugin to be installed."""
    project = tomllib.loads((TESTS / "sample_plugin/pyproject.toml").read_text())["project"]
    site = tmp_path_factory.mktemp("site")
    info = site / f"bench_sample-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    entries = project["entry-points"]["bench"]
    (info / "entry_points.txt").write_text(
        "[bench]\n" + "".join(f"{name} = {module}\n" for name, module in entries.items())
    )
    return [site, TESTS / "sample_plugin"]


def test_a_strangers_model_is_listed(sample):
    """A model of a package of one's own is listed with its family, task, plugin and summary."""
    done = bench("list", "models", path=sample)
    assert done.returncode == 0
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("sample-centroid"))
    assert line.split(maxsplit=5) == [
        "sample-centroid",
        "classical",
        "classification",
        "tabular",
        "sample",
        "The class whose mean is nearest.",
    ]


def test_a_strangers_dataset_is_listed_with_all_facts_as_json(sample):
    """JSON has every field of a record, and the distribution that it comes from."""
    facts = {
        d["name"]: d for d in json.loads(bench("list", "datasets", "--json", path=sample).stdout)
    }
    rings = facts["sample-rings"]
    assert rings["params"] == {"n_rows": 200, "seed": 0}
    assert rings["license"] == "CC0-1.0"
    assert (rings["distribution"], rings["distribution_version"]) == ("bench-sample", "0.2.0")


def test_a_models_search_space_is_listed_as_json():
    """What `tune` searches can be read before anything is run."""
    facts = {m["name"]: m for m in json.loads(bench("list", "models", "--json").stdout)}
    space = facts["decision-tree"]["search_space"]
    assert {"low", "high"} <= set(space["max_depth"])
    assert facts["dummy"]["search_space"] == {}


def test_listing_imports_nothing_heavy(sample):
    """Listing models imports neither scikit-learn nor JAX nor NumPy, whatever is installed."""
    code = (
        "import sys; from bench.cli import main; main(['list', 'models'], standalone_mode=False); "
        "print({'sklearn', 'jax', 'numpy', 'bench_sample.models'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sample))},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_help_imports_no_command():
    """`bench --help` imports none of the sub-commands that it lists, nor the registry."""
    code = (
        "import sys; from bench.cli import main; main(['--help'], standalone_mode=False); "
        "print([m for m in sys.modules if "
        "m.startswith(('bench.cli.', 'bench.registry.lookup', 'rich'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "leaderboard" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_broken_plugin_is_one_line_on_stderr():
    """A broken plugin is hinted at in one line beside the list, which stays clean."""
    done = bench("list", "models", path=[DATA / "good", DATA / "failing"])
    assert done.returncode == 0
    assert "acme-forest" in done.stdout
    assert "acme-failing" not in done.stdout
    assert "flood" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "acme-failing 0.3" in done.stderr
    assert "bench list plugins" in done.stderr


def test_plugins_are_listed_with_state_and_reason():
    """Every plugin is there: name, distribution, version, offers, HOOK_API, state and reason."""
    path = [DATA / "good", DATA / "newer", DATA / "failing"]
    done = bench("list", "plugins", "--json", path=path)
    assert done.returncode == 0
    plugins = {plugin["distribution"]: plugin for plugin in json.loads(done.stdout)}
    assert plugins["acme-good"]["offers"]["models"] == 1
    assert [probe["summary"] for probe in plugins["acme-good"]["probes"]] == ["Joules."]
    assert (plugins["acme-newer"]["state"], plugins["acme-newer"]["hook_api"]) == ("broken", 99)
    assert "Traceback" in plugins["acme-failing"]["error"]
    text = bench("list", "plugins", path=path).stdout
    assert "ModuleNotFoundError: No module named 'a_framework_that_is_missing'" in text
    assert "Traceback" not in text


def test_debug_shows_why_a_plugin_is_broken():
    """`bench --debug list plugins` shows the original traceback."""
    done = bench("--debug", "list", "plugins", path=[DATA / "failing"])
    assert "import a_framework_that_is_missing" in done.stderr


def test_strict_makes_a_finding_a_failure():
    """`bench list plugins --strict` exits with 1 when anything is wrong with a plugin."""
    assert bench("list", "plugins", "--strict", path=[DATA / "twins"]).returncode == 1
    assert bench("list", "plugins", path=[DATA / "twins"]).returncode == 0


def test_suites_are_listed():
    """A suite of a plugin is listed with its own summary and its file."""
    done = bench("list", "suites", path=[DATA / "good"])
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("acme-night"))
    assert "All night." in line
    assert line.endswith("acme-night.toml")


def test_tasks_and_metrics_are_listed():
    """A task is listed with its primary metric, a metric with its direction."""
    done = bench("list", "tasks", path=[DATA / "good"])
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("acme-ranking"))
    assert line.split()[1] == "acme-cost"
    done = bench("list", "metrics", path=[DATA / "good"])
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("acme-cost"))
    assert line.split()[1:4] == ["lower", "0", "labels"]


def test_the_schema_is_for_editors():
    """`bench list suites --schema` prints a JSON schema with the tables of a suite."""
    schema = json.loads(bench("list", "suites", "--schema").stdout)
    assert {"suite", "models", "datasets"} <= set(schema["properties"])


def test_runs_are_listed(tmp_path):
    """Runs are listed with their suite and how their trials ended, here none yet."""
    create_run(tmp_path / "first", "quick", "[suite]\n", ["bench", "run", "quick"])
    (run,) = json.loads(bench("list", "runs", str(tmp_path), "--json").stdout)
    assert (run["name"], run["suite"], run["statuses"]) == ("first", "quick", {})
    (line,) = bench("list", "runs", str(tmp_path)).stdout.splitlines()[1:]
    assert line.split()[:2] == ["first", "quick"]


def test_a_damaged_run_is_listed_with_its_problem(tmp_path):
    """A run that cannot be read is a line with the reason, and hides no other."""
    create_run(tmp_path / "good", "quick", "[suite]\n", ["bench", "run", "quick"])
    create_run(tmp_path / "bad", "quick", "[suite]\n", ["bench", "run", "quick"])
    (tmp_path / "bad" / "run.json").write_text("{")
    done = bench("list", "runs", str(tmp_path))
    assert done.returncode == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "problem" in lines["run"]
    assert "run.json is damaged" in lines["bad"]
    assert "damaged" not in lines["good"]


def test_no_runs_is_said(tmp_path):
    """An empty folder of results is no error and is said to be empty; a missing one is an error."""
    done = bench("list", "runs", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout == ""
    assert "no runs" in done.stderr
    done = bench("list", "runs", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_info_is_what_a_report_needs(tmp_path):
    """`bench info` has the versions, the state of every plugin, the machine and the cache."""
    done = bench("info", "--json", path=[DATA / "failing"], BENCH_CACHE=str(tmp_path))
    facts = json.loads(done.stdout)
    assert facts["bench"] == __version__
    assert facts["plugins"]["failing of acme-failing"] == "0.3 (broken)"
    assert facts["cache"] == str(tmp_path)
    assert facts["n_cores"] >= 1
    assert "cpu_model" in bench("info").stdout


def on_a_terminal(*arguments, columns, path=(), **variables):
    """Return what `bench` writes to a terminal of so many columns."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(map(str, path)), "TERM": "xterm-256color"}
        | {"COLUMNS": str(columns)}
        | variables,
        stdout=child,
        stderr=subprocess.DEVNULL,
    )
    os.close(child)
    output = b""
    while True:
        try:
            block = os.read(parent, 65536)
        except OSError:  # how a pseudo-terminal says that the other end is closed
            break
        if not block:
            break
        output += block
    os.close(parent)
    assert process.wait() == 0
    return output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_window(columns):
    """On a terminal of any width, nothing is cut off and no line is too long."""
    text = on_a_terminal(
        "list", "plugins", columns=columns, path=[DATA / "good", DATA / "records"], NO_COLOR="1"
    )
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert max(map(len, lines)) <= columns
    for word in ("acme-good", "partly", "'deeep'", "'suites',"):
        assert word in text


def test_colour_is_for_terminals_that_want_it():
    """A terminal gets bold names; NO_COLOR turns colours off and a pipe gets plain text."""
    assert "\x1b[1m" in on_a_terminal("list", "models", columns=100, path=[DATA / "good"])
    assert "\x1b[3" not in on_a_terminal(
        "list", "models", columns=100, path=[DATA / "good"], NO_COLOR="1"
    )
    assert "\x1b" not in bench("list", "models", path=[DATA / "good"]).stdout


def test_strict_takes_warnings_for_failures_and_disabled_for_none(tmp_path):
    """`--strict` fails for what uses fields that will go, and not for what is switched off."""
    config = tmp_path / "config.toml"
    path = [DATA / "deprecated", DATA / "failing"]
    config.write_text("[plugins.failing]\ndisabled = true\n")
    done = bench("list", "plugins", "--strict", path=path, BENCH_CONFIG=str(config))
    assert done.returncode == 1
    assert "Deprecated: HOOK_API 7 has no 'old'; use 'new'." in done.stdout
    config.write_text("[plugins.failing]\ndisabled = true\n[plugins.deprecated]\ndisabled = true\n")
    done = bench("list", "plugins", "--strict", path=path, BENCH_CONFIG=str(config))
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["failing", "acme-failing", "0.3", "disabled"] in lines
    assert bench("list", "models", path=path, BENCH_CONFIG=str(config)).stderr == ""


def test_a_plugin_is_switched_off_and_on(tmp_path):
    """`bench plugins disable` and `enable` write the configuration that every command reads."""
    config = {"BENCH_CONFIG": str(tmp_path / "config.toml")}
    path = [DATA / "good"]
    done = bench("plugins", "disable", "good", path=path, **config)
    assert done.returncode == 0
    assert config["BENCH_CONFIG"] in done.stdout
    assert "acme-forest" not in bench("list", "models", path=path, **config).stdout
    assert bench("plugins", "enable", "good", path=path, **config).returncode == 0
    assert "acme-forest" in bench("list", "models", path=path, **config).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("disable", "core"), "'core' is bench itself"),
        (("disable", "goood"), "Did you mean 'good'?"),
        (("enable", "goood"), "Did you mean 'good'?"),
        (("python", "core", "/bin/sh"), "'core' is bench itself"),
        (("python", "good"), "Give either PATH"),
        (("python", "good", "/nowhere/python"), "There is no interpreter /nowhere/python"),
    ],
)
def test_a_plugin_that_cannot_be_switched_is_named(tmp_path, arguments, said):
    """What cannot be done is said in one message with code 2, and nothing is written."""
    config = tmp_path / "config.toml"
    done = bench("plugins", *arguments, path=[DATA / "good"], BENCH_CONFIG=str(config))
    assert done.returncode == 2
    assert said in done.stderr
    assert not config.exists()


def test_a_wrong_configuration_is_one_message(tmp_path):
    """Every command that looks for plugins says the file and the key, with code 2."""
    config = tmp_path / "config.toml"
    config.write_text("[plugins.good]\ndisable = true\n")
    done = bench("list", "models", BENCH_CONFIG=str(config))
    assert done.returncode == 2
    assert f"{config}: [plugins.good]: 'disable' is not known" in done.stderr
    assert "Traceback" not in done.stderr

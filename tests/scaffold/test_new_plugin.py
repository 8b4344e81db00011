"""`bench new plugin`: what it writes is a whole package, small, and in order as it stands."""

import json
import os
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.planning.suite import read
from bench.scaffold import NewPackage, n_lines, write
from bench.spec.errors import BenchError

VARIANTS = {
    "acme": (),
    "acme-model": ("--model-only",),
    "acme-data": ("--dataset-only",),
    "acme-deep": ("--deep",),
}
OFFERS = {
    "acme": {"models": 1, "datasets": 1, "suites": 1},
    "acme-model": {"models": 1, "suites": 1},
    "acme-data": {"datasets": 1, "suites": 1},
    "acme-deep": {"models": 1, "suites": 1},
}
SEVERAL_FITS = "--checks=same-seed*"
"""What of the deep model is checked here: each of its fits compiles, which takes seconds."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a package of each variant, as the command writes them."""
    folder = tmp_path_factory.mktemp("made")
    for name, options in VARIANTS.items():
        output = str(folder / f"bench-{name}")
        ended = CliRunner().invoke(main, ["new", "plugin", name, *options, "--output", output])
        assert ended.exit_code == 0, ended.output
    return folder


@pytest.fixture(scope="module")
def installed(made):
    """The environment in which all of them are installed, as pip would install them editable."""
    for name in VARIANTS:
        project = tomllib.loads((made / f"bench-{name}/pyproject.toml").read_text())["project"]
        info = made / f"bench-{name}" / f"{project['name'].replace('-', '_')}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        entries = project["entry-points"]["bench"].items()
        lines = [f"{entry} = {module}\n" for entry, module in entries]
        (info / "entry_points.txt").write_text("[bench]\n" + "".join(lines))
    path = os.pathsep.join(str(made / f"bench-{name}") for name in VARIANTS)
    return {"PYTHONPATH": path}


def contents(folder):
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in folder.rglob("*")
        if file.is_file() and ".dist-info" not in str(file) and file.suffix != ".pyc"
    }


@pytest.mark.parametrize("name", VARIANTS)
def test_it_is_a_whole_package_of_at_most_sixty_lines(made, name):
    """There is all that a package needs, in at most 60 lines of Python that are not blank."""
    package = f"bench_{name.replace('-', '_')}"
    files = contents(made / f"bench-{name}")
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".gitignore",
        ".github/workflows/ci.yml",
        f"{package}/__init__.py",
        f"{package}/suites/{name}.toml",
        "tests/test_promises.py",
    } <= set(files)
    assert (f"{package}/model.py" in files) == ("--dataset-only" not in VARIANTS[name])
    assert (f"{package}/data.py" in files) == (name in ("acme", "acme-data"))
    assert 20 < n_lines(files) <= 60
    assert not [path for path, text in files.items() if "$" in text.replace("${{ matrix", "")]


@pytest.mark.parametrize("name", VARIANTS)
def test_its_suite_can_be_read(made, name):
    """The suite names the plugin's own model, or models of bench for its dataset, with 5 seeds."""
    path = made / f"bench-{name}/bench_{name.replace('-', '_')}/suites/{name}.toml"
    suite = read(path)
    own = [table.name for table in (*suite.models, *suite.datasets) if table.name.startswith(name)]
    assert len(own) == (2 if name == "acme" else 1)
    assert len(suite.protocol.outer_seeds) == 5


def test_it_is_in_good_form(made):
    """Formatter and linter have nothing to say of the code."""
    ruff = [sys.executable, "-m", "ruff"]
    options = ("--isolated", "--line-length", "100")
    for command in (("format", "--check"), ("check", "--select", "E,F,I,B,UP,SIM")):
        done = subprocess.run(
            [*ruff, *command, *options, "."], cwd=made, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_they_are_found_and_in_order(made, installed, command):
    """Installed, each plugin offers what it was made for, and nothing is wrong with any."""
    ended = command("list", "plugins", "--strict", "--json", cwd=made, env=installed)
    assert ended.returncode == 0, ended.stdout
    offers = {plugin["name"]: plugin["offers"] for plugin in json.loads(ended.stdout)}
    assert {name: offers[name] for name in VARIANTS} == OFFERS


@pytest.mark.parametrize("name", ["acme", "acme-model", "acme-data"])
def test_it_passes_its_own_tests(made, installed, cache, name):
    """Its test file, run as its author runs it, has at least twenty checks that pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=made / f"bench-{name}",
        env={**os.environ, **installed, "BENCH_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.split(" passed")[0].split()[-1]) >= 20


def test_its_names_survive_renaming(tmp_path):
    """Renamed as its files say, package and records, it keeps all: tests, suite, README, CI."""
    new = NewPackage(name="acme")
    write(new, tmp_path)
    (tmp_path / new.package).rename(tmp_path / "zenith")
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text().replace(new.package, "zenith"))
    records = tmp_path / "zenith" / "__init__.py"
    told = records.read_text().replace(new.model_name, "acme-zenith")
    records.write_text(told.replace(new.dataset_name, "acme-nadir"))
    after = contents(tmp_path)
    stale = (new.package, new.model_name, new.dataset_name)
    assert not [(file, name) for file, text in after.items() for name in stale if name in text]
    info = tmp_path / "bench_acme-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-acme\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[bench]\nacme = zenith\n")
    chosen = "names or records or imports or factory or loader or suite or well-formed"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.split(" passed")[0].split()[-1]) >= 8


@pytest.mark.parametrize(("name", "options"), [("acme", ()), ("acme-deep", (SEVERAL_FITS,))])
def test_bench_check_finds_nothing(made, command, name, options):
    """`bench check` of the folder, not installed, ends with 0."""
    ended = command("check", f"bench-{name}", *options, cwd=made)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.slow
def test_the_deep_model_passes_every_check(made, command):
    """`bench check` of the package with the deep model finds nothing in any check."""
    ended = command("check", "bench-acme-deep", cwd=made)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("name", "model"), [("acme", "acme-centroid"), ("acme-deep", "acme-deep-perceptron")]
)
def test_its_model_stands_in_a_leaderboard(made, installed, command, tmp_path, name, model):
    """Its suite runs by its name, and the leaderboard ranks its model far above the baseline."""
    options = ("--models", model, "--datasets", "wine", "--sizes", "100", "--seeds", "1")
    ended = command("run", name, *options, cwd=tmp_path, env=installed)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Trials: 2 ok." in ended.stdout
    board = command("leaderboard", name, "--json", cwd=tmp_path, env=installed)
    found = {row["name"]: row["skill"] for row in json.loads(board.stdout)["tasks"][0]["standings"]}
    assert found[model] > 0.8


def test_it_says_what_to_do_next(tmp_path, monkeypatch):
    """The command names the folder, the lines of Python, and the three commands to go on with."""
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(main, ["new", "plugin", "north-pole"])
    assert ended.exit_code == 0
    said = [line.strip() for line in ended.output.splitlines()]
    assert said[0].startswith("Wrote bench-north-pole: 10 files, 60 lines of Python.")
    at = said.index("python -m pip install --editable ./bench-north-pole")
    assert said[at + 1 : at + 3] == ["bench check bench_north_pole", "bench run north-pole"]
    assert (tmp_path / "bench-north-pole" / "bench_north_pole" / "model.py").is_file()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Acme", "Did you mean 'acme'?"),
        ("my_lab", "Did you mean 'my-lab'?"),
        ("my lab!", "Did you mean 'my-lab'?"),
        ("-acme-", "Did you mean 'acme'?"),
        ("../acme", "Did you mean 'acme'?"),
        ("Bench_Acme", "Did you mean 'acme'?"),
        ("ü", "as in 'acme' or 'my-lab'."),
        ("", "lower-case letters, digits and single hyphens"),
        ("bench-acme", "give 'acme'"),
    ],
)
def test_a_wrong_name_gets_a_hint(name, hint):
    """A name of another form is refused with what is allowed and the nearest that is."""
    with pytest.raises(BenchError, match="The plugin's name is") as caught:
        NewPackage(name=name)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("name", "owner"),
    [("jax", "The plugin 'jax' is installed already, by crossover-bench"),
     ("core", "The plugin 'core' is installed already, by crossover-bench"),
     ("features", "A package 'bench_features' is installed already")],
)  # fmt: skip
def test_a_taken_name_is_refused(tmp_path, name, owner):
    """The name of a plugin or package that is installed is refused, and nothing is written."""
    target = tmp_path / "new"
    ended = CliRunner().invoke(main, ["new", "plugin", name, "--output", str(target)])
    assert ended.exit_code == 2
    assert owner in ended.output
    assert not target.exists()


def test_nothing_is_overwritten(tmp_path):
    """A folder that holds something is refused and stays as it is; an empty one is taken."""
    (tmp_path / "mine").mkdir()
    arguments = ["new", "plugin", "acme", "--output", str(tmp_path / "mine")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    (tmp_path / "mine" / "README.md").write_text("mine")
    before = contents(tmp_path / "mine")
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == 2
    assert "is not empty" in ended.output
    assert contents(tmp_path / "mine") == before
    ended = CliRunner().invoke(main, [*arguments[:-1], str(tmp_path / "mine" / "README.md")])
    assert ended.exit_code == 2
    assert "is a file" in ended.output


@pytest.mark.parametrize("other", ["--model-only", "--deep"])
def test_contradictions_are_refused(tmp_path, other):
    """A package without a model cannot be one with a model alone."""
    ended = CliRunner().invoke(
        main, ["new", "plugin", "acme", "--dataset-only", other, "--output", str(tmp_path / "x")]
    )
    assert ended.exit_code == 2
    assert f"{other} contradicts it" in ended.output

"""The suites that bench ships: each is sound, and plans or says what it is missing."""

from pathlib import Path

import pytest

import bench
from bench.execution.measuring import job_of
from bench.planning import describing
from bench.planning.plan import make_plan
from bench.planning.selection import expand
from bench.planning.suite import read
from bench.registry.lookup import discover
from bench.spec import Part
from bench.trial.checking import check_params
from bench.trial.context import context_of

FOLDER = Path(__file__).parents[2] / "suites"
SUITES = {path.stem: read(path) for path in sorted(FOLDER.glob("*.toml"))}
NUMBERS = (bench.Column("age"), bench.Column("job", "category"))
SPLITS = tuple(bench.Split(outer, inner, 8_000) for outer in range(5) for inner in range(5))
FETCHED = ("bench_datasets.openml", "bench_datasets.downloads")


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture
def facts_of(monkeypatch, cache):
    """Load what needs no network, as a run does; make up what fetched data could be."""
    monkeypatch.setenv("BENCH_CACHE", str(cache))

    def of(source, tasks):
        if not source.spec.loader.startswith(FETCHED):
            return describing.describe(source, tasks, bench.SplitProtocol())
        return describing.DatasetFacts(
            fingerprint=f"{source.spec.name} {source.params}",
            n_rows=10_000,
            n_features=2,
            has_missing=True,
            task="classification",
            columns=NUMBERS,
            target=bench.Target("binary", classes=(0, 1)),
            splits=SPLITS,
        )

    return of


def plan_of(name, registry, facts_of):
    return make_plan(expand(SUITES[name], registry), registry, facts_of)


@pytest.mark.parametrize("name", SUITES)
def test_it_is_found_by_its_name(name, registry):
    """A suite's name is its file's, it says what it is, and `bench run NAME` finds it."""
    assert SUITES[name].name == name
    assert SUITES[name].suite.summary
    assert registry.suite(name)


@pytest.mark.parametrize("name", SUITES)
def test_it_plans(name, registry, facts_of):
    """Every dataset meets both families and a baseline at every one of its sizes."""
    plan = plan_of(name, registry, facts_of)

    assert len(plan.subjects) == len(SUITES[name].datasets)
    families = {}
    for trial in plan.trials:
        families.setdefault((trial.dataset_label, trial.n_train), set()).add(trial.family)
    assert all(found == {"classical", "deep", "baseline"} for found in families.values())


@pytest.mark.parametrize("name", [n for n in SUITES if n.endswith("-small") or n == "features"])
def test_small_suites_fetch_nothing(name, registry):
    """Their data are bundled or made."""
    datasets = expand(SUITES[name], registry).datasets
    assert datasets
    for dataset in datasets:
        assert not registry.datasets[dataset.name].record.loader.startswith(FETCHED)


@pytest.mark.parametrize("name", SUITES)
def test_its_models_take_their_parameters(name, registry, facts_of, tmp_path):
    """Each model of a suite can be made with the parameters that the suite gives it."""
    plan = plan_of(name, registry, facts_of)
    trials = {trial.label: trial for trial in plan.trials}
    for label, contender in plan.contenders.items():
        if not contender.given:
            continue
        facts = plan.subjects[trials[label].dataset_label].facts
        dataset = bench.Dataset([], columns=facts.columns, target=facts.target)
        parts = bench.Parts(Part([], [], []), None, Part([], [], []))
        job = job_of(plan, trials[label])
        context = context_of(job, dataset, parts, max_seconds=60.0, scratch=tmp_path)
        check_params(contender.spec, context, contender.params)


def test_openml_tables_are_named_and_numbered():
    """Each table of `tabular` has an id and a label of its own, and its licence beside it."""
    datasets = SUITES["tabular"].datasets

    assert 20 <= len(datasets) <= 40
    assert all(table.name == "openml" and set(table.params) == {"id"} for table in datasets)
    assert len({table.params["id"] for table in datasets}) == len(datasets)
    assert len({table.label for table in datasets}) == len(datasets)
    lines = (FOLDER / "tabular.toml").read_text().splitlines()
    above = [lines[i - 1] for i, line in enumerate(lines) if line == "[[datasets]]"]
    assert len(above) == len(datasets)
    for line, table in zip(above, datasets, strict=True):
        name, _, facts = line.removeprefix("# ").partition(": ")
        rows, task, licence = facts.replace(",000", "000").split(", ")
        assert table.label == "-".join(
            "".join(c if c.isalnum() else " " for c in name.lower()).split()
        )
        assert rows.endswith(" rows")
        assert task in ("classification", "regression")
        assert licence


def test_small_tables_have_learning_curves(registry, facts_of):
    """`tabular-small` asks for several sizes, five outer seeds, and the same of each model."""
    plan = plan_of("tabular-small", registry, facts_of)

    sizes = {}
    for trial in plan.trials:
        sizes.setdefault(trial.dataset_label, set()).add(trial.n_train)
    assert sizes["friedman1"] == sizes["mixed"] == {64, 256}
    assert {trial.outer_seed for trial in plan.trials} == set(range(5))
    assert {"mlp", "realmlp", "tabm", "resnet-tabular", "ft-transformer"} <= {
        trial.model for trial in plan.trials
    }


def test_small_tables_need_no_network(command, tmp_path):
    """`tabular-small` plans where no server can be reached."""
    env = {"BENCH_OPENML_SERVER": "http://127.0.0.1:1"}
    ended = command("run", "tabular-small", "--dry-run", cwd=tmp_path, env=env)

    assert ended.returncode == 0, ended.stderr


def test_tabular_says_what_it_is_missing(command, tmp_path):
    """Without a network and with nothing kept, the first fault tells what to do; exit code 2."""
    env = {
        "BENCH_OPENML_SERVER": "http://127.0.0.1:1",
        "BENCH_CACHE": str(tmp_path / "empty"),
        "NO_PROXY": "127.0.0.1",
    }
    asked = ("run", "tabular", "--dry-run", "--datasets", "anneal,credit-g")
    ended = command(*asked, cwd=tmp_path, env=env)

    assert ended.returncode == 2
    assert "http://127.0.0.1:1/api/v1/json/data/46906 cannot be reached" in ended.stderr
    assert "name a mirror in BENCH_OPENML_SERVER" in ended.stderr
    assert "id 46918: " in ended.stderr
    assert "Traceback" not in ended.stderr

"""Plans: which trials a suite makes, what identifies each, and what is left out and why."""

import dataclasses
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench
from bench.planning.describing import DatasetFacts
from bench.planning.plan import make_plan, modules
from bench.planning.selection import expand, select
from bench.planning.suite import parse
from bench.planning.trials import canonical, model_seed
from bench.registry.lookup import Entry, Registry
from bench.spec.errors import DatasetError, RecordError, SuiteError
from bench.tasks import TASKS

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [16, 64]
outer_seeds = 2
[[models]]
name = "forest"
[[models]]
name = "net"
[[datasets]]
name = "flowers"
"""
TABULAR = (("classification", "tabular"),)


def entry(record, version="1.0"):
    return Entry(record, "acme", "acme-bench", version)


def model(name, **changes):
    given = {
        "name": name, "family": "classical", "does": TABULAR, "factory": f"acme:{name}",
        "params": {"depth": 3}, "preload": (f"acme.{name}",),
    }  # fmt: skip
    return bench.ModelSpec(**(given | changes))


def dataset(name, **changes):
    given = {
        "name": name, "tasks": ("classification",), "modality": "tabular",
        "loader": "acme.data:load", "params": {"sorted": False},
    }  # fmt: skip
    return bench.DatasetSpec(**(given | changes))


def metric(name):
    return bench.Metric(
        name=name, direction="higher", ideal=1.0, needs="labels", function="acme:score"
    )


def make_registry(models=(), datasets=(), version="1.0"):
    """A registry of two models and two datasets, those given in place of those of their names."""
    models = [
        model("forest"),
        model("net", family="deep", devices=("cpu", "gpu")),
        model("dummy", family="baseline"),
        model("line", does=(("regression", "tabular"),)),
        *models,
    ]
    datasets = [
        dataset("flowers"),
        dataset("pictures", modality="image"),
        dataset("csv", takes_path=True, params={}, tasks=("classification", "regression")),
        *datasets,
    ]
    return Registry(
        models={record.name: entry(record, version) for record in models},
        datasets={record.name: entry(record, version) for record in datasets},
        tasks={task.name: entry(task) for task in TASKS},
        metrics={name: entry(metric(name)) for task in TASKS for name in (*task.metrics, "own")},
        aliases={"trees": "forest"},
    )


def facts(*splits, fingerprint="f", task="classification"):
    """The facts of a dataset with these splits, in place of one of 100 rows for each outer seed."""
    splits = splits or (bench.Split(0, 0, 100, "a"), bench.Split(1, 0, 100, "b"))
    return DatasetFacts(
        fingerprint=fingerprint,
        n_rows=120,
        n_features=4,
        has_missing=False,
        task=task,
        columns=(),
        target=bench.Target("binary", 1, ("a", "b")),
        splits=splits,
    )


def plan_of(text=SUITE, registry=None, known=None, **options):
    known = facts() if known is None else known
    return make_plan(
        parse(text, "x"), registry or make_registry(), lambda source, tasks: known, **options
    )


def ids(*arguments, **keywords):
    return {trial.trial_id for trial in plan_of(*arguments, **keywords).trials}


def test_models_sizes_and_splits_are_crossed():
    """Two models, two sizes and two outer seeds make eight trials, each once."""
    trials = plan_of().trials
    assert len({trial.trial_id for trial in trials}) == 8
    found = {(trial.model, trial.n_train, trial.outer_seed, trial.inner_seed) for trial in trials}
    assert found == {(m, n, o, 0) for m in ("forest", "net") for n in (16, 64) for o in (0, 1)}
    assert all(len(trial.trial_id) == 64 for trial in trials)


def test_a_trial_says_what_it_is():
    """Every field comes from the suite, the records, or the facts."""
    text = SUITE.replace('"forest"', '"forest"\nparams = { width = 2 }\nlabel = "wide"')
    text += "[limits]\nseconds = 5\nmemory = 1000\ncores = 2\n"
    trial = next(t for t in plan_of(text).trials if t.model == "forest")
    assert (trial.suite, trial.label, trial.family) == ("mine", "wide", "classical")
    assert (trial.dataset, trial.dataset_label, trial.modality) == ("flowers", "flowers", "tabular")
    assert trial.params == '{"depth":3,"width":2}'
    assert trial.dataset_params == '{"sorted":false}'
    assert (trial.dataset_fingerprint, trial.task) == ("f", "classification")
    assert (trial.limit_seconds, trial.limit_bytes, trial.cores) == (5, 1000, 2)
    assert trial.protocol == "holdout(test=0.1, validation=0.1)"
    assert (trial.plugin, trial.plugin_version) == ("acme-bench", "1.0")
    assert (trial.device, trial.tuning, trial.conditions) == ("cpu", "default", "{}")


NO_MATTER = {
    "labels": lambda s: s.replace('"forest"', '"forest"\nlabel = "wood"').replace(
        '"flowers"', '"flowers"\nlabel = "roses"'
    ),
    "suite's name": lambda s: s.replace('"mine"', '"yours"'),
    "suite's seed": lambda s: s.replace('"mine"', '"mine"\nseed = 9'),
    "metrics": lambda s: s.replace('"mine"', '"mine"\nmetrics = ["own"]'),
    "predictions": lambda s: s.replace('"mine"', '"mine"\npredictions = false'),
    "limits": lambda s: s + '[limits]\nseconds = 1\nmemory = "1 GB"\n',
    "order of models": lambda s: (
        s.replace('"forest"', '"?"').replace('"net"', '"forest"').replace('"?"', '"net"')
    ),
    "order of sizes": lambda s: s.replace("[16, 64]", "[64, 16, 64]"),
    "a default given": lambda s: s.replace('"forest"', '"forest"\nparams = { depth = 3 }'),
    "the task given": lambda s: s.replace('"flowers"', '"flowers"\ntask = "classification"'),
}


@pytest.mark.parametrize("what", NO_MATTER)
def test_what_does_not_change_an_identity(what):
    """Labels, order, limits and metrics change no `trial_id`."""
    assert ids(NO_MATTER[what](SUITE)) == ids()


def test_an_alias_and_the_plugins_version_change_no_identity():
    """A model is the same by any of its names, and its plugin's version is recorded, not hashed."""
    assert ids(SUITE.replace('"forest"', '"trees"')) == ids()
    assert ids(registry=make_registry(version="2.0")) == ids()


MATTERS = {
    "params": lambda s: s.replace('"forest"', '"forest"\nparams = { depth = 4 }').replace(
        '"net"', '"net"\nparams = { depth = 4 }'
    ),
    "a value's type": lambda s: s.replace('"forest"', '"forest"\nparams = { depth = 3.0 }').replace(
        '"net"', '"net"\nparams = { depth = "3" }'
    ),
    "dataset's params": lambda s: s.replace('"flowers"', '"flowers"\nparams = { sorted = true }'),
    "cores": lambda s: s + "[limits]\ncores = 2\n",
    "sizes": lambda s: s.replace("[16, 64]", "[17, 65]"),
    "test share": lambda s: s.replace("sizes", "test = 0.2\nsizes"),
    "validation share": lambda s: s.replace("sizes", "validation = 0\nsizes"),
}


@pytest.mark.parametrize("what", MATTERS)
def test_what_changes_an_identity(what):
    """Parameters, shares, sizes and cores change every `trial_id`."""
    changed = ids(MATTERS[what](SUITE))
    assert len(changed) == 8
    assert not changed & ids()


@pytest.mark.parametrize(
    "changes",
    [
        {"models": [model("forest", version="2"), model("net", version="2")]},
        {"models": [model("forest", params={"depth": 4}), model("net", params={"depth": 4})]},
        {"datasets": [dataset("flowers", version="2")]},
        {"datasets": [dataset("flowers", params={"sorted": True})]},
    ],
)
def test_versions_and_defaults_of_records_change_an_identity(changes):
    """A new version of a model or a dataset, or another default, is another trial."""
    assert not ids(registry=make_registry(**changes)) & ids()


def test_the_content_of_the_data_changes_an_identity():
    """Another fingerprint is another trial, and so is another split."""
    assert not ids(known=facts(fingerprint="g")) & ids()
    other = ids(known=facts(bench.Split(2, 0, 100), bench.Split(3, 0, 100)))
    assert not other & ids()
    other = ids(known=facts(bench.Split(0, 1, 100), bench.Split(1, 1, 100)))
    assert not other & ids()


def test_the_device_changes_an_identity_where_a_model_runs_on_it():
    """On a machine with a GPU, the net's trials are others; the forest falls back to the CPU."""
    plan = plan_of(device="gpu")
    assert {(t.model, t.device) for t in plan.trials} == {("forest", "cpu"), ("net", "gpu")}
    shared = {trial.model for trial in plan.trials if trial.trial_id in ids()}
    assert shared == {"forest"}


def test_a_path_is_not_part_of_an_identity(tmp_path, monkeypatch):
    """A file counts by its stem and its content, wherever it lies and however it is reached."""

    def of(name):
        return {
            t.trial_id: t.dataset for t in plan_of(SUITE.replace("flowers", f"csv:{name}")).trials
        }

    monkeypatch.chdir(tmp_path)
    here = of("mine.csv")
    assert set(here.values()) == {"mine"}
    assert of(f"{tmp_path}/elsewhere/mine.csv") == here
    assert not of("other.csv").keys() & here.keys()


def test_repeats_are_further_model_seeds():
    """Two repeats double the trials; each has a model seed of its own, for all models and sizes."""
    trials = plan_of(SUITE.replace("sizes", "repeats = 2\nsizes")).trials
    assert len(trials) == 16
    seeds = {}
    for trial in trials:
        seeds.setdefault((trial.outer_seed, trial.repeat), set()).add(trial.model_seed)
    assert len(seeds) == 4
    assert all(len(found) == 1 for found in seeds.values())
    assert len(set.union(*seeds.values())) == 4


def test_the_seed_of_a_model_is_known():
    """It is the first 31 bits of SHA-256 of "outer/inner/repeat"."""
    # What `printf 0/0/0 | sha256sum` begins with, and `printf 4/1/2 | sha256sum`.
    assert model_seed(0, 0, 0) == 0x54B54709 // 2
    assert model_seed(4, 1, 2) == 0x6B149A82 // 2


@given(st.tuples(st.integers(0, 2**32), st.integers(0, 2**32), st.integers(0, 100)))
def test_the_seed_of_a_model_fits_every_generator(place):
    """It is the same each time and below 2**31."""
    assert 0 <= model_seed(*place) < 2**31
    assert model_seed(*place) == model_seed(*place)


def test_identical_rows_are_one_trial():
    """At full size, inner seeds that give the same rows are one trial; the rest is said."""
    same = [bench.Split(0, inner, 100, "all") for inner in range(3)]
    text = SUITE.replace("[16, 64]", '[16, "all"]').replace("outer_seeds = 2", "outer_seeds = 1")
    plan = plan_of(text, known=facts(*same))
    found = sorted((t.n_train, t.inner_seed) for t in plan.trials if t.model == "net")
    assert found == [(16, 0), (16, 1), (16, 2), (100, 0)]
    (left,) = plan.left_out
    assert left.what == "flowers, outer seed 0, all rows"
    assert "one trial" in left.why


def test_different_rows_stay_different_trials():
    """At full size, inner seeds with other rows, and outer seeds with the same, are all kept."""
    splits = [bench.Split(0, 0, 100, "a"), bench.Split(0, 1, 100, "b"), bench.Split(1, 0, 100, "a")]
    plan = plan_of(SUITE.replace("[16, 64]", '"all"'), known=facts(*splits))
    assert len(plan.trials) == 6
    assert plan.left_out == ()


def test_two_entries_that_mean_the_same_are_one():
    """A model that is named twice with the same parameters is measured once."""
    text = SUITE + '[[models]]\nname = "forest"\nlabel = "again"\n'
    assert ids(text) == ids()


def test_sizes_beyond_the_data_are_left_out_with_the_reason():
    """Of splits with 100 and 90 training rows, 95 is kept for one, and 200 is told with 100."""
    known = facts(bench.Split(0, 0, 100), bench.Split(1, 0, 90))
    plan = plan_of(SUITE.replace("[16, 64]", '[95, 200, "all"]'), known=known)
    assert {(t.outer_seed, t.n_train) for t in plan.trials} == {(0, 95), (0, 100), (1, 90)}
    said = {entry.what: entry.why for entry in plan.left_out}
    assert said == {
        "flowers, size 95": "beyond the data: at most 90 rows can be training rows",
        "flowers, size 200": "beyond the data: at most 100 rows can be training rows",
    }


def test_a_model_that_does_not_do_a_task_is_left_out_with_the_reason():
    """A model of regression is no fault in a suite of classification, and makes no trial there."""
    plan = plan_of(SUITE + '[[models]]\nname = "line"\n[[datasets]]\nname = "pictures"\n')
    assert {trial.model for trial in plan.trials} == {"forest", "net"}
    said = {(entry.what, entry.why) for entry in plan.left_out}
    assert ("line on flowers", "does no classification of tabular data") in said
    assert ("net on pictures", "does no classification of image data") in said


def test_what_a_model_is_not_for_is_left_out_with_the_reason():
    """A kind of target, a size or a column that its record excludes makes no trial of it."""
    several = facts(bench.Split(0, 0, 100))
    mixed = dataclasses.replace(
        several, columns=(bench.Column("age"), bench.Column("town", "category"))
    )
    narrow = [
        model("forest", targets=("multiclass", "multilabel")),
        model("net", least_rows=64),
        model("line", does=TABULAR, numbers_only=True),
    ]
    text = SUITE + '[[models]]\nname = "line"\n'
    plan = plan_of(text, make_registry(narrow), several)
    assert {(trial.model, trial.n_train) for trial in plan.trials} == {
        ("net", 64), ("line", 16), ("line", 64),
    }  # fmt: skip
    assert {(entry.what, entry.why) for entry in plan.left_out} == {
        (
            "forest on flowers",
            "is for targets that are multiclass or multilabel; this one is binary",
        ),
        ("net on flowers, size 16", "is for 64 rows or more"),
    }
    plan = plan_of(text, make_registry(narrow), mixed)
    why = "is for columns of numbers alone; 'town' is of kind category"
    assert ("line on flowers", why) in {(entry.what, entry.why) for entry in plan.left_out}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"targets": ("binery",)}, "targets is 'binery'.*Did you mean 'binary'"),
        ({"targets": "binary"}, "a tuple of strings is needed"),
        ({"least_rows": 0}, "least_rows is 0; a whole number from 1 is needed"),
        ({"least_rows": 1.5}, "least_rows is 1.5"),
    ],
)
def test_what_a_model_is_for_is_said_in_known_words(fields, message):
    """A kind of target that is unknown, or a number of rows that is none, is refused by name."""
    with pytest.raises(RecordError, match=message):
        model("forest", **fields)


def test_a_suite_without_a_trial_is_refused_with_every_reason():
    """Where nothing is left, what was left out is the message."""
    with pytest.raises(SuiteError, match="makes no trial") as error:
        plan_of(SUITE.replace('"flowers"', '"pictures"'))
    assert "forest on pictures: does no classification of image data" in str(error.value)
    with pytest.raises(SuiteError, match="size 500: beyond the data"):
        plan_of(SUITE.replace("[16, 64]", "[500]"))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ("{ from = 16 }", {16, 32, 64}),
        ("{ from = 20, per_octave = 2, to = 64 }", {23, 32, 46, 64}),  # 16 sqrt 2 is 22.6
        ("{ from = 16, to = 8192 }", {16, 32, 64}),
        ('[64, "all", 100]', {64, 100}),
        ("32", {32}),
        ('"all"', {100}),
    ],
)
def test_sizes_of_every_form(sizes, expected):
    """A grid, a list or one size is resolved against the 100 rows that can be training rows."""
    plan = plan_of(SUITE.replace("[16, 64]", sizes))
    assert {trial.n_train for trial in plan.trials} == expected


def test_a_grid_that_begins_beyond_the_data_is_said():
    """A grid from 200 on 100 rows makes no trial, and the smallest size is named."""
    with pytest.raises(SuiteError, match="size 200: beyond the data"):
        plan_of(SUITE.replace("[16, 64]", "{ from = 200 }"))


def test_a_datasets_own_sizes_come_before_the_protocols():
    """Sizes of one dataset hold for it alone."""
    text = SUITE + '[[datasets]]\nname = "csv:b.csv"\nsizes = [50]\n'
    plan = plan_of(text)
    assert {(t.dataset, t.n_train) for t in plan.trials} == {
        ("flowers", 16), ("flowers", 64), ("b", 50),
    }  # fmt: skip


def test_the_order_is_drawn_by_the_suites_seed():
    """One seed gives one order, another seed another one, of the same trials."""
    first = [trial.trial_id for trial in plan_of().trials]
    assert [trial.trial_id for trial in plan_of().trials] == first
    second = [trial.trial_id for trial in plan_of(NO_MATTER["suite's seed"](SUITE)).trials]
    assert second != first
    assert sorted(second) == sorted(first)


def test_the_order_spreads_the_models():
    """Drift of the machine hits all models: neither of two fills one half of the order."""
    text = SUITE.replace("[16, 64]", "[" + ", ".join(map(str, range(20, 80))) + "]")
    half = plan_of(text).trials[:120]
    share = sum(trial.model == "net" for trial in half) / len(half)
    assert 0.3 < share < 0.7  # 120 draws: 0.5 with a standard deviation below 0.05


def test_repeated_models_are_told_apart_by_their_parameters():
    """Without labels, a model that stands twice is shown with what it was given."""
    text = SUITE.replace('"net"', '"net"\nparams = { depth = 5 }')
    text += '[[models]]\nname = "net"\nparams = { depth = 7, rate = 0.1 }\n'
    assert {t.label for t in plan_of(text).trials} == {
        "forest",
        "net(depth=5)",
        "net(depth=7, rate=0.1)",
    }


def test_two_entries_shown_alike_are_a_fault():
    """A label that is the name of another entry is refused."""
    text = SUITE.replace('"net"', '"net"\nlabel = "forest"')
    with pytest.raises(SuiteError, match="two entries are both shown as 'forest'"):
        plan_of(text)
    text = SUITE + '[[datasets]]\nname = "csv:flowers.csv"\n'
    with pytest.raises(SuiteError, match="two entries are both shown as 'flowers'"):
        plan_of(text)


def test_every_fault_is_named_at_once():
    """Unknown models, datasets, tasks and metrics are one message, each with the nearest name."""
    text = SUITE.replace('"net"', '"nett"').replace('"mine"', '"mine"\nmetrics = ["acuracy"]')
    text += '[[datasets]]\nname = "flwers"\n[[datasets]]\nname = "csv:a.csv"\ntask = "regresion"\n'
    with pytest.raises(SuiteError) as error:
        plan_of(text)
    message = str(error.value)
    assert message.startswith("suite 'mine': 4 faults:\n")
    for nearest in ("'net'", "'flowers'", "'accuracy'", "'regression'"):
        assert f"Did you mean {nearest}?" in message


def test_a_dataset_that_cannot_be_loaded_is_named_with_the_other_faults():
    """What a loader says stands beside an unknown model."""

    def facts_of(source, tasks):
        raise DatasetError(f"dataset {source.name!r}: its loader failed")

    with pytest.raises(SuiteError) as error:
        make_plan(parse(SUITE.replace('"net"', '"nett"'), "x"), make_registry(), facts_of)
    assert "2 faults" in str(error.value)
    assert "dataset 'flowers': its loader failed" in str(error.value)


def test_a_metric_of_another_task_is_a_fault():
    """A metric that no task of the suite has is named with those that it could have."""
    with pytest.raises(SuiteError, match="'rmse' is a metric of regression") as error:
        plan_of(SUITE.replace('"mine"', '"mine"\nmetrics = ["rmse", "own"]'))
    assert "balanced-accuracy" in str(error.value)
    assert "own" not in str(error.value)


def test_the_task_is_the_first_that_fits():
    """`facts_of` is asked about all tasks of the dataset, or about the one that the suite names."""
    asked = []

    def facts_of(source, tasks):
        asked.append((source.name, source.path, [task.name for task in tasks]))
        return facts(task=tasks[-1].name)

    text = SUITE.replace('"flowers"', '"csv:/tmp/a.csv"')
    text += '[[models]]\nname = "line"\n'
    plan = make_plan(parse(text, "x"), make_registry(), facts_of)
    assert {trial.task for trial in plan.trials} == {"regression"}
    assert plan.subjects["a"].primary_metric == "rmse"
    make_plan(
        parse(text.replace('a.csv"', 'a.csv"\ntask = "classification"'), "x"),
        make_registry(),
        facts_of,
    )
    assert asked == [
        ("a", "/tmp/a.csv", ["classification", "regression"]),
        ("a", "/tmp/a.csv", ["classification"]),
    ]


def test_a_datasets_own_primary_metric_comes_first():
    """Where the field has a metric of its own, it is the primary one."""
    registry = make_registry(datasets=[dataset("flowers", primary_metric="log-loss")])
    assert plan_of(registry=registry).subjects["flowers"].primary_metric == "log-loss"
    assert plan_of().subjects["flowers"].primary_metric == "roc-auc"


def test_a_suites_primary_metric_comes_before_all_others():
    """It leads for every dataset of whose task it is a metric; elsewhere what led before does."""
    registry = make_registry(datasets=[dataset("flowers", primary_metric="log-loss")])
    text = SUITE.replace('"mine"', '"mine"\nprimary_metric = "accuracy"')
    text += '[[datasets]]\nname = "csv:/tmp/a.csv"\ntask = "regression"\n'

    def facts_of(source, tasks):
        return facts(task=tasks[0].name)

    subjects = make_plan(parse(text, "x"), registry, facts_of).subjects
    assert subjects["flowers"].primary_metric == "accuracy"
    assert subjects["a"].primary_metric == "rmse"


def test_a_datasets_metric_of_another_of_its_tasks_does_not_lead():
    """A table that is asked for numbers is not led by what its classes are scored by."""
    csv = dataset(
        "csv",
        takes_path=True,
        params={},
        tasks=("classification", "regression"),
        primary_metric="accuracy",
    )
    text = SUITE + '[[datasets]]\nname = "csv:/tmp/a.csv"\ntask = "regression"\n'

    def facts_of(source, tasks):
        return facts(task=tasks[0].name)

    subjects = make_plan(parse(text, "x"), make_registry(datasets=[csv]), facts_of).subjects
    assert subjects["a"].primary_metric == "rmse"


def test_a_metric_of_no_task_can_lead():
    """A plugin's own metric, which no task has, can be a suite's primary one."""
    plan = plan_of(SUITE.replace('"mine"', '"mine"\nprimary_metric = "own"'))
    assert plan.subjects["flowers"].primary_metric == "own"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("rmse", "suite.primary_metric: 'rmse' is a metric of regression; this suite asks for "),
        ("acuracy", "suite.primary_metric: No metric is called 'acuracy'. Did you mean 'accuracy'"),
    ],
)
def test_a_primary_metric_that_no_task_has_is_refused_by_name(named, said):
    """One of other tasks alone and one that does not exist are faults of that key."""
    with pytest.raises(SuiteError) as error:
        plan_of(SUITE.replace('"mine"', f'"mine"\nprimary_metric = "{named}"'))
    assert said in str(error.value)


def test_a_subject_knows_the_largest_size_of_each_split():
    """Programs are padded to the largest size of the trial's own split."""
    plan = plan_of(known=facts(bench.Split(0, 0, 100), bench.Split(1, 0, 90)))
    largest = {t.outer_seed: plan.subjects["flowers"].largest(t) for t in plan.trials}
    assert largest == {0: 100, 1: 90}


def test_a_trials_identity_is_the_hash_of_what_it_names():
    """`trial_id` is SHA-256 of canonical JSON of the fields that the design names.

    The version of the task is one of them where it is not the first, as here.
    """
    trial = plan_of().trials[0]
    names = (
        "dataset dataset_version dataset_params dataset_fingerprint model model_version params "
        "task protocol conditions tuning outer_seed inner_seed model_seed repeat n_train device "
        "cores task_version"
    )
    values = {name: getattr(trial, name) for name in names.split()}
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    assert trial.trial_id == hashlib.sha256(text.encode()).hexdigest()
    assert {field.name for field in dataclasses.fields(trial)} - values.keys() == {
        "trial_id", "suite", "dataset_label", "modality", "label", "family", "plugin",
        "plugin_version", "limit_seconds", "limit_bytes", "search",
        "primary_metric", "size_unit", "overlap", "role", "pretrained",
        "imported_from", "control",
    }  # fmt: skip


SPACE = {"depth": [1, 2], "width": {"low": 1, "high": 8, "int": True}}


def tuned(tune, given="", space=SPACE, more=""):
    """The plan of a suite in which the forest is tuned, and the net is not."""
    table = f'"forest"\ntune = {tune}\n{given}'
    registry = make_registry(models=[model("forest", search_space=space)])
    return plan_of(SUITE.replace('"forest"', table) + more, registry=registry)


def test_a_tuned_model_is_another_contender():
    """Its trials say that they are tuned, over what and for how long; the others are as before."""
    plan = tuned("{ trials = 5, seconds = 9 }")
    rows = [trial for trial in plan.trials if trial.model == "forest"]
    assert {(t.label, t.tuning, t.params) for t in rows} == {
        ("forest (tuned)", "tuned", '{"depth":3}')
    }
    assert json.loads(rows[0].search) == {"trials": 5, "seconds": 9.0, "space": SPACE}
    nets = {trial.trial_id for trial in plan.trials if trial.model == "net"}
    assert nets == {trial.trial_id for trial in plan_of().trials if trial.model == "net"}


def test_tuned_and_untuned_stand_side_by_side():
    """A suite may name a model twice, and twice tuned; parameters and a label tell them apart."""
    more = "".join(
        f'[[models]]\nname = "forest"\n{text}\n'
        for text in ("", "tune = { trials = 3 }\nparams = { depth = 5 }",
                     'tune = { trials = 9 }\nlabel = "long"')
    )  # fmt: skip
    labels = {trial.label for trial in tuned("{ trials = 5 }", more=more).trials}
    assert labels == {"net", "forest", "forest (tuned)", "forest(depth=5) (tuned)", "long"}


def test_what_is_searched_and_for_how_long_changes_an_identity():
    """Another number of trials, of seconds, another space, or a parameter less to be searched."""
    plans = [
        tuned("{ trials = 5 }"),
        tuned("{ trials = 6 }"),
        tuned("{ trials = 5, seconds = 9 }"),
        tuned("{ trials = 5 }", space={"depth": [1, 2]}),
        tuned("{ trials = 5 }", given="params = { depth = 3 }"),
        plan_of(),
    ]
    sets = [{t.trial_id for t in plan.trials if t.model == "forest"} for plan in plans]
    assert len(set().union(*sets)) == 6 * 4


def test_what_a_suite_sets_is_not_searched():
    """A parameter under `params` leaves the space."""
    plan = tuned("{ trials = 5 }", given="params = { depth = 7 }")
    trial = next(t for t in plan.trials if t.model == "forest")
    assert list(json.loads(trial.search)["space"]) == ["width"]
    assert trial.params == '{"depth":7}'


def test_a_model_without_a_search_space_cannot_be_tuned():
    """It is named, beside every other fault, and nothing is planned."""
    with pytest.raises(SuiteError, match="model 'forest' has no search space, so it cannot be"):
        tuned("{ trials = 5 }", space={})
    with pytest.raises(SuiteError, match="nothing is left to be tuned"):
        tuned("{ trials = 5 }", given="params = { depth = 7 }", space={"depth": [1]})


def test_two_searches_of_one_model_need_a_label():
    """Two budgets would look the same in a leaderboard."""
    with pytest.raises(SuiteError, match=r"both shown as 'forest \(tuned\)'; give one a label"):
        tuned("{ trials = 5 }", more='[[models]]\nname = "forest"\ntune = { trials = 6 }\n')


BLIND = """
[suite]
name = "mine"
[[models]]
name = "means"
tune = { trials = 3 }
[[datasets]]
name = "heaps"
"""


def test_a_model_is_not_tuned_where_it_learns_blind():
    """By the true classes, which `fit` does not see, nothing may be chosen; elsewhere it may."""
    both = (("clustering", "tabular"), *TABULAR)
    registry = make_registry(
        models=[model("means", does=both, search_space=SPACE)],
        datasets=[dataset("heaps", tasks=("clustering",))],
    )
    known = facts(task="clustering")
    with pytest.raises(SuiteError, match="model 'means' cannot be tuned for clustering: `fit`"):
        plan_of(BLIND, registry, known)
    plan_of(BLIND.replace("tune", "# tune"), registry, known)
    plan_of(BLIND.replace("heaps", "flowers"), registry)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5), st.randoms())
def test_canonical_json_does_not_depend_on_order(value, chance):
    """Equal mappings give equal texts whatever the order of their keys, and read back equal."""
    items = list(value.items())
    chance.shuffle(items)
    assert canonical(dict(items)) == canonical(value)
    assert json.loads(canonical(value)) == value


def suite_of(*models):
    tables = "".join(f'[[models]]\nname = "{name}"\n' for name in models)
    return parse(f'[suite]\nname = "mine"\n{tables}[[datasets]]\nname = "flowers"\n', "x")


def test_patterns_in_a_suite_become_names():
    """A glob stands for every model that it matches, with the entry's parameters."""
    registry = make_registry()
    assert [m.name for m in expand(suite_of("*e*"), registry).models] == ["forest", "line", "net"]
    assert [m.name for m in expand(suite_of("tre?s"), registry).models] == ["forest"]
    assert [m.name for m in expand(suite_of("net", "nett"), registry).models] == ["net", "nett"]
    text = SUITE.replace('"forest"', '"f*"\nparams = { depth = 9 }')
    assert expand(parse(text, "x"), registry).models[0].params == {"depth": 9}


def test_of_a_pattern_those_are_tuned_that_can_be():
    """`tune` goes to models that have something to be searched, in a task that is not blind."""
    registry = make_registry(
        models=[
            model("forest", search_space=SPACE),
            model("means", search_space=SPACE, does=(("clustering", "tabular"),)),
        ]
    )
    text = SUITE.replace('"forest"', '"*"\ntune = { trials = 3 }')
    tuned = {m.name for m in expand(parse(text, "x"), registry).models if m.tune is not None}
    assert tuned == {"forest"}
    fixed = text.replace("trials = 3 }", "trials = 3 }\nparams = { depth = 1, width = 1 }")
    with pytest.raises(SuiteError, match=r"'\*' is to be tuned, and none.*: dummy, forest"):
        expand(parse(fixed, "x"), registry)
    explicit = text.replace('"*"', '"dummy"')
    assert expand(parse(explicit, "x"), registry).models[0].tune is not None


def test_a_pattern_of_datasets_takes_no_files():
    """`*` means every dataset that needs no path; a path with a star is left as it is."""
    text = SUITE.replace('"flowers"', '"*"') + '[[datasets]]\nname = "csv:[a].csv"\n'
    found = [table.name for table in expand(parse(text, "x"), make_registry()).datasets]
    assert found == ["flowers", "pictures", "csv:[a].csv"]


def test_a_pattern_that_matches_nothing_is_refused():
    """It is named, with where it stands."""
    with pytest.raises(SuiteError, match="models: no name matches 'acme-\\*'"):
        expand(suite_of("acme-*"), make_registry())


def test_models_are_selected_by_name_or_label():
    """Patterns keep what they match; baselines stay as the yardstick."""
    text = SUITE.replace('"net"', '"net"\nlabel = "deep-one"') + '[[models]]\nname = "dummy"\n'
    suite = parse(text, "x")

    def kept(*patterns, baselines=()):
        return [m.name for m in select(suite, models=patterns, baselines=baselines).models]

    assert kept("forest") == ["forest"]
    assert kept("deep-*") == ["net"]
    assert kept("net", "f*") == ["forest", "net"]
    assert kept("net", baselines=["dummy", "absent"]) == ["net", "dummy"]
    assert kept() == ["forest", "net", "dummy"]


def test_datasets_are_selected_by_name_or_label():
    """Patterns keep what they match of the datasets, and only those."""
    text = SUITE + '[[datasets]]\nname = "csv:data/b.csv"\nlabel = "b"\n'
    suite = parse(text, "x")
    assert [d.name for d in select(suite, datasets=["b"]).datasets] == ["csv:data/b.csv"]
    assert [d.name for d in select(suite, datasets=["csv:*"]).datasets] == ["csv:data/b.csv"]
    assert len(select(suite, datasets=["flow*"]).models) == 2


def test_a_selection_that_matches_nothing_is_refused_with_the_nearest():
    """The names that there are and the nearest one are said."""
    suite = parse(SUITE, "x")
    with pytest.raises(SuiteError, match="no model that matches 'forst'") as error:
        select(suite, models=["forst"])
    assert "it has: forest, net" in str(error.value)
    assert "Did you mean 'forest'?" in str(error.value)
    with pytest.raises(SuiteError, match="no dataset that matches 'flower'"):
        select(suite, datasets=["flower"])


def test_the_modules_of_a_suite_are_those_of_its_records():
    """Modules of loaders, conditions and metrics, and what records ask for, come before forking."""
    registry = make_registry(datasets=[dataset("flowers", preload=("pandas",))])
    text = SUITE + "[[conditions]]\nmissing = 0.1\n"
    found = modules(parse(text, "x"), registry)
    ours = {"acme", "acme.data", "pandas", "acme.forest", "acme.net", "bench.tasks.changes"}
    assert ours <= set(found)
    assert "acme.line" not in found
    assert len(found) == len(set(found))


def test_unknown_names_are_no_modules():
    """What is unknown is told by planning, not by looking for modules."""
    text = SUITE.replace('"net"', '"nett"').replace('"flowers"', '"flwers"')
    assert modules(parse(text, "x"), make_registry()) == ("acme.forest",)


# --- what an identity says, to the last bit -------------------------------------------------------


def test_what_an_identity_is_made_of():
    """SHA-256 of canonical JSON: that of a task's first version, not tuned, is as it always was."""
    plan = plan_of(
        SUITE.replace('"flowers"', '"a"'),
        make_registry(
            models=[model("forest", does=(("clustering", "tabular"),))],
            datasets=[dataset("a", tasks=("clustering",))],
        ),
        facts(task="clustering"),
    )
    trial = next(t for t in plan.trials if (t.outer_seed, t.n_train) == (0, 16))
    expected = {
        "conditions": "{}", "cores": 1, "dataset": "a", "dataset_fingerprint": "f",
        "dataset_params": '{"sorted":false}', "dataset_version": "1", "device": "cpu",
        "inner_seed": 0, "model": "forest", "model_seed": 0x54B54709 // 2, "model_version": "1",
        "n_train": 16, "outer_seed": 0, "params": '{"depth":3}',
        "protocol": "holdout(test=0.1, validation=0.1)", "repeat": 0, "task": "clustering",
        "tuning": "default",
    }  # fmt: skip
    text = json.dumps(expected, sort_keys=True, separators=(",", ":"))
    assert trial.trial_id == hashlib.sha256(text.encode()).hexdigest()


def test_shares_are_exact():
    """A third and almost a third are two protocols; what reads well is written as ever."""
    third, almost = (
        ids(SUITE.replace("sizes", f"test = {share}\nsizes")) for share in ("0.3333333333333333",
        "0.3333334")
    )  # fmt: skip
    assert not third & almost
    for share in (0.1, 0.25, 1 / 3, 0.1 + 0.2, 1e-7):
        said = bench.SplitProtocol(test=share, validation=0).name
        assert float(said.removeprefix("holdout(test=").partition(",")[0]) == share
    assert bench.SplitProtocol(test=0.1, validation=0.1).name == "holdout(test=0.1, validation=0.1)"
    assert bench.SplitProtocol(test=0.1, validation=0).name == "holdout(test=0.1, validation=0)"


def test_a_tasks_version_is_part_of_an_identity_where_it_is_not_the_first():
    """An edited task asks something else: its trials are others, and say by which version."""

    def plan(version):
        own = type("Own", (type(TASKS[0]),), {"version": version})()
        registry = make_registry()
        tasks = {**registry.tasks, "classification": entry(own)}
        return plan_of(registry=dataclasses.replace(registry, tasks=tasks))

    versions = [plan(version) for version in ("1", "2", "3")]
    found = [{trial.trial_id for trial in one.trials} for one in versions]
    assert len(set.union(*found)) == sum(map(len, found))
    assert {trial.task_version for trial in versions[1].trials} == {"2"}


@pytest.mark.parametrize("uses", ["nothing", "tuning", "stopping"])
def test_what_leads_is_part_of_an_identity_where_it_decides(uses):
    """A trial that is tuned or stopped by the primary metric is another under another one."""
    changes = {"nothing": {}, "tuning": {"search_space": SPACE}, "stopping": {"uses_metric": True}}
    registry = make_registry(models=[model("forest", **changes[uses])])
    text = SUITE.replace('[[models]]\nname = "net"\n', "")
    if uses == "tuning":
        text = text.replace('"forest"', '"forest"\ntune = { trials = 3 }')
    led = text.replace('"mine"', '"mine"\nprimary_metric = "accuracy"')
    same = ids(text, registry) & ids(led, registry)
    assert bool(same) == (uses == "nothing")

"""Suites: every key is read, every fault is named, and the JSON schema agrees."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.planning.suite import (
    SizeGrid,
    TuneTable,
    json_schema,
    override,
    parse,
    parse_bytes,
    parse_seeds,
    read,
)
from bench.spec.errors import SuiteError

SUITES = Path(__file__).parents[2] / "suites"

SMALLEST = """
[suite]
name = "mine"
[[models]]
name = "acme-forest"
[[datasets]]
name = "iris"
"""

WHOLE = """
[suite]
name = "whole-2"
summary = "Every key."
seed = 7
metrics = ["cost", "profit"]
primary_metric = "profit"
predictions = false

[protocol]
sizes = { from = 32, per_octave = 2, to = 500 }
outer_seeds = 3
inner_seeds = [4, 1]
repeats = 2
test = 0.25
validation = 0

[limits]
seconds = 1.5
memory = "500 MB"
cores = 2

[[models]]
name = "acme-*"
[[models]]
name = "mlp"
params = { hidden = [64], rate = 1e-3 }
tune = { trials = 5, seconds = 60 }
label = "mlp-64"

[[datasets]]
name = "csv:data/a.csv"
params = { target = "y" }
task = "regression"
sizes = [16, "all"]
label = "a"
"""


def faults_of(text):
    with pytest.raises(SuiteError) as error:
        parse(text, "mine.toml")
    return str(error.value)


def with_key(section, line):
    """The smallest suite with one more line in a section."""
    if f"[{section}]" in SMALLEST:
        return SMALLEST.replace(f"[{section}]", f"[{section}]\n{line}")
    return f"{SMALLEST}\n[{section}]\n{line}\n"


def test_every_key_is_read():
    """Each key of a suite arrives with the value that the file gives it."""
    suite = parse(WHOLE, "whole.toml")
    assert suite.name == "whole-2"
    assert suite.suite.summary == "Every key."
    assert suite.suite.seed == 7
    assert suite.suite.metrics == ("cost", "profit")
    assert suite.suite.primary_metric == "profit"
    assert suite.suite.predictions is False
    assert suite.protocol.sizes == SizeGrid(**{"from": 32, "per_octave": 2, "to": 500})
    assert suite.protocol.outer_seeds == (0, 1, 2)
    assert suite.protocol.inner_seeds == (4, 1)
    assert suite.protocol.repeats == 2
    assert (suite.protocol.test, suite.protocol.validation) == (0.25, 0)
    assert suite.limits.seconds == 1.5
    assert suite.limits.memory == 500_000_000
    assert suite.limits.cores == 2
    assert [(m.name, m.params, m.label) for m in suite.models] == [
        ("acme-*", {}, None),
        ("mlp", {"hidden": [64], "rate": 1e-3}, "mlp-64"),
    ]
    assert [m.tune for m in suite.models] == [None, TuneTable(trials=5, seconds=60.0)]
    (dataset,) = suite.datasets
    assert (dataset.name, dataset.params) == ("csv:data/a.csv", {"target": "y"})
    assert (dataset.task, dataset.sizes, dataset.label) == ("regression", (16, "all"), "a")


def test_only_name_models_and_datasets_are_needed():
    """All else has a default: all rows, five outer seeds, one inner, 10 % twice, 600 s, 4 GiB."""
    suite = parse(SMALLEST, "mine.toml")
    assert suite.protocol.sizes == "all"
    assert suite.protocol.outer_seeds == (0, 1, 2, 3, 4)
    assert suite.protocol.inner_seeds == (0,)
    assert (suite.protocol.test, suite.protocol.validation) == (0.1, 0.1)
    assert (suite.limits.seconds, suite.limits.memory, suite.limits.cores) == (600, 2**32, 1)
    assert suite.suite.predictions is True


def test_the_protocol_of_a_suite_is_what_tasks_get():
    """`splits` hands on the shares, seeds and repeats, and names the shares."""
    protocol = parse(WHOLE, "whole.toml").protocol.splits()
    assert (protocol.test, protocol.validation, protocol.repeats) == (0.25, 0, 2)
    assert (protocol.outer_seeds, protocol.inner_seeds) == ((0, 1, 2), (4, 1))
    assert protocol.name == "holdout(test=0.25, validation=0)"


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ('"all"', "all"),
        ("128", 128),
        ('[16, 64, "all"]', (16, 64, "all")),
        ("{ from = 16 }", SizeGrid(**{"from": 16})),
        ("{}", SizeGrid(**{"from": 16, "per_octave": 1, "to": None})),
    ],
)
def test_sizes_have_three_forms(sizes, expected):
    """A grid, a list, and one size are all understood, for the protocol and for a dataset."""
    assert parse(with_key("protocol", f"sizes = {sizes}"), "x").protocol.sizes == expected
    assert parse(f"{SMALLEST}sizes = {sizes}\n", "x").datasets[0].sizes == expected


@pytest.mark.parametrize(
    ("section", "line", "place", "said"),
    [
        ("suite", "sede = 1", "suite.sede", "Did you mean 'seed'?"),
        ("suite", "seed = -1", "suite.seed", "greater than or equal to 0"),
        ("suite", 'metrics = "accuracy"', "suite.metrics", "accuracy"),
        ("suite", 'predictions = "perhaps"', "suite.predictions", "perhaps"),
        ("protocol", "sizes = []", "protocol.sizes", "at least 1 item"),
        ("protocol", "sizes = 0", "protocol.sizes", "0 is no size"),
        ("protocol", "sizes = true", "protocol.sizes", "True is no size"),
        ("protocol", 'sizes = [16, "most"]', "protocol.sizes[1]", "'most' is no size"),
        ("protocol", "sizes = { per_octave = 3 }", "protocol.sizes.per_octave", "1, 2, 4 or 8"),
        ("protocol", "sizes = { form = 32 }", "protocol.sizes.form", "Did you mean 'from'?"),
        ("protocol", "outer_seeds = 0", "protocol.outer_seeds", "at least one seed"),
        ("protocol", "inner_seeds = [1, 1]", "protocol.inner_seeds", "none twice"),
        ("protocol", "inner_seeds = [-1]", "protocol.inner_seeds", "[-1] is neither"),
        ("protocol", "repeats = 0", "protocol.repeats", "greater than or equal to 1"),
        ("protocol", "test = 1.0", "protocol.test", "less than 1"),
        ("protocol", "validation = -0.1", "protocol.validation", "greater than or equal to 0"),
        ("limits", "seconds = 0", "limits.seconds", "greater than 0"),
        ("limits", "seconds = inf", "limits.seconds", "finite"),
        ("limits", 'memory = "4 gigs"', "limits.memory", "'4 gigs'"),
        ("limits", "cores = 0", "limits.cores", "greater than or equal to 1"),
    ],
)
def test_a_fault_is_named_by_its_place(section, line, place, said):
    """Each wrong key or value is answered with file, place and what is wrong."""
    message = faults_of(with_key(section, line))
    assert message.startswith(f"mine.toml: {place}: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("tune", "place", "said"),
    [
        ("true", "tune", "True does not say how; write { trials = 20, seconds = 120 }"),
        ("20", "tune", "20 does not say how"),
        ("{ trials = 1 }", "tune.trials", "greater than or equal to 2"),
        ("{ trials = 5.0 }", "tune.trials", "valid integer"),
        ("{ seconds = 0 }", "tune.seconds", "greater than 0"),
        ("{ seconds = inf }", "tune.seconds", "finite"),
        ("{ trial = 5 }", "tune.trial", "allowed: trials, seconds. Did you mean 'trials'?"),
    ],
)
def test_tuning_needs_to_be_told_how_long(tune, place, said):
    """A number of trials, of seconds, or both; anything else is named with what is allowed."""
    message = faults_of(SMALLEST.replace('"acme-forest"', f'"acme-forest"\ntune = {tune}'))
    assert message.startswith(f"mine.toml: models[0].{place}: ")
    assert said in message


def test_tuning_has_a_number_of_trials_and_no_time_of_its_own():
    """Without keys: 20 trials, within the limits of the trial; the command line keeps it."""
    suite = parse(SMALLEST.replace('"acme-forest"', '"acme-forest"\ntune = {}'), "mine.toml")
    assert suite.models[0].tune == TuneTable(trials=20, seconds=None)
    assert override(suite, seconds=5.0).models[0].tune == suite.models[0].tune


@pytest.mark.parametrize("name", ["Mine", "two words", "", "-mine", "a--b", "a/../b"])
def test_a_name_is_lower_case_with_hyphens(name):
    """A suite's name can be a folder's name on every system."""
    assert "suite.name" in faults_of(SMALLEST.replace('"mine"', f'"{name}"'))


def test_all_faults_are_named_at_once():
    """Four faults in four tables are four lines of one message."""
    text = SMALLEST.replace('"iris"', '"iris"\nsize = 3').replace('name = "acme-forest"', "")
    message = faults_of(f'{text}\n[limits]\ncores = "many"\n[protocol]\ntest = 2\n')
    assert message.startswith("mine.toml: 4 faults:\n")
    lines = message.splitlines()[1:]
    assert {line.split(":")[0].strip() for line in lines} == {
        "models[0].name",
        "datasets[0].size",
        "limits.cores",
        "protocol.test",
    }
    assert "is missing" in message
    assert "allowed: name, params, task, sizes, label" in message


def test_a_fault_in_a_list_of_sizes_is_no_riddle():
    """A wrong size is told once, without a word about the other forms that sizes may have."""
    message = faults_of(with_key("protocol", 'sizes = [16, "many"]'))
    assert message.count("many") == 1
    assert "<" not in message


def test_a_dataset_names_at_least_one_size():
    """An empty list of sizes is refused where a dataset has sizes of its own, too."""
    assert "datasets[0].sizes: " in faults_of(f"{SMALLEST}sizes = []\n")


def test_missing_tables_are_named():
    """A suite without models or datasets is told so, and so is one with empty lists."""
    message = faults_of('[suite]\nname = "mine"\n')
    assert "models: is missing" in message
    assert "datasets: is missing" in message
    empty = faults_of('models = []\ndatasets = []\n[suite]\nname = "mine"\n')
    assert "models: name at least one" in empty
    assert "datasets: name at least one" in empty


def test_labels_differ():
    """Two entries with one label are refused, for models and for datasets."""
    twice = '[[models]]\nname = "mlp"\nlabel = "same"\n'
    assert "label 'same' is given twice" in faults_of(SMALLEST + 2 * twice)
    twice = twice.replace("models", "datasets")
    assert "label 'same' is given twice" in faults_of(SMALLEST + 2 * twice)


def test_what_is_no_toml_is_said_with_the_line():
    """A syntax error is named with its file and its line."""
    message = faults_of(SMALLEST + "this is no TOML\n")
    assert message.startswith("mine.toml: not valid TOML")
    assert "line 8" in message


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """A missing suite and one that is no text are named by path."""
    with pytest.raises(SuiteError, match=r"none\.toml: cannot be read"):
        read(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SuiteError, match=r"bytes\.toml: cannot be read"):
        read(tmp_path / "bytes.toml")
    (tmp_path / "good.toml").write_text(SMALLEST)
    assert read(tmp_path / "good.toml") == parse(SMALLEST, "elsewhere")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 GiB", 4 * 1024**3),
        ("500 MB", 500_000_000),
        ("1.5 kib", 1536),
        ("2KB", 2000),
        ("17", 17),
        (17, 17),
        (" 3 B ", 3),
    ],
)
def test_amounts_of_memory(text, expected):
    """Decimal and binary units are told apart, in any case and spacing."""
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["4 gigs", "", "GB", "-1 GB", "1.2.3 GB", ".", True, None, 0, -1])
def test_what_is_no_amount_of_memory(text):
    """Anything else is refused and shown."""
    with pytest.raises(ValueError, match="no amount of memory") as error:
        parse_bytes(text)
    assert repr(text) in str(error.value)


@given(st.integers(1, 10**6), st.sampled_from(["KB", "MB", "GB"]))
def test_binary_units_are_larger_than_decimal_ones(amount, unit):
    """So many KiB are 1024/1000 of as many KB, and so on by powers."""
    power = {"KB": 1, "MB": 2, "GB": 3}[unit]
    binary = f"{unit[0]}iB"
    assert parse_bytes(f"{amount} {unit}") == amount * 1000**power
    assert parse_bytes(f"{amount} {binary}") == amount * 1024**power


@given(st.integers(1, 200))
def test_a_number_of_seeds_counts_from_zero(n):
    """N seeds are 0 to N-1."""
    assert parse_seeds(n) == tuple(range(n))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, unique=True))
def test_named_seeds_are_kept_in_their_order(seeds):
    """A list of seeds is what it says."""
    assert parse_seeds(seeds) == tuple(seeds)


@pytest.mark.parametrize(
    "value", [0, -1, True, 1.5, "5", [], [1, 1], [-1], [True], [0.5], [2**32], None, 10**9]
)
def test_what_is_no_seeds(value):
    """No seed, one twice, one that no generator takes, or a seed given as a count is refused."""
    with pytest.raises(ValueError, match="seed"):
        parse_seeds(value)


def test_the_command_line_replaces_what_the_file_says():
    """Sizes, seeds and limits of the command line take the place of the file's."""
    suite = override(
        parse(WHOLE, "whole.toml"), sizes="16, 64,all", seeds="5,2", cores=4, seconds=9.5,
        memory="1 KiB",
    )  # fmt: skip
    assert suite.protocol.sizes == (16, 64, "all")
    assert suite.protocol.outer_seeds == (5, 2)
    assert (suite.limits.cores, suite.limits.seconds, suite.limits.memory) == (4, 9.5, 1024)
    assert suite.datasets[0].sizes is None  # the dataset's own would hide the command line's
    assert suite.protocol.inner_seeds == (4, 1)
    assert suite.models == parse(WHOLE, "whole.toml").models


def test_one_number_of_seeds_is_a_count():
    """`--seeds 3` means three seeds, `--seeds 3,4` means those two."""
    suite = parse(SMALLEST, "mine.toml")
    assert override(suite, seeds="3").protocol.outer_seeds == (0, 1, 2)
    assert override(suite, seeds="3,4").protocol.outer_seeds == (3, 4)


@pytest.mark.parametrize("text", [SMALLEST, WHOLE])
def test_an_empty_command_line_changes_nothing(text):
    """Without options the suite is the file's, the grid of sizes included."""
    suite = parse(text, "x")
    assert override(suite) == suite


def test_faults_of_the_command_line_are_all_named():
    """Three wrong options are three faults, said to be the command line's."""
    with pytest.raises(SuiteError) as error:
        override(parse(SMALLEST, "x"), sizes="16,lots", seeds="0", memory="much")
    message = str(error.value)
    assert message.startswith("command line: 3 faults:")
    assert "'lots' is no size" in message
    assert "protocol.outer_seeds" in message
    assert "'much'" in message


def accepts(schema, value, root):
    """Whether a JSON schema accepts a value, for the keywords that ours uses."""
    if "$ref" in schema:
        return accepts(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    if "type" in schema:
        given = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(
            isinstance(value, types[name]) and (isinstance(value, bool) <= (name == "boolean"))
            for name in given
        ):
            return False
    checks = {
        "enum": lambda allowed: value in allowed,
        "const": lambda only: value == only,
        "anyOf": lambda options: any(accepts(option, value, root) for option in options),
        "oneOf": lambda options: sum(accepts(option, value, root) for option in options) == 1,
        "minimum": lambda least: not isinstance(value, int | float) or value >= least,
        "exclusiveMinimum": lambda bound: not isinstance(value, int | float) or value > bound,
        "maximum": lambda most: not isinstance(value, int | float) or value <= most,
        "exclusiveMaximum": lambda bound: not isinstance(value, int | float) or value < bound,
        "pattern": lambda form: not isinstance(value, str) or re.search(form, value),
        "minItems": lambda n: not isinstance(value, list) or len(value) >= n,
        "items": lambda item: (
            not isinstance(value, list) or all(accepts(item, part, root) for part in value)
        ),
        "required": lambda keys: not isinstance(value, dict) or set(keys) <= set(value),
        "properties": lambda known: (
            not isinstance(value, dict)
            or all(accepts(known[key], part, root) for key, part in value.items() if key in known)
        ),
        "additionalProperties": lambda more: (
            more is True or not isinstance(value, dict) or set(value) <= set(schema["properties"])
        ),
    }
    said = {"type", "title", "description", "default", "examples", "$schema", "$defs"}
    assert set(schema) <= said | set(checks), "a keyword that this test does not know"
    return all(check(schema[key]) for key, check in checks.items() if key in schema)


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_schema_accepts_the_suites_that_are_shipped(path):
    """Every shipped suite is valid by the schema that editors get, and by bench."""
    schema = json_schema()
    assert accepts(schema, tomllib.loads(path.read_text()), schema)
    assert read(path).name == path.stem


@pytest.mark.parametrize(
    ("section", "line", "is_good"),
    [
        ("protocol", "sizes = { from = 16 }", True),
        ("protocol", "sizes = 128", True),
        ("protocol", 'sizes = [16, "all"]', True),
        ("protocol", "sizes = [0]", False),
        ("protocol", 'sizes = "most"', False),
        ("protocol", "sizes = []", False),
        ("protocol", "outer_seeds = [3, 1]", True),
        ("protocol", "outer_seeds = 0", False),
        ("protocol", "outer_seeds = [1, 1]", True),  # that it is twice, only bench says
        ("protocol", "test = 0.0", False),
        ("protocol", "repeat = 2", False),
        ("limits", 'memory = "4 GiB"', True),
        ("limits", "memory = 4294967296", True),
        ("limits", "memory = true", False),
        ("limits", "cores = 0", False),
        ("suite", "seed = -1", False),
        ("suite", "metrics = []", True),
    ],
)
def test_the_schema_agrees_with_bench(section, line, is_good):
    """What the schema of editors accepts and refuses is what bench does."""
    schema = json_schema()
    text = with_key(section, line)
    assert accepts(schema, tomllib.loads(text), schema) is is_good


def test_the_schema_accepts_a_suite_with_every_key():
    """Every key that bench reads is in the schema, and each default is of its own type."""
    schema = json_schema()
    assert accepts(schema, tomllib.loads(WHOLE), schema)
    assert not accepts(schema, tomllib.loads(WHOLE.replace("repeats", "repeat")), schema)
    for table in schema["$defs"].values():
        for key in table["properties"].values():
            assert "default" not in key or accepts(key, key["default"], schema)


@pytest.mark.parametrize(
    ("where", "params", "key"),
    [
        ("models", "{ since = 2020-01-01 }", "since is 2020-01-01, a date"),
        ("datasets", "{ from = [1, 2020-01-01T10:00:00Z] }", "from[1] is 2020-01-01 10:00:00"),
        ("datasets", "{ window = { at = 07:30:00 } }", "window.at is 07:30:00, a time"),
    ],
)
def test_a_date_in_params_is_refused_with_its_key(where, params, key):
    """No identity can hold TOML's dates: the key is named, and how to write it."""
    text = '[suite]\nname = "a"\n[[models]]\nname = "m"\n[[datasets]]\nname = "d"\n'
    name = 'name = "m"' if where == "models" else 'name = "d"'
    text = text.replace(name, f"{name}\nparams = {params}")
    with pytest.raises(SuiteError, match=re.escape(f"{where}[0].params: {key}")) as error:
        parse(text, "mine.toml")
    assert "Write it as text" in str(error.value)


def test_a_date_in_an_override_is_refused_with_its_key():
    """What a suite holds is checked again whenever it is changed."""
    suite = parse(
        '[suite]\nname = "a"\n[[models]]\nname = "m"\n[[datasets]]\nname = "d"\n', "mine.toml"
    )
    dated = suite.models[0].model_copy(update={"params": {"since": date(2020, 1, 1)}})
    with pytest.raises(SuiteError, match="since is 2020-01-01, a date"):
        override(suite.model_copy(update={"models": (dated,)}), sizes="16")

"""Loading: one call of the loader, a cache that gives back the same, a fingerprint of content."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bench
from bench.planning import describing, loading
from bench.planning import source as source_module
from bench.planning.describing import DatasetFacts
from bench.planning.fingerprint import fingerprint
from bench.planning.source import Source
from bench.spec.errors import DatasetError
from bench.tasks import TASKS
from bench.tasks.normalise import normalise
from bench.tasks.views import HeldRows

TESTS = Path(__file__).parent
PROTOCOL = bench.SplitProtocol(outer_seeds=(0, 1))
N = 40
calls = []


def form(name):
    """X in one of the forms that a loader may return, always with the same content."""
    chance = np.random.default_rng(0)
    if name == "float":
        return chance.normal(size=(N, 3))
    if name == "float32":
        return chance.normal(size=(N, 3)).astype(np.float32)
    if name == "fortran":
        return np.asfortranarray(chance.normal(size=(N, 3)))
    if name == "image":
        return chance.integers(0, 256, (N, 8, 8, 3)).astype(np.uint8)
    if name == "texts":
        return [f"text {i} of é\n" for i in range(N)]
    if name == "series":
        return [chance.normal(size=(5 + i % 3, 2)) for i in range(N)]
    return pd.DataFrame(
        {
            "number": np.where(np.arange(N) % 7 == 0, np.nan, chance.normal(size=N)),
            "whole": np.arange(N),
            "maybe": pd.array([None if i % 5 == 0 else i for i in range(N)], dtype="Int64"),
            "yes": np.arange(N) % 2 == 0,
            "colour": pd.Categorical(["red", "blue", None, "green"] * (N // 4)),
            "grade": pd.Categorical(
                ["low", "high"] * (N // 2), categories=["low", "mid", "high"], ordered=True
            ),
            "word": ["a", None, "ü", ""] * (N // 4),
            "when": pd.date_range("2020-01-01", periods=N, freq="h"),
        }
    )


FORMS = ("float", "float32", "fortran", "image", "texts", "series", "table")


def load_form(kind="float"):
    calls.append(kind)
    y = np.array(["b", "a", "c", "a"] * (N // 4))
    target = bench.Target("multiclass", classes=("c", "a", "b"))
    return bench.Dataset(
        form(kind),
        y,
        target=target,
        groups=np.arange(N) // 2,
        sample_weight=np.linspace(0, 1, N),
    )


def load_numbers(scale=1.0):
    return bench.Dataset(form("float"), scale * (np.arange(N) + 0.5))


def load_dated():
    calls.append("dated")
    when = np.datetime64("2020-01-01T00:00") + np.arange(N)
    return bench.Dataset(form("float"), np.arange(N) + 0.5, time=when)


def load_file(path, sep=","):
    table = np.loadtxt(path, delimiter=sep)
    return bench.Dataset(table[:, :-1], table[:, -1].astype(int))


def load_odd_extra():
    calls.append("odd")
    return bench.Dataset(form("float"), np.arange(N) % 2, extra={"lags": (1, 2)})


def load_unequal():
    calls.append("unequal")
    rows = [np.full((n, 2), n, dtype=np.float32) for n in (1, 3, 0)]
    return bench.Dataset(rows, np.array([0, 1, 0]))


def load_extra():
    calls.append("extra")
    return bench.Dataset(form("float"), np.arange(N) % 2, extra={"horizon": 3})


def load_rows(has_missing=None):
    calls.append("rows")
    X = HeldRows(np.arange(80.0).reshape(40, 2), "aa")
    if has_missing is not None:
        object.__setattr__(X, "has_missing", has_missing)
    return bench.Dataset(X, np.arange(40) % 2, columns=(bench.Column("a"), bench.Column("b")))


def load_failing():
    raise OSError("the server is down")


def load_nothing():
    return [1, 2, 3]


def load_short():
    return bench.Dataset(np.zeros((3, 2)), np.zeros(2))


def source_of(loader, path=None, **params):
    spec = bench.DatasetSpec(
        name="mine",
        tasks=("regression",) if loader == "load_numbers" else ("classification",),
        modality="tabular",
        loader=f"{__name__}:{loader}",
        takes_path=path is not None,
    )
    return Source(spec, "1.0", params, path and str(path))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of each test's own; loaders' calls are counted from here."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    calls.clear()
    return tmp_path / "cache"


def same(one, other):
    """Whether two values of X or of a per-row array are the same in content and type."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for here, there in zip(one, other, strict=True):
            same(here, there)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize("kind", FORMS)
def test_the_cache_gives_back_what_the_loader_returned(kind):
    """For every form of X, the second load calls no loader and returns the same, types and all."""
    direct = normalise(load_form(kind), "mine", ("classification",))
    calls.clear()
    first = loading.load(source_of("load_form", kind=kind))
    again = loading.load(source_of("load_form", kind=kind))
    assert calls == [kind]
    for field in dataclasses.fields(bench.Dataset):
        same(getattr(first, field.name), getattr(again, field.name))
        same(getattr(again, field.name), getattr(direct, field.name))
    assert again.target.classes == ("c", "a", "b")
    assert again.y.tolist()[:4] == [2, 1, 0, 1]


@pytest.mark.parametrize("kind", FORMS)
def test_the_fingerprint_is_the_same_before_and_after_caching(kind):
    """It depends on content, not on whether the data come from the loader or from the cache."""
    direct = normalise(load_form(kind), "mine", ("classification",))
    loading.load(source_of("load_form", kind=kind))
    cached = loading.load(source_of("load_form", kind=kind))
    assert fingerprint(cached) == fingerprint(direct)


def test_the_fingerprint_is_the_same_in_every_process():
    """Another process, with other hashes of strings, says the same of every form."""
    program = (
        "import test_loading as t\n"
        "from bench.tasks.normalise import normalise\n"
        "for kind in t.FORMS:\n"
        "    print(t.fingerprint(normalise(t.load_form(kind), 'x', ('classification',))))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    here = [fingerprint(normalise(load_form(kind), "x", ("classification",))) for kind in FORMS]
    assert said == here
    assert len(set(here)) >= len(FORMS) - 1  # "fortran" holds what "float" holds


def test_the_fingerprint_ignores_how_an_array_lies_in_memory():
    """Row by row or column by column, contiguous or not: the same content."""
    X = form("float")
    spread = np.zeros((2 * N, 3))[::2]
    spread[:] = X
    prints = {fingerprint(bench.Dataset(x)) for x in (X, np.asfortranarray(X), spread)}
    assert len(prints) == 1


def changed(dataset, **changes):
    return fingerprint(dataclasses.replace(dataset, **changes))


def test_the_fingerprint_sees_every_part_of_a_dataset():
    """A value, an order, a type, a class's place, a column's name or kind: each is another one."""
    base = normalise(load_form("float"), "mine", ("classification",))
    X, y = base.X, base.y
    tiny = X.copy()
    tiny[7, 1] = np.nextafter(tiny[7, 1], np.inf)
    other_y = y.copy()
    other_y[3] = 2
    columns = base.columns
    found = [
        fingerprint(base),
        changed(base, X=tiny),
        changed(base, X=X[::-1]),
        changed(base, X=X[:, ::-1]),
        changed(base, X=X.astype(np.float32)),
        changed(base, X=X.reshape(N, 3, 1)),
        changed(base, y=other_y),
        changed(base, y=y.astype(np.int32)),
        changed(base, target=bench.Target("multiclass", classes=("a", "b", "c"))),
        changed(base, columns=(bench.Column("other"), *columns[1:])),
        changed(base, columns=(bench.Column(columns[0].name, "ordinal"), *columns[1:])),
        changed(base, groups=base.groups[::-1]),
        changed(base, groups=None),
        changed(base, time=np.arange(N)),
        changed(base, sample_weight=base.sample_weight / 2),
        changed(base, folds=np.arange(N) % 2),
        changed(base, parts=np.array(["train", "test"] * (N // 2))),
        changed(base, extra={"horizon": 3}),
        changed(base, extra={"horizon": 4}),
    ]
    assert len(set(found)) == len(found)


def test_data_with_dates_are_cached_and_have_a_fingerprint():
    """Times that are dates are kept as such, and a moment's difference is another fingerprint."""
    first = loading.load(source_of("load_dated"))
    again = loading.load(source_of("load_dated"))
    assert calls == ["dated"]
    same(first.time, again.time)
    assert again.time.dtype.kind == "M"
    assert fingerprint(again) == fingerprint(first)
    assert changed(first, time=first.time + np.timedelta64(1, "s")) != fingerprint(first)


def test_the_fingerprint_sees_every_cell_of_a_table():
    """A category, a missing string, a column's name, order or type is another fingerprint."""
    table = form("table")
    others = [
        table,
        table.assign(colour=table["colour"].cat.rename_categories({"red": "rot"})),
        table.assign(word=table["word"].fillna("")),
        table.assign(whole=table["whole"].astype("int32")),
        table.rename(columns={"whole": "entire"}),
        table[list(table.columns[::-1])],
        table.iloc[::-1],
        table.assign(when=table["when"] + pd.Timedelta("1s")),
        table.assign(number=table["number"].fillna(0.0)),
    ]
    assert len({fingerprint(bench.Dataset(other)) for other in others}) == len(others)


def test_the_fingerprint_tells_texts_from_their_joins():
    """Where one text ends and the next begins is part of the content."""
    lists = [["ab", "c"], ["a", "bc"], ["abc"], ["ab", "c", ""], ["1:c", "ab"], ["ab", "1:c"]]
    assert len({fingerprint(bench.Dataset(texts)) for texts in lists}) == len(lists)


def test_the_fingerprint_tells_series_from_their_joins():
    """Where one series ends and the next begins is part of the content."""
    one, two = np.arange(4.0).reshape(2, 2), np.arange(4.0, 8.0).reshape(2, 2)
    lists = [[one, two], [two, one], [np.vstack([one, two])], [one.reshape(1, 4), two]]
    assert len({fingerprint(bench.Dataset(series)) for series in lists}) == len(lists)


@settings(max_examples=50)
@given(hnp.arrays(st.sampled_from(["<f8", "<f4", "<i8", "|u1", "|b1"]), (4, 2)), st.data())
def test_the_fingerprint_changes_with_any_value(X, data):
    """Equal arrays have equal fingerprints, and arrays that differ in one value do not."""
    assert fingerprint(bench.Dataset(X.copy())) == fingerprint(bench.Dataset(X))
    other = X.copy()
    place = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 1)))
    other[place] = data.draw(hnp.arrays(X.dtype, ()))
    assert (fingerprint(bench.Dataset(other)) == fingerprint(bench.Dataset(X))) == (
        other.tobytes() == X.tobytes()
    )


def files_of(cache):
    return sorted(path for path in (cache / "datasets").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x7f"),
        lambda path: path.unlink(),
    ],
    ids=["cut", "emptied", "altered", "removed"],
)
@pytest.mark.parametrize("name", ["X", "y", "meta.json"])
def test_a_damaged_cache_is_made_anew(cache, name, damage):
    """A cut, empty, altered or missing file costs one call of the loader and is put right."""
    whole = loading.load(source_of("load_form"))
    (path,) = (path for path in files_of(cache) if path.name == name)
    damage(path)
    assert fingerprint(loading.load(source_of("load_form"))) == fingerprint(whole)
    assert len(calls) == 2
    loading.load(source_of("load_form"))
    assert len(calls) == 2


def test_nothing_unfinished_stays_in_the_cache(cache):
    """Drafts are gone when a load has ended."""
    loading.load(source_of("load_form"))
    assert [path.name for path in (cache / "datasets").iterdir() if path.name[0] == "."] == []


def test_other_parameters_are_other_copies():
    """Each choice of parameters is loaded and cached by itself."""
    one = loading.load(source_of("load_numbers"))
    two = loading.load(source_of("load_numbers", scale=0.25))
    assert (0.25 * one.y).tolist() == two.y.tolist()


def test_what_the_cached_copy_is_filed_under():
    """Parameters and versions count, their order does not."""
    source = source_of("load_form", a=1, b=2)
    assert source.key() == source_of("load_form", b=2, a=1).key()
    newer = dataclasses.replace(source.spec, version="2")
    others = [
        source_of("load_form", a=1, b=3),
        dataclasses.replace(source, plugin_version="1.1"),
        dataclasses.replace(source, spec=newer),
    ]
    assert len({source.key(), *(other.key() for other in others)}) == 4


def test_a_changed_file_is_seen(tmp_path):
    """What a user changes in a file is loaded at the next run; the name stays the file's stem."""
    path = tmp_path / "mine.csv"
    path.write_text("1,2,0\n3,4,1\n5,6,0\n")
    source = source_of("load_file", path)
    first = loading.load(source)
    assert source.name == "mine"
    path.write_text("1,2,0\n3,4,1\n5,7,0\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    second = loading.load(source_of("load_file", path))
    assert second.X[2].tolist() == [5, 7]
    assert fingerprint(first) != fingerprint(second)


def test_a_changed_file_in_a_folder_is_seen(tmp_path):
    """A folder is filed under what its files are, those in folders below it too."""
    (tmp_path / "mine" / "below").mkdir(parents=True)
    source = source_of("load_file", tmp_path / "mine")
    keys = [source.key()]
    for name, text in (("a.csv", "1"), ("below/b.csv", "2"), ("below/b.csv", "34")):
        (tmp_path / "mine" / name).write_text(text)
        keys.append(source.key())
    assert len(set(keys)) == 4
    assert source.key() == keys[-1]


def test_hidden_files_of_a_folder_are_left_out(tmp_path):
    """What a version control system does in its folder is no change of the data."""
    (tmp_path / "mine" / ".git").mkdir(parents=True)
    (tmp_path / "mine" / ".listing").write_text("1")
    source = source_of("load_file", tmp_path / "mine")
    before = source.key()
    for name in (".git/index", ".listing"):
        (tmp_path / "mine" / name).write_text("12")
    assert source.key() == before


def test_a_folder_of_very_many_files_is_refused(tmp_path, monkeypatch):
    """It is not walked to its end, and the message says what to name instead."""
    monkeypatch.setattr(source_module, "MOST_FILES", 2)
    walked = []
    monkeypatch.setattr(
        source_module,
        "_files",
        lambda folder: (walked.append(n) or folder / str(n) for n in range(99)),
    )
    with pytest.raises(DatasetError, match=r"folder of more than 2 files\. Name the file"):
        source_of("load_file", tmp_path).key()
    assert walked == [0, 1, 2]


def test_two_files_of_one_content_have_one_fingerprint(tmp_path):
    """Where a file lies is no part of its content."""
    prints = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.csv").write_text("1,2,0\n3,4,1\n")
        prints.add(
            fingerprint(loading.load(source_of("load_file", tmp_path / folder / "mine.csv")))
        )
    assert len(prints) == 1


def test_a_cache_that_cannot_be_written_only_costs_time(monkeypatch, tmp_path):
    """Where a file stands in the cache's place, data are loaded each time and planning works."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "file" / "below"))
    source = source_of("load_form")
    first, second = loading.load(source), loading.load(source)
    assert fingerprint(first) == fingerprint(second)
    assert len(calls) == 2
    facts = describing.describe(source, TASKS[:1], PROTOCOL)
    assert facts.fingerprint == fingerprint(first)
    assert describing.known_facts(source, ["classification"], PROTOCOL) is None


def test_what_has_no_plain_form_is_loaded_each_time():
    """A dataset whose `extra` is more than JSON holds is not cached, and whole each time."""
    for _ in range(2):
        assert loading.load(source_of("load_odd_extra")).extra == {"lags": (1, 2)}
    assert calls == ["odd", "odd"]


def test_what_is_besides_is_kept():
    """A dataset whose `extra` JSON holds is cached with it."""
    for _ in range(2):
        assert loading.load(source_of("load_extra")).extra == {"horizon": 3}
    assert calls == ["extra"]


def test_rows_of_unequal_length_keep_their_form():
    """A list of arrays comes back from the cache as it was, each row of its own length."""
    first, second = (loading.load(source_of("load_unequal")).X for _ in range(2))
    assert calls == ["unequal"]
    assert [row.shape for row in second] == [(1, 2), (3, 2), (0, 2)]
    assert all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(first, second, strict=True)
    )
    second[0][:] = 7  # can be written to


def test_a_path_that_means_several_files_is_known_by_them(tmp_path):
    """The key of a path at which there is nothing tells names apart, and files beside it count."""
    one, two = (source_of("load_file", tmp_path / name) for name in ("one", "two"))
    assert one.key() != two.key()
    before = one.key()
    (tmp_path / "two_TRAIN.ts").write_text("1")
    assert one.key() == before
    (tmp_path / "one_TRAIN.ts").write_text("1")
    assert one.key() != before


@pytest.mark.parametrize(
    ("loader", "params", "said"),
    [
        ("load_failing", {}, "failed: OSError: the server is down"),
        ("load_nothing", {}, "returned list; a bench.Dataset is needed"),
        ("load_numbers", {"scal": 2}, "scal"),
        ("load_short", {}, "X has 3 rows and y has 2"),
    ],
)
def test_what_is_wrong_with_a_loader_names_the_dataset(loader, params, said):
    """A loader that fails, returns something else, or contradicts itself is named, with why."""
    with pytest.raises(DatasetError, match="'mine'") as error:
        loading.load(source_of(loader, **params))
    assert said in str(error.value)


def test_a_loader_that_does_not_exist_is_named():
    """A reference that leads nowhere is named with the module."""
    with pytest.raises(bench.BenchError, match="load_form"):
        loading.load(source_of("load_from"))


def test_facts_are_what_planning_needs():
    """Rows, features, columns, target and splits are those of the data, and are kept."""
    source = source_of("load_numbers")
    assert describing.known_facts(source, ["regression"], PROTOCOL) is None
    (regression,) = (task for task in TASKS if task.name == "regression")
    facts = describing.describe(source, [regression], PROTOCOL)
    assert (facts.n_rows, facts.n_features, facts.task) == (N, 3, "regression")
    assert [column.name for column in facts.columns] == ["x0", "x1", "x2"]
    assert facts.target.kind == "continuous"
    # Of 40 rows, 36 are left by the test part, and floor(0.9 * 36) = 32 by validation.
    assert [(s.outer_seed, s.inner_seed, s.n_train_max) for s in facts.splits] == [
        (0, 0, 32),
        (1, 0, 32),
    ]
    assert describing.known_facts(source, ["regression"], PROTOCOL) == facts
    assert describing.known_facts(source, ["clustering"], PROTOCOL) is None
    other = dataclasses.replace(PROTOCOL, test=0.2)
    assert describing.known_facts(source, ["regression"], other) is None


@pytest.mark.parametrize("has_missing", [True, False, None])
def test_rows_that_are_not_in_memory_stay_where_they_are(cache, has_missing):
    """No copy of them is kept; what they say of themselves is believed, and kept with the facts."""
    source = source_of("load_rows", has_missing=has_missing)
    loading.load(source)
    facts = describing.describe(source, TASKS, PROTOCOL)
    assert len(calls) == 2
    assert not (cache / "datasets").exists()
    assert facts.is_streamed
    assert facts.has_missing is (has_missing is not False)
    assert (facts.n_rows, facts.n_features) == (40, 2)
    assert describing.known_facts(source, [task.name for task in TASKS], PROTOCOL) == facts
    in_memory = describing.describe(source_of("load_form", kind="float"), TASKS, PROTOCOL)
    assert not in_memory.is_streamed


@pytest.mark.parametrize("kind", FORMS)
def test_facts_survive_a_journey_through_json(kind):
    """Facts of every form of X come back equal, whoever asks for them."""
    facts = describing.describe(source_of("load_form", kind=kind), TASKS, PROTOCOL)
    assert DatasetFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_facts_that_are_damaged_are_made_anew(cache):
    """A cut file of facts is no error."""
    source = source_of("load_form")
    describing.describe(source, TASKS[:1], PROTOCOL)
    (path,) = (cache / "facts").iterdir()
    path.write_text(path.read_text()[:20])
    assert describing.known_facts(source, ["classification"], PROTOCOL) is None


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"fingerprint": "f"}'])
def test_facts_of_another_form_are_made_anew(cache, text):
    """A file of facts that is JSON and no facts is no error either."""
    source = source_of("load_form")
    describing.describe(source, TASKS[:1], PROTOCOL)
    (path,) = (cache / "facts").iterdir()
    path.write_text(text)
    assert describing.known_facts(source, ["classification"], PROTOCOL) is None


def test_data_that_fit_no_task_are_refused_with_the_fix():
    """Numbers are no classes: the dataset, its target and the tasks are named."""
    with pytest.raises(DatasetError, match="'mine': its target is continuous") as error:
        describing.describe(source_of("load_numbers"), TASKS[:1], PROTOCOL)
    assert "no task of classification" in str(error.value)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("float", 3), ("image", 192), ("table", 8), ("texts", 0), ("series", 0)],
)
def test_the_number_of_features(kind, expected):
    """Columns of a table, numbers of an image, and 0 where rows have no fixed number."""
    dataset = normalise(load_form(kind), "mine", ("classification",))
    assert describing.n_features(dataset) == expected


def test_where_the_cache_is(monkeypatch, tmp_path):
    """$BENCH_CACHE, else a folder of bench's own in $XDG_CACHE_HOME, else in ~/.cache."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    assert bench.cache_folder() == tmp_path
    monkeypatch.delenv("BENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert bench.cache_folder() == tmp_path / "xdg" / "crossover-bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert bench.cache_folder() == tmp_path / ".cache" / "crossover-bench"

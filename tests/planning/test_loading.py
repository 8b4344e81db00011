"""Loading: one call of the loader, a cache that gives back the same, a fingerprint of content."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bench
from bench.planning import copies, describing, loading
from bench.planning import source as source_module
from bench.planning.describing import DatasetFacts
from bench.planning.fingerprint import fingerprint
from bench.planning.source import Source
from bench.spec.errors import DatasetError, OtherDataError
from bench.tasks import TASKS
from bench.tasks.normalise import normalise
from bench.tasks.views import HeldRows

TESTS = Path(__file__).parent
CLASSIFICATION, REGRESSION, CLUSTERING = (
    next(task for task in TASKS if task.name == name)
    for name in ("classification", "regression", "clustering")
)
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


def load(source):
    return loading.load(source).dataset


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
    first = load(source_of("load_form", kind=kind))
    again = load(source_of("load_form", kind=kind))
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
    load(source_of("load_form", kind=kind))
    cached = load(source_of("load_form", kind=kind))
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
    first = load(source_of("load_dated"))
    again = load(source_of("load_dated"))
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
    whole = fingerprint(load(source_of("load_form")))
    (path,) = (path for path in files_of(cache) if path.name == name)
    damage(path)
    assert fingerprint(load(source_of("load_form"))) == whole
    assert len(calls) == 2
    load(source_of("load_form"))
    assert len(calls) == 2


def test_nothing_unfinished_stays_in_the_cache(cache):
    """Drafts are gone when a load has ended."""
    load(source_of("load_form"))
    assert [path.name for path in (cache / "datasets").iterdir() if path.name[0] == "."] == []


def test_other_parameters_are_other_copies():
    """Each choice of parameters is loaded and cached by itself."""
    one = load(source_of("load_numbers"))
    two = load(source_of("load_numbers", scale=0.25))
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
    first = load(source)
    assert source.name == "mine"
    path.write_text("1,2,0\n3,4,1\n5,7,0\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    second = load(source_of("load_file", path))
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
        prints.add(fingerprint(load(source_of("load_file", tmp_path / folder / "mine.csv"))))
    assert len(prints) == 1


def test_a_cache_that_cannot_be_written_only_costs_time(monkeypatch, tmp_path):
    """Where a file stands in the cache's place, data are loaded each time and planning works."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "file" / "below"))
    source = source_of("load_form")
    first, second = load(source), load(source)
    assert fingerprint(first) == fingerprint(second)
    assert len(calls) == 2
    facts = describing.describe(source, [CLASSIFICATION], PROTOCOL)
    assert facts.fingerprint == fingerprint(first)
    assert describing.known_facts(source, [CLASSIFICATION], PROTOCOL) is None


def test_what_has_no_plain_form_is_loaded_each_time():
    """A dataset whose `extra` is more than JSON holds is not cached, and whole each time."""
    for _ in range(2):
        assert load(source_of("load_odd_extra")).extra == {"lags": (1, 2)}
    assert calls == ["odd", "odd"]


def test_what_is_besides_is_kept():
    """A dataset whose `extra` JSON holds is cached with it."""
    for _ in range(2):
        assert load(source_of("load_extra")).extra == {"horizon": 3}
    assert calls == ["extra"]


def test_rows_of_unequal_length_keep_their_form():
    """A list of arrays comes back from the cache as it was, each row of its own length."""
    first, second = (load(source_of("load_unequal")).X for _ in range(2))
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
        load(source_of(loader, **params))
    assert said in str(error.value)


def test_a_loader_that_does_not_exist_is_named():
    """A reference that leads nowhere is named with the module."""
    with pytest.raises(bench.BenchError, match="load_form"):
        load(source_of("load_from"))


def test_facts_are_what_planning_needs():
    """Rows, features, columns, target and splits are those of the data, and are kept."""
    source = source_of("load_numbers")
    assert describing.known_facts(source, [REGRESSION], PROTOCOL) is None
    facts = describing.describe(source, [REGRESSION], PROTOCOL)
    assert (facts.n_rows, facts.n_features, facts.task) == (N, 3, "regression")
    assert [column.name for column in facts.columns] == ["x0", "x1", "x2"]
    assert facts.target.kind == "continuous"
    # Of 40 rows, 36 are left by the test part, and floor(0.9 * 36) = 32 by validation.
    assert [(s.outer_seed, s.inner_seed, s.n_train_max) for s in facts.splits] == [
        (0, 0, 32),
        (1, 0, 32),
    ]
    assert describing.known_facts(source, [REGRESSION], PROTOCOL) == facts
    assert describing.known_facts(source, [CLUSTERING], PROTOCOL) is None
    other = dataclasses.replace(PROTOCOL, test=0.2)
    assert describing.known_facts(source, [REGRESSION], other) is None


@pytest.mark.parametrize("has_missing", [True, False, None])
def test_rows_that_are_not_in_memory_stay_where_they_are(cache, has_missing):
    """No copy of them is kept; what they say of themselves is believed, and kept with the facts."""
    source = source_of("load_rows", has_missing=has_missing)
    load(source)
    facts = describing.describe(source, TASKS, PROTOCOL)
    assert len(calls) == 2
    assert not (cache / "datasets").exists()
    assert facts.is_streamed
    assert facts.has_missing is (has_missing is not False)
    assert (facts.n_rows, facts.n_features) == (40, 2)
    assert describing.known_facts(source, TASKS, PROTOCOL) == facts
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
    describing.describe(source, [CLASSIFICATION], PROTOCOL)
    (path,) = (cache / "facts").iterdir()
    path.write_text(path.read_text()[:20])
    assert describing.known_facts(source, [CLASSIFICATION], PROTOCOL) is None


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"fingerprint": "f"}'])
def test_facts_of_another_form_are_made_anew(cache, text):
    """A file of facts that is JSON and no facts is no error either."""
    source = source_of("load_form")
    describing.describe(source, [CLASSIFICATION], PROTOCOL)
    (path,) = (cache / "facts").iterdir()
    path.write_text(text)
    assert describing.known_facts(source, [CLASSIFICATION], PROTOCOL) is None


def test_data_that_fit_no_task_are_refused_with_the_fix():
    """Numbers are no classes: the dataset, its target and the tasks are named."""
    with pytest.raises(DatasetError, match="'mine': its target is continuous") as error:
        describing.describe(source_of("load_numbers"), [CLASSIFICATION], PROTOCOL)
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


# --- the data are those of the fingerprint ----------------------------------------------------


def load_drawn():
    """A loader that draws without a seed."""
    calls.append("drawn")
    return bench.Dataset(np.random.default_rng().normal(size=(N, 2)), np.arange(N) % 2)


def load_drawn_elsewhere():
    calls.append("rows")
    drawn = np.random.default_rng().normal(size=(N, 2))
    X = HeldRows(drawn, str(drawn.sum()))
    return bench.Dataset(X, np.arange(N) % 2, columns=(bench.Column("a"), bench.Column("b")))


def load_object_text(kind="X"):
    calls.append("text")
    words = np.array(["red", "blue", "a longer word", "red"] * (N // 4), dtype=object)
    if kind == "list":
        return bench.Dataset(words, np.arange(N) % 2)
    if kind == "groups":
        return bench.Dataset(form("float"), np.arange(N) % 2, groups=words)
    if kind == "frame":
        mixed = np.array([1, None, 2.5, 3] * (N // 4), dtype=object)
        table = pd.DataFrame({"word": words, "mixed": mixed}, index=np.arange(N)[::-1])
        return bench.Dataset(table, np.arange(N) % 2)
    if kind == "mixed":
        return bench.Dataset(
            np.array([["a", 1.5], [None, True]] * (N // 2), dtype=object), np.arange(N) % 2
        )
    return bench.Dataset(words.reshape(N, 1), np.arange(N) % 2)


def load_graded(levels=("low", "mid", "high")):
    grade = pd.Categorical(["low", "high"] * (N // 2), categories=list(levels), ordered=True)
    return bench.Dataset(pd.DataFrame({"grade": grade, "x": np.arange(N)}), np.arange(N) % 2)


def load_saved_meanwhile(path):
    """A loader during whose first call another program saves the file, after it was read."""
    calls.append("saved")
    dataset = load_file(path)
    if len(calls) == 1:
        Path(path).write_text("9,9,0\n9,9,1\n9,9,0\n")
        os.utime(path, ns=(0, 1))
    return dataset


def load_never_still(path):
    calls.append("never")
    Path(path).write_text(f"{len(calls)},2,0\n3,4,1\n5,6,0\n")
    os.utime(path, ns=(0, len(calls)))
    return load_file(path)


def test_a_file_that_is_saved_while_it_is_described_is_read_again(tmp_path):
    """The facts, and what trials load, are those of the file as it was saved."""
    path = tmp_path / "mine.csv"
    path.write_text("1,2,0\n3,4,1\n5,6,0\n")
    source = source_of("load_saved_meanwhile", path)
    facts = describing.describe(source, [CLASSIFICATION], PROTOCOL)
    assert loading.load_planned(source, facts.fingerprint).X.tolist() == [[9, 9]] * 3
    assert describing.known_facts(source, [CLASSIFICATION], PROTOCOL) == facts
    assert fingerprint(load(source)) == facts.fingerprint


def test_a_file_that_is_never_still_is_refused(tmp_path):
    """What is written to at each reading is named, with what to do."""
    path = tmp_path / "mine.csv"
    path.write_text("1,2,0\n")
    with pytest.raises(DatasetError, match=r"'mine' has changed each of 3 times while it was read"):
        load(source_of("load_never_still", path))


def test_what_a_loader_without_a_seed_drew_is_what_every_trial_gets():
    """One draw is described, kept under its fingerprint, and loaded by all."""
    source = source_of("load_drawn")
    facts = describing.describe(source, [CLASSIFICATION], PROTOCOL)
    for _ in range(2):
        assert fingerprint(loading.load_planned(source, facts.fingerprint)) == facts.fingerprint
    assert calls == ["drawn"]


@pytest.mark.parametrize("loader", ["load_drawn", "load_drawn_elsewhere"])
def test_a_trial_refuses_other_data_than_it_was_planned_on(loader, unwritable):
    """Where no copy can be kept, what the loader gives is hashed, and a difference is an error."""
    source = source_of(loader)
    facts = describing.describe(source, [CLASSIFICATION], PROTOCOL)
    with pytest.raises(OtherDataError, match="let it draw with a fixed seed"):
        loading.load_planned(source, facts.fingerprint)


@pytest.fixture
def unwritable(cache, monkeypatch):
    """A cache in which nothing can be written, whoever runs the tests."""
    cache.touch()


def test_data_that_changed_where_no_copy_is_left_are_described_anew(cache, tmp_path):
    """A copy that is gone is no proof: what the loader gives now is looked at again."""
    source = source_of("load_drawn")
    before = describing.describe(source, [CLASSIFICATION], PROTOCOL)
    shutil.rmtree(cache / "datasets")
    assert describing.known_facts(source, [CLASSIFICATION], PROTOCOL) is None
    assert describing.describe(source, [CLASSIFICATION], PROTOCOL) != before


@pytest.mark.parametrize("kind", ["X", "list", "groups", "frame", "mixed"])
def test_text_in_objects_is_the_same_whether_or_not_a_copy_can_be_kept(kind, tmp_path, monkeypatch):
    """The fingerprint, and what estimators get, do not hang on the cache."""
    source = source_of("load_object_text", kind=kind)
    kept = loading.load(source)
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "file"))
    again = loading.load(source)
    assert calls == ["text", "text"]
    assert again.fingerprint == kept.fingerprint
    for field in dataclasses.fields(bench.Dataset):
        same(getattr(again.dataset, field.name), getattr(kept.dataset, field.name))


def test_texts_in_an_object_array_are_a_list():
    """An array of texts would take the room of the longest for each."""
    X = load(source_of("load_object_text", kind="list")).X
    assert X[:2] == ["red", "blue"]


def test_the_order_of_ordinal_categories_is_content():
    """Low before high is another column than high before low; both know their older fingerprint."""
    ways = [("low", "mid", "high"), ("high", "mid", "low")]
    facts = [
        describing.describe(source_of("load_graded", levels=way), [CLASSIFICATION], PROTOCOL)
        for way in ways
    ]
    assert facts[0].fingerprint != facts[1].fingerprint
    assert facts[0].older_fingerprints == facts[1].older_fingerprints
    assert len(facts[0].older_fingerprints) == 1
    numbers = describing.describe(source_of("load_form"), [CLASSIFICATION], PROTOCOL)
    assert numbers.older_fingerprints == ()


# What bench 0.1 said, before the normal form was hashed.
OLDER = {
    "float": "c1808aa2687356d9ab4d64dbb936e2c9260f73053567c350082fc6d5db530347",
    "texts": "2c4c9a821ba9d0d8812e3444ec78b0bfe222fae411052d18971f57849a0f63f4",
    "series": "d4fb784ff04a317ae1bd463154555875f428878aaba88bc18812856ddf3141fc",
    "image": "4e05a6ab8465bfd8dca005161b6bcad38377d9b6a0b1dd627ac6e03911238753",
    "table": "1b65ed03d1a825e07a9cf78317a0d7b15e9ddea52b873f0d42869bc7be260ea5",
}


@pytest.mark.parametrize("kind", OLDER)
def test_fingerprints_of_before_are_kept_or_known(kind):
    """Rows that are on disk are found again; those of tables with ordinals are known as older."""
    facts = describing.describe(source_of("load_form", kind=kind), TASKS, PROTOCOL)
    known = facts.older_fingerprints if kind == "table" else (facts.fingerprint,)
    assert OLDER[kind] in known


# --- what is kept, and how it is opened ---------------------------------------------------------


def load_extra_arrays(last=3.0):
    calls.append("arrays")
    extra = {"season": 12, "streams": [np.arange(3), {"spans": np.array([[0.5, last]])}]}
    return bench.Dataset(form("float"), np.arange(N) % 2, extra=extra)


class Walk:
    """An environment: a class as X, which has a length and shape only when it is made."""

    columns = iloc = ()

    def __len__(self):
        return 3

    @property
    def shape(self):
        return (3, 4)

    @property
    def fingerprint(self):
        return "walk"

    def take(self, rows):
        return rows

    def batches(self, rows, n):
        yield rows


def load_class():
    return bench.Dataset(Walk)


def test_arrays_in_extra_are_content_and_are_kept():
    """They come back from the copy as they were, and another value is another fingerprint."""
    first, again = (loading.load(source_of("load_extra_arrays")) for _ in range(2))
    assert calls == ["arrays"]
    streams, spans = again.dataset.extra["streams"][0], again.dataset.extra["streams"][1]["spans"]
    assert (streams.tolist(), spans.tolist()) == ([0, 1, 2], [[0.5, 3.0]])
    assert again.dataset.extra["season"] == 12
    assert fingerprint(again.dataset) == first.fingerprint
    assert loading.load(source_of("load_extra_arrays", last=4.0)).fingerprint != first.fingerprint


def test_a_class_with_a_length_as_x_is_described():
    """It has no rows and no features of its own, and its name is its content."""
    task = type("Anything", (), {"name": "anything", "targets": (), "splits": lambda *_: ()})()
    facts = describing.describe(source_of("load_class"), [task], PROTOCOL)
    assert (facts.n_rows, facts.n_features, facts.is_streamed) == (0, 0, False)
    assert facts.fingerprint == loading.load(source_of("load_class")).fingerprint


def test_an_edited_task_describes_anew():
    """Facts hang on the version of the task's code; those of the version before are not used."""
    edited = type("Edited", (type(CLASSIFICATION),), {"version": "99"})()
    source = source_of("load_form")
    describing.describe(source, [CLASSIFICATION], PROTOCOL)
    assert describing.known_facts(source, [edited], PROTOCOL) is None
    describing.describe(source, [edited], PROTOCOL)
    assert describing.known_facts(source, [edited], PROTOCOL) is not None


@pytest.mark.parametrize("kind", ["float", "image", "series", "numbers"])
def test_a_copy_is_mapped_and_what_is_written_stays_here(kind, cache):
    """No byte of the file is this process's own until it is written to, and no file is changed."""
    source = source_of("load_table_of_numbers" if kind == "numbers" else "load_form", kind=kind)
    before = load(source)
    (path,) = (path for path in files_of(cache) if path.name == "X")
    assert str(path) in Path("/proc/self/maps").read_text()
    X = before.X[0] if kind == "series" else before.X
    if kind == "numbers":
        X.iloc[0, 0] = 77
    else:
        X[:] = 7
    assert fingerprint(load(source)) == loading.load(source).fingerprint


def load_table_of_numbers(kind):
    return bench.Dataset(pd.DataFrame(form("float"), columns=["a", "b", "c"]), np.arange(N) % 2)


def test_a_copy_is_verified_by_its_files_and_once_a_day_as_a_whole(cache, monkeypatch):
    """Nothing is read again while files are those that were verified; a day later, all is."""
    source = source_of("load_form")
    load(source)
    read = []
    measured = copies._measured
    monkeypatch.setattr(copies, "_measured", lambda path: read.append(path.name) or measured(path))
    load(source)
    assert read == []
    (path,) = (path for path in files_of(cache) if path.name == "X")
    os.utime(path)
    load(source)
    load(source)
    assert sorted(read) == ["X", "groups", "sample_weight", "y"]
    now = time.time()
    monkeypatch.setattr(copies.time, "time", lambda: now + copies.VERIFIED_SECONDS + 1)
    load(source)
    assert len(read) == 8
    assert calls == ["float"]

"""Records take known fields only, and go on taking names that were changed."""

import dataclasses
import inspect
import pickle
import warnings

import pytest

import bench
from bench.registry.lookup import discover
from bench.spec.errors import BenchDeprecationWarning, RecordError
from bench.spec.records import RENAMED, Renamed, record


@record(renamed={"height": Renamed("depth", gone_in=3)})
@dataclasses.dataclass(frozen=True)
class Well:
    """A record of these tests, one of whose fields was renamed."""

    name: str
    depth: int = 1
    kind: str = dataclasses.field(default="dug", kw_only=True)


NOTICE = "Well 'north': height is now called depth; the old name goes in HOOK_API 3."


@pytest.fixture(scope="module", autouse=True)
def known_records():
    """Forget these tests' own record afterwards."""
    yield
    del RENAMED[Well]


@pytest.mark.parametrize(
    ("arguments", "fields", "message"),
    [
        ((), {"name": "a", "dephth": 2}, r"Well 'a' has no field 'dephth'.*Did you mean 'depth'"),
        ((), {"depth": 2}, r"Well lacks name, which must be given"),
        (("a", 2, "dug"), {}, r"Well takes 2 fields by place, and 3 are given so.*kind="),
        (("a",), {"name": "b"}, r"Well 'b': name is given twice"),
    ],
)
def test_wrong_fields_are_named(arguments, fields, message):
    """An unknown, missing or repeated field is an error that names record, field and the fix."""
    with pytest.raises(RecordError, match=message):
        Well(*arguments, **fields)


def test_an_old_name_works_and_warns_at_the_authors_line():
    """An old name sets the field, and the warning names record, both names and when it goes."""
    line = inspect.currentframe().f_lineno + 2
    with pytest.warns(BenchDeprecationWarning) as caught:
        well = Well(name="north", height=7)
    assert (well.depth, str(caught[0].message)) == (7, NOTICE)
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_an_old_name_can_be_read():
    """What reads a field by its old name gets its value, and the same warning."""
    with pytest.warns(BenchDeprecationWarning) as caught:
        assert Well("north", 7).height == 7
    assert (str(caught[0].message), caught[0].filename) == (NOTICE, __file__)


@pytest.mark.parametrize("arguments", [("north", 7), ("north",)])
def test_both_names_at_once_are_refused(arguments):
    """A field that is given by both of its names, or by place and its old name, is an error."""
    fields = {"height": 1} if len(arguments) == 2 else {"height": 1, "depth": 7}
    with pytest.raises(RecordError, match="height and depth are both given"):
        Well(*arguments, **fields)


def test_new_names_warn_of_nothing():
    """A record made with the names of today gives no warning, copied or pickled neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        well = Well("north", 7)
        assert dataclasses.replace(well, depth=8) == Well("north", 8)
        assert pickle.loads(pickle.dumps(well)) == well
    assert [field.name for field in dataclasses.fields(well)] == ["name", "depth", "kind"]
    assert str(inspect.signature(Well)).startswith("(name: str, depth: int = 1")


def test_every_exported_record_is_checked():
    """Each record that bench exports refuses fields that it does not know; three are no records."""
    records = {
        item
        for item in map(bench.__dict__.get, bench.__all__)
        if isinstance(item, type) and dataclasses.is_dataclass(item)
    }
    assert bench.ModelSpec in records
    assert records - {bench.RowsView, bench.Chance, bench.Scale} <= set(RENAMED)


PLUGIN = """
import bench

@bench.hookimpl
def bench_models():
    yield bench.ModelSpec(name="old-forest", family="classical", factory="old_plugin:make",
                          does=(("classification", "tabular"),), speed="fast")
"""


def test_an_unknown_field_is_a_finding(tmp_path, monkeypatch):
    """A plugin whose record has a field that bench lacks is listed with record and field."""
    (tmp_path / "old_plugin.py").write_text(PLUGIN)
    info = tmp_path / "old_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: old-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[bench]\nold = old_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (plugin,) = (plugin for plugin in discover().plugins if plugin.name == "old")
    assert plugin.state == "broken"
    assert "ModelSpec 'old-forest' has no field 'speed'; its fields are name," in plugin.reasons[0]


def test_what_a_context_once_had_as_fields_is_read_as_before():
    """With a warning that says where it is now."""
    context = bench.ModelContext(
        task="t", modality="audio", n_train=4, n_train_max=4, extra={"sampling_rate": 8000}
    )
    with pytest.warns(bench.BenchDeprecationWarning, match=r'extra\["sampling_rate"\]'):
        assert context.sampling_rate == 8000
    with pytest.warns(bench.BenchDeprecationWarning, match="the old name goes in HOOK_API 4"):
        assert context.horizon is None

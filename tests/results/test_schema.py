from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pytest

from bench.results import schema
from bench.spec.errors import ResultsError
from bench.spec.outcome import CurvePoint, Facts, Measure, Score, Trial

# DESIGN section 7, word for word, with `dataset_label` after `dataset`, and after `tuning` what was
# to be tuned and what was chosen; last, which control it is.
TRIALS = """run_id, trial_id, suite, environment_id, dataset, dataset_label, dataset_version,
dataset_params, dataset_fingerprint, task, modality, model, label, family, model_version, params,
plugin, plugin_version, tuning, search, chosen_params, conditions, device, cores, protocol,
outer_seed, inner_seed, model_seed, repeat, n_train, n_validation, n_test, n_features, status,
reason, stop_reason, limit_seconds, limit_bytes, started_at, init_seconds, warm_up_seconds,
compile_seconds, n_compilations, cache_hits, compile_saved_seconds, fit_seconds, fit_cpu_seconds,
predict_seconds, latency_1_seconds, latency_1000_seconds, peak_anon_bytes, peak_device_bytes,
n_parameters, task_version, primary_metric, size_unit, overlap, n_units, role, pretrained,
threshold, imported_from, control"""


def test_trials_columns_are_the_design_s():
    """The table of trials has the columns of the design, in its order."""
    assert schema.SCHEMAS["trials"].names == [name.strip() for name in TRIALS.split(",")]


def test_every_field_of_a_trial_has_its_column():
    """No field of a trial or of its facts is without a column, and no column without a field."""
    known = {entry.name for record in (Trial, Facts) for entry in fields(record)}
    added = {"run_id", "environment_id", "status", "reason"}
    assert set(schema.SCHEMAS["trials"].names) == known | added


@pytest.mark.parametrize(
    ("name", "record"), [("scores", Score), ("curves", CurvePoint), ("measures", Measure)]
)
def test_every_field_of_a_row_has_its_column(name, record):
    """Scores, curves and measures have the key and then the fields of their records."""
    assert schema.SCHEMAS[name].names == ["run_id", "trial_id", *record._fields]


def test_types_are_those_of_the_records():
    """A column holds text, whole numbers or real numbers just as the record's field does."""
    arrow = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    arrow["Role"] = pa.string()
    for record in (Trial, Facts):
        for entry in fields(record):
            kind = str(entry.type).removesuffix(" | None")
            assert schema.SCHEMAS["trials"].field(entry.name).type == arrow[kind], entry.name


def test_older_tables_are_upgraded(monkeypatch):
    """A table of version 0 passes through the upgrade to version 1, and those after it."""

    def upgrade(name, table):
        assert name == "curves"
        return table.rename_columns({"epoch": "step"})

    monkeypatch.setitem(schema.UPGRADES, 0, upgrade)
    old = pa.table(
        {
            "run_id": ["r"],
            "trial_id": ["t"],
            "epoch": [3],
            "part": ["train"],
            "name": ["loss"],
            "value": [0.5],
        }
    )
    new = schema.conform("curves", old, 0, Path("curves.parquet"))
    assert new.schema.equals(schema.SCHEMAS["curves"])
    assert new["step"].to_pylist() == [3]


def test_a_version_without_upgrade_is_refused():
    """A table so old that no upgrade is known says so, and names its file."""
    table = schema.SCHEMAS["curves"].empty_table()
    with pytest.raises(ResultsError, match=r"x\.parquet has tables of version -1"):
        schema.conform("curves", table, -1, Path("x.parquet"))


def test_a_newer_version_is_refused():
    """A newer file is refused with its name, its version, ours and what to do."""
    with pytest.raises(ResultsError) as error:
        schema.version_of({schema.VERSION_KEY: b"7"}, Path("r/trials.parquet"))
    ours = f"version {schema.SCHEMA_VERSION}"
    for part in ("r/trials.parquet", "version 7", ours, "--upgrade crossover-bench"):
        assert part in str(error.value)


@pytest.mark.parametrize("metadata", [None, {}, {schema.VERSION_KEY: b"one"}])
def test_a_foreign_file_is_refused(metadata):
    """A Parquet file that bench did not write is named as such."""
    with pytest.raises(ResultsError, match="not written by bench"):
        schema.version_of(metadata, Path("x.parquet"))


def test_another_type_is_refused():
    """A column that does not hold what it should is not silently turned into something else."""
    table = pa.table({"run_id": ["r"], "trial_id": ["t"], "step": ["third"]})
    with pytest.raises(ResultsError, match="does not hold a table of curves"):
        schema.conform("curves", table, schema.SCHEMA_VERSION, Path("x"))

"""Bad input: one clear message that names the place and the fix, exit code 2, nothing lost."""

import json

import pyarrow.parquet as pq
import pytest

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [16]
outer_seeds = 1
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""


@pytest.fixture
def said_of(tmp_path, refused):
    """Run a suite that must be refused; return what was said on standard error."""

    def run(suite, *options):
        (tmp_path / "mine.toml").write_text(suite)
        ended = refused("run", "./mine.toml", *options, cwd=tmp_path)
        assert ended.stdout == ""
        return ended.stderr

    return run


def of_file(tmp_path, content, params):
    """A suite on a CSV file with this content."""
    (tmp_path / "table.csv").write_bytes(content)
    return SUITE.replace('name = "iris"', f'name = "csv:table.csv"\nparams = {params}')


def test_an_unknown_model_is_answered_with_the_nearest_name(said_of):
    """A misspelt model is named, and so is the nearest one."""
    said = said_of(SUITE.replace("gaussian-nb", "gausian-nb"))
    assert "'gausian-nb'" in said
    assert "Did you mean 'gaussian-nb'?" in said


def test_an_unknown_suite_is_answered_with_the_nearest_name(refused, tmp_path):
    """A misspelt suite is named, and so is the nearest one."""
    assert "Did you mean 'quick'?" in refused("run", "quik", cwd=tmp_path).stderr


def test_a_parameter_that_a_model_does_not_take_is_named_with_the_nearest(said_of):
    """A misspelt parameter is named with the nearest one before anything is run."""
    suite = SUITE.replace('"gaussian-nb"', '"gaussian-nb"\nparams = { var_smoothin = 1e-9 }')
    said = said_of(suite)
    assert "gaussian-nb" in said
    assert "var_smoothin" in said
    assert "Did you mean 'var_smoothing'?" in said


def test_a_parameter_that_a_dataset_does_not_take_is_named(said_of):
    """A parameter that a loader does not take is named with its dataset."""
    said = said_of(SUITE.replace('"iris"', '"iris"\nparams = { sorted = true }'))
    assert "'iris'" in said
    assert "sorted" in said


def test_a_metric_of_another_task_is_refused_with_those_that_fit(said_of):
    """A regression metric in a suite of classification is refused, with what is allowed."""
    said = said_of(SUITE.replace('name = "mine"', 'name = "mine"\nmetrics = ["rmse"]'))
    assert "'rmse' is a metric of regression" in said
    assert "balanced-accuracy" in said


def test_a_suite_whose_every_size_is_beyond_the_data_is_refused(said_of):
    """Where no size can be trained, the largest possible one is said: 121 of iris's 150 rows."""
    said = said_of(SUITE.replace("[16]", "[500, 1000]"))
    assert "size 500: beyond the data: at most 121 rows" in said


def test_an_unreadable_file_is_refused(said_of, tmp_path):
    """A binary file that is called CSV is named as unreadable."""
    said = said_of(of_file(tmp_path, bytes(range(256)) * 20, '{ target = "y" }'))
    assert "table.csv" in said


def test_an_empty_file_is_refused(said_of, tmp_path):
    """An empty CSV is said to be empty."""
    said = said_of(of_file(tmp_path, b"", '{ target = "y" }'))
    assert "table.csv" in said
    assert "empty" in said


def test_a_missing_file_is_refused(said_of):
    """A file that does not exist is named."""
    said = said_of(SUITE.replace('"iris"', '"csv:nowhere.csv"\nparams = { target = "y" }'))
    assert "nowhere.csv" in said


def test_a_missing_target_column_is_answered_with_the_nearest(said_of, tmp_path):
    """A misspelt target column is named with the nearest one."""
    rows = "".join(f"{i},{i % 2}\n" for i in range(60)).encode()
    said = said_of(of_file(tmp_path, b"x,label\n" + rows, '{ target = "lable" }'))
    assert "lable" in said
    assert "'label'" in said


def test_a_target_of_one_class_is_refused(said_of, tmp_path):
    """A target column with one value only is no classification."""
    rows = "".join(f"{i},yes\n" for i in range(60)).encode()
    said = said_of(of_file(tmp_path, b"x,label\n" + rows, '{ target = "label" }'))
    assert "one class" in said
    assert "table" in said


def test_two_faults_are_both_named(said_of):
    """Two faults in the form of a suite, or two in its names, are told in one message."""
    said = said_of(SUITE.replace("outer_seeds = 1", 'outer_seed = 1\ntest = "much"'))
    assert "2 faults" in said
    assert "outer_seed" in said
    assert "protocol.test" in said
    said = said_of(SUITE.replace("gaussian-nb", "gausian-nb").replace('"iris"', '"irsi"'))
    assert "2 faults" in said
    assert "gausian-nb" in said
    assert "irsi" in said


def test_an_option_that_asks_too_much_is_refused(said_of):
    """More cores than there are, and a pattern that matches nothing, are refused."""
    assert "--jobs 4096" in said_of(SUITE, "--jobs", "4096")
    assert "'mlpp'" in said_of(SUITE, "--models", "mlpp")
    assert "sizes" in said_of(SUITE, "--sizes", "many")
    assert "4 gigs" in said_of(SUITE, "--memory", "4 gigs")


@pytest.fixture
def finished(tmp_path, command):
    """A finished run of one trial: its folder, and a function that runs the suite again."""
    (tmp_path / "mine.toml").write_text(SUITE)

    def again():
        return command("run", "./mine.toml", cwd=tmp_path)

    ended = again()
    assert ended.returncode == 0, ended.stderr
    return tmp_path / "results" / "mine", again


def test_results_of_a_newer_schema_are_refused_untouched(finished):
    """A table that a newer bench wrote is named, refused and left as it is."""
    folder, again = finished
    table = pq.read_table(folder / "trials.parquet")
    metadata = {
        key: b"99" if b"version" in key else value for key, value in table.schema.metadata.items()
    }
    pq.write_table(table.replace_schema_metadata(metadata), folder / "trials.parquet")
    (folder / "manifest.json").unlink()  # it says what was there before
    before = (folder / "trials.parquet").read_bytes()
    ended = again()
    assert ended.returncode == 2
    assert "trials.parquet" in ended.stderr
    assert "99" in ended.stderr
    assert (folder / "trials.parquet").read_bytes() == before


def test_a_damaged_table_is_named_and_mended(finished):
    """A cut table is named and set aside, and the trials that lost their scores are run again."""
    folder, again = finished
    data = (folder / "scores.parquet").read_bytes()
    (folder / "scores.parquet").write_bytes(data[:200])
    ended = again()
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stdout.split())
    assert "scores.parquet is damaged" in said
    assert "trials to be measured again: 1" in said
    assert (folder / "scores.parquet.damaged-1").read_bytes() == data[:200]
    assert json.loads((folder / "run.json").read_text())["suite"] == "mine"
    assert "damaged" not in again().stdout

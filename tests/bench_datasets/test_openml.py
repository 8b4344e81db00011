"""OpenML: what is read of its answers, what is kept, and what is said where a network fails.

A server on loopback answers as OpenML does; nothing outside is asked.
"""

import gzip
import hashlib
import http.server
import importlib
import importlib.resources
import io
import json
import os
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import Column, DatasetError, ParameterError, SplitProtocol
from bench.planning import describing, loading
from bench.planning.source import Source
from bench.registry.lookup import discover
from bench.tasks import TASKS
from bench_datasets import fetching, openml
from bench_datasets.openml import load_openml

ARFF = r"""% A comment
@relation patients
@attribute id numeric
@attribute age numeric
@attribute 'blood type' {A,B,'A, B'}
@attribute ward string
@attribute seen date
@attribute outcome {well,ill}

@DATA
1,34,A,north,2020-01-02,well
2,?,'A, B',south,2020-01-03,ill

% another comment
3,51.5,?,"it's \"east\"",2020-01-04,well
4,28,B,north,2020-01-05,?
5,2e1,B,'no\'th',2020-01-06,ill
"""

FEATURES = (
    ("id", "numeric", "false", "true"),
    ("age", "numeric", "false", "false"),
    ("blood type", "nominal", "false", "false"),
    ("ward", "string", "false", "false"),
    ("seen", "date", "false", "false"),
    ("outcome", "nominal", "true", "false"),
)


class Server(http.server.ThreadingHTTPServer):
    """Answers what `pages` holds, after the faults that `faults` names for a path."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {}
        self.faults = defaultdict(list)
        self.asked = []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def publish(self, id, arff=ARFF, features=FEATURES, *, format="ARFF", md5=None, url=None):
        """Offer a data set: its description, its columns and its file."""
        content = arff.encode()
        file = f"/data/v1/download/{id}/data.arff"
        described = {
            "id": str(id),
            "name": "patients",
            "version": "2",
            "format": format,
            "licence": "Public",
            "url": url or self.address + file,
            "default_target_attribute": "outcome",
            "status": "active",
            "md5_checksum": md5 or hashlib.md5(content).hexdigest(),
        }
        columns = [
            {
                "index": str(j),
                "name": name,
                "data_type": kind,
                "is_target": is_target,
                "is_ignore": "false",
                "is_row_identifier": is_identifier,
                "number_of_missing_values": "0",
            }
            for j, (name, kind, is_target, is_identifier) in enumerate(features)
        ]
        self.offer(f"/api/v1/json/data/{id}", {"data_set_description": described})
        self.offer(f"/api/v1/json/data/features/{id}", {"data_features": {"feature": columns}})
        self.pages[file] = content
        return file

    def offer(self, path, answer):
        self.pages[path] = json.dumps(answer).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        faults = self.server.faults[self.path]
        fault = faults.pop(0) if faults else None
        content = self.server.pages.get(self.path)
        if isinstance(fault, int):
            return self.answer(fault, b"")
        if content is None:
            error = {"error": {"code": "111", "message": "Unknown dataset"}}
            return self.answer(412, json.dumps(error).encode())
        if fault == "cut":  # the connection ends before what was promised
            return self.answer(200, content[:20], n_bytes=len(content))
        if fault == "damaged":
            return self.answer(200, content[::-1])
        return self.answer(200, content)

    def answer(self, status, content, n_bytes=None):
        is_zipped = n_bytes is None and "gzip" in self.headers["Accept-Encoding"]
        body = gzip.compress(content) if is_zipped else content
        self.send_response(status)
        if is_zipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body) if n_bytes is None else n_bytes))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server of the test's own, an empty cache, and no waiting."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv(openml.SERVER_VARIABLE, server.address)
        monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(fetching, "WAITS_SECONDS", (0.0, 0.0))
        yield server
        server.shutdown()
        thread.join()


def test_a_table(server):
    """Kinds are OpenML's, identifiers are left out, and so are rows without a target."""
    server.publish(31)

    dataset = load_openml(31)

    assert dataset.columns == (
        Column("age", "number"),
        Column("blood type", "category"),
        Column("ward", "category"),
        Column("seen", "date"),
    )
    assert dataset.y.tolist() == ["well", "ill", "well", "ill"]
    assert (dataset.target.kind, dataset.target.classes) == ("binary", ("ill", "well"))
    assert dataset.X["age"].tolist()[2:] == [51.5, 20.0]
    assert np.isnan(dataset.X["age"][1])
    assert list(dataset.X["blood type"].cat.categories) == ["A", "A, B", "B"]
    assert dataset.X["blood type"].isna().tolist() == [False, False, True, False]
    assert dataset.X["ward"].tolist() == ["north", "south", 'it\'s "east"', "no'th"]
    # 2020-01-02 is day 18263 of the epoch: 50 years of 365 days, 12 leap days, and one day
    assert dataset.X["seen"].tolist() == [18263, 18264, 18265, 18267]


def test_another_target(server):
    """A numeric target is a quantity, rows where it is missing go, and OpenML's own is a column."""
    server.publish(31)

    dataset = load_openml(31, target="age", drop=["seen", "ward"])

    assert dataset.target.kind == "continuous"
    assert dataset.y.tolist() == [34.0, 51.5, 28.0, 20.0]
    assert [column.name for column in dataset.columns] == ["blood type", "outcome"]
    assert load_openml(31, target="id").y.tolist() == [1, 2, 3, 4, 5]


def test_a_numeric_target_as_classes(server):
    """Whole numbers are classes where that is asked for."""
    rows = "".join(f"{i % 7},{i % 3}\n" for i in range(12))
    features = (("a", "numeric", "false", "false"), ("y", "numeric", "true", "false"))
    server.publish(5, f"@data\n{rows}", features)

    assert load_openml(5).target.kind == "continuous"
    assert load_openml(5, kind="classification").target.classes == (0, 1, 2)


def test_what_is_kept_needs_no_network(server, monkeypatch):
    """The second time nothing is asked; a file that is no longer whole is fetched again."""
    file = server.publish(31)
    first = load_openml(31)
    assert len(server.asked) == 3
    again = load_openml(31, drop=["age"])
    assert len(server.asked) == 3
    assert again.y.tolist() == first.y.tolist()

    (kept,) = openml._cache().glob("31/data.arff")
    kept.write_bytes(kept.read_bytes()[:-10])
    assert load_openml(31).X.equals(first.X)
    assert server.asked[3:] == [file]
    assert sorted(path.name for path in kept.parent.iterdir()) == [
        "data.arff",
        "description.json",
        "features.json",
    ]


@pytest.mark.parametrize("fault", ["cut", "damaged", 503, 429])
def test_a_flaky_connection(server, fault):
    """What comes cut off, damaged or not at all is asked for again, and never used or kept."""
    file = server.publish(31)
    server.faults[file] = [fault, fault]

    assert len(load_openml(31).y) == 4
    assert server.asked.count(file) == 3


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("cut", "IncompleteRead"),
        ("damaged", "the answer is damaged"),
        (500, "HTTP 500 Internal Server Error"),
    ],
)
def test_a_connection_that_stays_broken(server, fault, says):
    """After three attempts the message says what, where and why; nothing is kept."""
    file = server.publish(31)
    server.faults[file] = [fault] * 3

    with pytest.raises(DatasetError, match=rf"id 31: http.*{file} could.*3 attempts \({says}"):
        load_openml(31)
    assert not list(openml._cache().glob("31/data*"))


def test_a_file_that_is_not_what_its_description_says(server):
    """A checksum that never fits is a fault, not data."""
    server.publish(31, md5="0" * 32)

    with pytest.raises(DatasetError, match="damaged or not OpenML's"):
        load_openml(31)


def test_no_network(server, monkeypatch):
    """One message tells address and ways out; the next data set of the suite costs no attempt."""
    server.publish(31)
    load_openml(31)
    address = server.address
    server.shutdown()
    server.server_close()

    with pytest.raises(DatasetError, match=rf"id 44: {address}/api/v1/json/data/44 cannot be re"):
        load_openml(44)
    monkeypatch.setattr(fetching, "_get", None)
    silent_since = openml._origin().silent.stat().st_mtime_ns
    with pytest.raises(
        DatasetError,
        match=rf"id 45: not asked for, as {address} could not.*Connect, or name a mirror in BENCH_",
    ):
        load_openml(45)
    assert openml._origin().silent.stat().st_mtime_ns == silent_since
    assert len(load_openml(31).y) == 4


def test_a_silent_server_is_asked_again(server):
    """Once its ten seconds are over, a server that was out of reach is asked."""
    server.publish(31)
    openml._origin().silent.parent.mkdir(parents=True)
    openml._origin().silent.touch()
    with pytest.raises(DatasetError, match="not asked for"):
        load_openml(31)
    past = time.time() - 11
    os.utime(openml._origin().silent, (past, past))

    assert len(load_openml(31).y) == 4


def test_what_is_kept_can_be_shared(server):
    """Files of the cache have the rights that the user's mask gives, not those of drafts."""
    server.publish(31)
    mask = os.umask(0o022)
    try:
        load_openml(31)
    finally:
        os.umask(mask)

    for file in (openml._cache() / "31").iterdir():
        assert file.stat().st_mode & 0o777 == 0o644


def test_a_cache_that_cannot_be_written(server, monkeypatch):
    """A failure to keep what was fetched costs nothing but time, and leaves no draft."""
    server.publish(31)

    def fail(self, target):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)

    assert len(load_openml(31).y) == 4
    assert not list((openml._cache() / "31").iterdir())


def test_unknown_ids(server):
    """The server's reason is told, and asking stops at once."""
    with pytest.raises(DatasetError, match=r"id 999999: OpenML says 'Unknown dataset'.*type=data"):
        load_openml(999999)
    assert len(server.asked) == 1
    for wrong in (None, "31", 0, True, 1.5):
        with pytest.raises(ParameterError, match=r"the number of a data set.*id = 31"):
            load_openml(wrong)


def test_what_is_no_table_for_us(server):
    """Sparse files, several targets, unknown targets and damaged rows are told with the fix."""
    server.publish(1, format="Sparse_ARFF")
    with pytest.raises(DatasetError, match=r"openml 1 \(patients, version 2\): its format is Spa"):
        load_openml(1)
    server.publish(2, features=[(name, kind, "true", "false") for name, kind, *_ in FEATURES])
    with pytest.raises(DatasetError, match=r"marks 'id', 'age', .* as target, and one is needed"):
        load_openml(2)
    server.publish(3)
    with pytest.raises(ParameterError, match=r"target is 'outcom'.*Did you mean 'outcome'"):
        load_openml(3, target="outcom")
    server.publish(4, ARFF.replace("1,34,A", "1,34"))
    with pytest.raises(DatasetError, match=r"line 11 of its ARFF file has 5 cells.*6 columns"):
        load_openml(4)
    server.publish(5, ARFF.replace("34", "old"))
    with pytest.raises(DatasetError, match=r"column 'age' is numeric.*'old'"):
        load_openml(5)
    server.publish(6, "@data\n")
    with pytest.raises(DatasetError, match="holds no row"):
        load_openml(6)


def test_only_http_is_followed(server, monkeypatch, tmp_path):
    """A description cannot make us read a file of the user's, nor a setting anything else."""
    server.publish(31, url=f"file://{tmp_path}")
    with pytest.raises(DatasetError, match="only http is followed"):
        load_openml(31)
    monkeypatch.setenv(openml.SERVER_VARIABLE, "openml.org")
    with pytest.raises(DatasetError, match=r"BENCH_OPENML_SERVER is 'openml.org'"):
        load_openml(32)


def test_the_core_takes_it(server):
    """Planning and trials get the table from the core's cache, filed under its id."""
    rows = "".join(f"{i},{'ab'[i % 2]},{'no' if i % 3 else 'yes'}\n" for i in range(40))
    features = (
        ("age", "numeric", "false", "false"),
        ("job", "nominal", "false", "false"),
        ("ill", "nominal", "true", "false"),
    )
    server.publish(7, f"@data\n{rows}", features)
    server.publish(8, f"@data\n{rows[len('0,a,yes.') :]}", features)
    tasks = [task for task in TASKS if task.name == "classification"]
    seven, eight = (Source(discover().dataset("openml").record, "1", {"id": id}) for id in (7, 8))

    facts = describing.describe(seven, tasks, SplitProtocol())
    asked = len(server.asked)
    assert (facts.n_rows, facts.n_features, facts.task) == (40, 2, "classification")
    assert loading.load(seven).dataset.y.shape == (40,)
    assert len(server.asked) == asked
    assert describing.describe(eight, tasks, SplitProtocol()).n_rows == 39
    assert seven.key() != eight.key()


RECORDED = {
    3: "kr-vs-kp",
    61: "iris",
    62: "zoo",
    561: "cpu",
    1119: "adult-census",
    1590: "adult",
    40945: "Titanic",
    42585: "penguins",
}
"""Answers of OpenML's that scikit-learn ships with its tests, shortened there."""


@pytest.mark.parametrize("id", RECORDED)
def test_recorded_answers(server, id):
    """Real answers are read as scikit-learn's pure ARFF parser reads them."""
    from sklearn.datasets._arff_parser import load_arff_from_gzip_file

    recorded = importlib.resources.files(f"sklearn.datasets.tests.data.openml.id_{id}")
    pages = {page.name: page for page in recorded.iterdir()}
    described = json.loads(gzip.decompress(pages[f"api-v1-jd-{id}.json.gz"].read_bytes()))
    features = json.loads(gzip.decompress(pages[f"api-v1-jdf-{id}.json.gz"].read_bytes()))
    (file,) = (page for name, page in pages.items() if name.startswith("data-v1-dl-"))
    described["data_set_description"]["url"] = f"{server.address}/{id}.arff"
    server.offer(f"/api/v1/json/data/{id}", described)
    server.offer(f"/api/v1/json/data/features/{id}", features)
    server.pages[f"/{id}.arff"] = gzip.decompress(file.read_bytes())

    dataset = load_openml(id)

    columns = features["data_features"]["feature"]
    (target,) = (column["name"] for column in columns if column["is_target"] == "true")
    wanted = [
        column["name"]
        for column in columns
        if "true" not in (column["is_target"], column["is_ignore"], column["is_row_identifier"])
    ]
    with gzip.open(io.BytesIO(file.read_bytes())) as stream:
        X, y, _, _ = load_arff_from_gzip_file(
            stream,
            parser="liac-arff",
            output_type="pandas",
            openml_columns_info={column["name"]: column for column in columns},
            feature_names_to_select=wanted,
            target_names_to_select=[target],
            shape=(server.pages[f"/{id}.arff"].count(b"\n"), len(columns)),
        )
    assert described["data_set_description"]["name"] == RECORDED[id]
    assert [str(value) for value in dataset.y] == [str(value) for value in y]
    X = X.loc[:, X.notna().any()]
    ours = dataset.X if isinstance(dataset.X, pd.DataFrame) else pd.DataFrame(dataset.X)
    ours.columns = [column.name for column in dataset.columns]
    assert ours.columns.tolist() == X.columns.tolist()
    for name in X:
        theirs = X[name].astype(object).where(X[name].notna(), None)
        mine = ours[name].astype(object).where(ours[name].notna(), None)
        assert mine.tolist() == theirs.tolist(), name

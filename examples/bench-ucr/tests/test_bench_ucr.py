"""Problems of the archives, from a folder and from a mirror on this machine."""

import contextlib
import http.server
import threading

import numpy as np
import pytest
from bench_ucr import PROBLEMS
from bench_ucr.archive import VARIABLE, load
from bench_ucr.ts import parse
from made_archive import HEADER, made_text, zipped

import bench
from bench.testing import parametrize_with_checks


@pytest.fixture(scope="module")
def mirror():
    """The address of a server with a made problem under each name, and what it was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            problem = self.path.strip("/").removesuffix(".zip")
            found = problem in PROBLEMS
            content = zipped(problem) if found else b"no such problem"
            self.send_response(200 if found or problem == "Broken" else 404)
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(mirror, tmp_path, monkeypatch):
    """The mirror, named as a user names it, with an empty cache."""
    monkeypatch.setenv(VARIABLE, mirror[0])
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    mirror[1].clear()
    return mirror


@pytest.fixture(scope="module", autouse=True)
def _archive(mirror, tmp_path_factory):
    """For the checks, which run in processes of their own: the same place for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, mirror[0])
        patch.setenv("BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@parametrize_with_checks("bench_ucr")
def test_keeps_its_promises(check):
    """Every promise of the plugin is kept."""
    check()


def test_a_problem_has_its_official_parts(place):
    """Twelve training and twelve test series come, as (length, channels), with their classes."""
    dataset = load("GunPoint")
    assert [series.shape for series in dataset.X] == [(24, 1)] * 24
    assert dataset.parts.tolist() == ["train"] * 12 + ["test"] * 12
    assert dataset.target == bench.Target("binary", classes=("a", "b"))
    assert dataset.y.tolist() == ["b", "a"] * 12


def test_a_file_is_fetched_once_and_again_where_it_was_damaged(place):
    """What is kept is not asked for again, unless its content is no longer what came."""
    first = load("Coffee")
    load("Coffee")
    assert place[1] == ["/Coffee.zip"]
    (kept,) = bench.cache_folder().rglob("Coffee.zip")
    kept.write_bytes(b"damaged")
    again = load("Coffee")
    assert place[1] == ["/Coffee.zip"] * 2
    assert all(np.array_equal(a, b) for a, b in zip(first.X, again.X, strict=True))


def test_a_checksum_is_held_to(place):
    """Another file than the suite says is refused, with both checksums, fetched or kept."""
    with pytest.raises(bench.DatasetError, match=r"a{64} was expected"):
        load("Coffee", sha256="a" * 64)
    load("Coffee")
    with pytest.raises(bench.DatasetError, match=r"a{64} was expected"):
        load("Coffee", sha256="a" * 64)
    with pytest.raises(bench.ParameterError, match="64 hexadecimal digits"):
        load("Coffee", sha256="abc")


@pytest.mark.parametrize(
    ("problem", "message"),
    [("Missing", "answers HTTP 404.*UCR_ARCHIVE"), ("Broken", "is no zip file.*UCR_ARCHIVE")],
)
def test_what_a_mirror_lacks_is_said(place, problem, message):
    """A problem that is not there, or no zip file, is an error that names address and variable."""
    with pytest.raises(bench.DatasetError, match=message):
        load(problem)


def test_a_folder_serves_as_well(tmp_path):
    """Files in the problem's folder, in the archive's, and a zip file are all found."""
    (tmp_path / "One").mkdir()
    for folder, name in ((tmp_path / "One", "One"), (tmp_path, "Two")):
        for seed, ending in enumerate(("TRAIN", "TEST")):
            (folder / f"{name}_{ending}.ts").write_text(made_text(seed, n_channels=3))
    (tmp_path / "Three.zip").write_bytes(zipped("Three"))
    assert load("One", archive=str(tmp_path)).X[0].shape == (24, 3)
    assert load("Two", archive=str(tmp_path)).X[0].shape == (24, 3)
    assert len(load("Three", archive=str(tmp_path)).X) == 24
    with pytest.raises(bench.DatasetError, match=r"It holds: One, Two\. Did you mean 'One'"):
        load("Ones", archive=str(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@data\n1,2:a\n", "no @classLabel"),
        (HEADER.format("true") + "@data\n", "no series below"),
        (HEADER.format("true") + "@data\n1,x:a\n", "line 7: could not convert.*a number or"),
        (HEADER.format("true") + "@data\n1,2:c\n", "line 7: the class 'c' is none of"),
        (HEADER.format("false") + "@data\n1,2:1:a\n", "line 7: channels of one length"),
        (HEADER.format("false") + "@data\n1,2:a\n1,2:3,4:b\n", "line 8 has 2 channels"),
        ("@timeStamps true\n", "time stamps are not read"),
    ],
)
def test_a_file_of_another_form_is_refused(text, message):
    """What is wrong is named with file and line."""
    with pytest.raises(bench.DatasetError, match=message):
        parse(text, "Made_TRAIN.ts")


def test_gaps_are_missing_values():
    """A question mark is NaN, and values stand in their order."""
    series = parse(HEADER.format("true") + "@data\n1, ?,-3e1:b\n", "Made").values
    np.testing.assert_array_equal(series[0], [[1.0], [np.nan], [-30.0]])

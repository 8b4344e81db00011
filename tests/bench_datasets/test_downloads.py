"""Public data sets: what is fetched, checked, kept and read; a server on loopback has them all."""

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import wave
import zipfile

import numpy as np
import pytest
from scipy.io import savemat

from bench import DatasetError, ParameterError
from bench_datasets import downloads, fetching


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.pages.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server of the test's own, an empty cache, and no waiting."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.pages, server.asked = {}, []
        server.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(fetching, "WAITS_SECONDS", (0.0, 0.0))
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def publish(server):
    """Offer a file; return its address and its SHA-256 as parameters of a loader."""

    def at(path, content):
        server.pages[path] = content
        return {
            "url": server.address + path,
            "sha256": hashlib.sha256(content).hexdigest(),
        }

    return at


def tar(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def idx(values):
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return gzip.compress(head + values.tobytes())


def test_four_files_of_mnist(server, monkeypatch):
    """Images and labels of both parts, in their order, each file checked by its MD5."""
    images = np.arange(5 * 3 * 2, dtype=np.uint8).reshape(5, 3, 2)
    labels = np.array([7, 0, 3, 9, 1], dtype=np.uint8)
    contents = [idx(images[:3]), idx(labels[:3]), idx(images[3:]), idx(labels[3:])]
    names = list(downloads.MNIST_MD5)
    server.pages |= {f"/m/{name}": c for name, c in zip(names, contents, strict=True)}
    md5 = {n: hashlib.md5(c).hexdigest() for n, c in zip(names, contents, strict=True)}
    monkeypatch.setattr(downloads, "MNIST_MD5", md5)
    monkeypatch.setattr(downloads, "FASHION_MD5", md5)

    dataset = downloads.load_mnist(url=server.address + "/m")
    fashion = downloads.load_fashion_mnist(url=server.address + "/m/")

    assert np.array_equal(dataset.X, images)
    assert dataset.y.tolist() == labels.tolist()
    assert dataset.parts.tolist() == ["train"] * 3 + ["test"] * 2
    assert dataset.target.classes == tuple(range(10))
    assert fashion.y.tolist() == ["Sneaker", "T-shirt/top", "Dress", "Ankle boot", "Trouser"]
    asked = len(server.asked)
    downloads.load_mnist(url=server.address + "/m")
    assert len(server.asked) == asked

    server.pages["/other/" + names[0]] = contents[2]
    with pytest.raises(DatasetError, match=r"dataset 'mnist': .*could not be fetched.*damaged"):
        downloads.load_mnist(url=server.address + "/other")
    with pytest.raises(DatasetError, match="answers HTTP 404"):
        downloads.load_mnist(url=server.address + "/none")


def test_colours_of_cifar(publish, monkeypatch):
    """A row is its class and the red, the green, then the blue of 32 rows of 32 pixels."""
    monkeypatch.setattr(downloads, "CIFAR_ROWS", 1)
    rows = []
    for k in range(6):
        pixels = np.zeros((3, 32, 32), dtype=np.uint8)
        pixels[0], pixels[1], pixels[2, 5, 9] = k, 100, 200
        rows.append(bytes([k]) + pixels.tobytes())
    files = {f"c/data_batch_{k + 1}.bin": rows[k] for k in range(5)} | {"c/test_batch.bin": rows[5]}

    dataset = downloads.load_cifar10(**publish("/c.tar.gz", tar({"c/readme.html": b"", **files})))

    assert dataset.X.shape == (6, 32, 32, 3)
    assert dataset.X[3, 5, 9].tolist() == [3, 100, 200]
    assert dataset.X[3, 9, 5].tolist() == [3, 100, 0]
    assert dataset.y.tolist() == ["airplane", "automobile", "bird", "cat", "deer", "dog"]
    assert dataset.parts.tolist() == ["train"] * 5 + ["test"]

    del files["c/data_batch_2.bin"]
    with pytest.raises(DatasetError, match=r"holds no data_batch_2.bin of 1 rows"):
        downloads.load_cifar10(**publish("/d.tar.gz", tar(files)))


def test_faces_stand_upright(publish):
    """The file keeps each face as a column, itself column by column; ten faces are one person."""
    faces = np.zeros((4096, 400), dtype=np.uint8)
    faces[64 * 5 + 2, 11] = 9  # column 5, row 2 of the twelfth face
    file = io.BytesIO()
    savemat(file, {"faces": faces})

    dataset = downloads.load_olivetti_faces(**publish("/faces.mat", file.getvalue()))

    assert dataset.X.shape == (400, 64, 64)
    assert np.argwhere(dataset.X).tolist() == [[11, 2, 5]]
    assert dataset.y[[9, 10, 399]].tolist() == [0, 1, 39]


def test_texts_of_archives(publish):
    """Newsgroups, reviews of IMDb and film reviews: classes, parts and folds by their names."""
    news = {
        "20news-bydate-test/sci.med/9": b"From: x\n\nTake two\n\nof these",
        "20news-bydate-train/sci.med/1": b"From: y\n\ncaf\xe9",
        "20news-bydate-train/rec.autos/2": b"From: z\n\nDrive",
    }
    dataset = downloads.load_newsgroups(**publish("/n.tar.gz", tar(news)))
    assert dataset.X == ["Take two\n\nof these", "Drive", "café"]
    assert dataset.y.tolist() == ["sci.med", "rec.autos", "sci.med"]
    assert dataset.parts.tolist() == ["test", "train", "train"]
    whole = downloads.load_newsgroups(headers=True, **publish("/n.tar.gz", tar(news)))
    assert whole.X[1] == "From: z\n\nDrive"

    imdb = {f"aclImdb/{name}": name.encode() for name in (
        "README", "train/pos/1_9.txt", "train/neg/2_1.txt", "train/unsup/3_0.txt",
        "train/urls_pos.txt", "test/pos/4_8.txt", "test/neg/5_2.txt",
    )}  # fmt: skip
    params = publish("/i.tar.gz", tar(imdb))
    dataset = downloads.load_imdb(url=params["url"], md5=params["sha256"])
    assert dataset.X == [
        "test/neg/5_2.txt", "test/pos/4_8.txt", "train/neg/2_1.txt", "train/pos/1_9.txt",
    ]  # fmt: skip
    assert dataset.y.tolist() == ["neg", "pos"] * 2
    assert dataset.parts.tolist() == ["test", "test", "train", "train"]

    films = {"README": b"", "txt/neg/cv099_1.txt": b"dull", "txt/pos/cv100_2.txt": b"fine"}
    dataset = downloads.load_review_polarity(**publish("/r.tar.gz", tar(films)))
    assert dataset.X == ["dull", "fine"]
    assert dataset.folds.tolist() == [0, 1]


def test_messages(publish):
    """The first column is the class, the rest of a line the message, quotation marks and all."""
    tsv = 'ham\tGo until "jurong\nspam\tFree entry\nham\tOk\n'

    dataset = downloads.load_sms_spam(**publish("/sms.tsv", tsv.encode()))

    assert dataset.X == ['Go until "jurong', "Free entry", "Ok"]
    assert dataset.y.tolist() == ["ham", "spam", "ham"]


def test_spoken_digits(publish):
    """Takes 0 to 4 are the test part; digit and speaker stand in the names."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(bytes(20))
    names = ("3_jackson_0", "3_jackson_5", "7_theo_4", "7_theo_12")
    archive = tar(
        {f"fsdd-1/recordings/{n}.wav": file.getvalue() for n in names} | {"x/README": b""}
    )
    params = publish("/fsdd.tar.gz", archive)

    for given in ({"url": params["url"]}, params):
        dataset = downloads.load_spoken_digits(**given)
        assert dataset.y.tolist() == ["3", "3", "7", "7"]
        assert dataset.groups.tolist() == ["jackson", "jackson", "theo", "theo"]
        assert dataset.parts.tolist() == ["test", "train", "train", "test"]
        assert dataset.extra == {"sampling_rate": 8000}


def test_problems_of_the_archive(server):
    """A problem is named; its archive holds both parts."""
    ts = "@univariate true\n@classLabel true a b\n@data\n{}\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Bumps_TRAIN.ts", ts.format("1,2:a\n3,4:b"))
        archive.writestr("Bumps_TEST.ts", ts.format("5,6:b"))
    server.pages["/u/Bumps.zip"] = file.getvalue()

    dataset = downloads.load_ucr(name="Bumps", url=server.address + "/u")

    assert [row[:, 0].tolist() for row in dataset.X] == [[1, 2], [3, 4], [5, 6]]
    assert dataset.parts.tolist() == ["train", "train", "test"]
    for wrong in ("", "../x", 3):
        with pytest.raises((ParameterError, TypeError)):
            downloads.load_ucr(name=wrong, url=server.address + "/u")
    with pytest.raises(DatasetError, match=r"Pumps.zip answers HTTP 404"):
        downloads.load_ucr(name="Pumps", url=server.address + "/u")


def test_without_a_network(server, monkeypatch):
    """What was fetched loads without a network; what was not is told with a way out, once."""
    server.pages["/sms.tsv"] = b"ham\ta b\nspam\tc d\nham\te f\nspam\tg h\n"
    params = {
        "url": server.address + "/sms.tsv",
        "sha256": hashlib.sha256(server.pages["/sms.tsv"]).hexdigest(),
    }
    first = downloads.load_sms_spam(**params)
    server.shutdown()
    server.server_close()

    assert downloads.load_sms_spam(**params).X == first.X
    with pytest.raises(DatasetError, match=r"cannot be reached.*name a copy: params = \{ url"):
        downloads.load_imdb(url=server.address + "/imdb.tar.gz")
    with pytest.raises(
        DatasetError, match=r"not asked for, as .* could not be reached a moment ago"
    ):
        downloads.load_imdb(url=server.address + "/imdb.tar.gz")


def test_faulty_parameters():
    """A checksum that is none is refused before anything is asked."""
    with pytest.raises(ParameterError, match="the checksum is 'abc'; 64 hexadecimal digits"):
        downloads.load_sms_spam(sha256="abc")

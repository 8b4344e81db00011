"""Well-known public data sets of images, recordings, texts and series, fetched once and kept.

Addresses and checksums are those under which other libraries fetch the same files. They could not
be tried where this was written, which has no network; each loader takes another address, and those
of a single file another checksum, too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bench
from bench import Dataset, DatasetError, ParameterError, Target
from bench_datasets import fetching, series_files
from bench_datasets.audio_files import load_wav
from bench_datasets.folders import check_bytes
from bench_datasets.text_files import load_texts

MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
FASHION_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
CIFAR = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CIFAR_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
CIFAR_ROWS = 10_000
"""Of each file of the archive."""

CIFAR_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
OLIVETTI = "https://ndownloader.figshare.com/files/5976027"
OLIVETTI_SHA256 = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"
NEWSGROUPS = "https://ndownloader.figshare.com/files/5975967"
NEWSGROUPS_SHA256 = "8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610"
IMDB = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
IMDB_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
POLARITY = "https://www.cs.cornell.edu/people/pabo/movie-review-data/review_polarity.tar.gz"
POLARITY_SHA256 = "fc0dccc2671af5db3c5d8f81f77a1ebfec953ecdd422334062df61ede36b2179"
SMS = "https://raw.githubusercontent.com/justmarkham/pycon-2016-tutorial/master/data/sms.tsv"
SMS_SHA256 = "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d"
FSDD = (
    "https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/tar.gz/"
    "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
)
UCR = "https://www.timeseriesclassification.com/aeon-toolkit"

_HEX = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")


def load_mnist(*, url: str = MNIST) -> Dataset:
    """Return MNIST: 70,000 digits, uint8 (28, 28), official parts (LeCun et al., 1998,
    doi:10.1109/5.726791).

    `url` is a folder with the four files; they are checked against the MD5 of the originals.
    """
    return _idx("mnist", url, MNIST_MD5, tuple(range(10)))


def load_fashion_mnist(*, url: str = FASHION) -> Dataset:
    """Return Fashion-MNIST: 70,000 pieces of clothing, uint8 (28, 28), official parts (Xiao et al.,
    2017, arXiv:1708.07747); `url` as for `load_mnist`.
    """
    return _idx("fashion-mnist", url, FASHION_MD5, FASHION_CLASSES)


def load_cifar10(*, url: str = CIFAR, sha256: str = CIFAR_SHA256) -> Dataset:
    """Return CIFAR-10: 60,000 photographs, uint8 (32, 32, 3), official parts (Krizhevsky, 2009);
    of the archive's binary version.
    """
    file = _fetched("cifar-10", url, sha256, "cifar-10-binary.tar.gz")
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if member.isfile() and name in names and member.size == CIFAR_ROWS * 3073:
                    content = archive.extractfile(member)
                    found[name] = content.read() if content is not None else b""
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"dataset 'cifar-10': {file} is damaged: {error}.") from error
    if missing := sorted(set(names) - set(found)):
        raise DatasetError(
            f"dataset 'cifar-10': {file} holds no {missing[0]} of {CIFAR_ROWS:,} rows; the binary "
            "version of the data is needed."
        )
    rows = np.frombuffer(b"".join(found[name] for name in names), dtype=np.uint8)
    rows = rows.reshape(6 * CIFAR_ROWS, 3073)
    X = np.ascontiguousarray(rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return _classes(X, rows[:, 0], _parts(5 * CIFAR_ROWS, CIFAR_ROWS), CIFAR_CLASSES)


def load_olivetti_faces(*, url: str = OLIVETTI, sha256: str = OLIVETTI_SHA256) -> Dataset:
    """Return the Olivetti faces: 400 portraits, uint8 (64, 64), of 40 persons (Samaria and Harter,
    1994, doi:10.1109/ACV.1994.341300).
    """
    from scipy.io import loadmat

    file = _fetched("olivetti-faces", url, sha256, "olivettifaces.mat")
    try:
        faces = np.asarray(loadmat(str(file), variable_names=["faces"])["faces"])
        X = faces.T.reshape(400, 64, 64).transpose(0, 2, 1)
    except Exception as error:  # a reader raises whatever broken bytes lead it to
        raise DatasetError(f"dataset 'olivetti-faces': {file} is damaged: {error}.") from error
    X = np.ascontiguousarray(np.clip(X, 0, 255).astype(np.uint8))
    return _classes(X, np.arange(400) // 10, None, tuple(range(40)))


def load_newsgroups(
    *, headers: bool = False, url: str = NEWSGROUPS, sha256: str = NEWSGROUPS_SHA256
) -> Dataset:
    """Return 20 newsgroups: 18,846 messages of 20 groups, official parts by date (Lang, 1995).

    Parameters
    ----------
    headers
        Whether messages keep the lines above the first empty one, which often name the group.
    url, sha256
        Of the archive.
    """
    file = _fetched("20-newsgroups", url, sha256, "20news-bydate.tar.gz")
    dataset = load_texts(
        str(file), encoding="latin-1", label="/([^/]+)/[^/]+$", split=r"bydate-(train|test)/"
    )
    if headers:
        return dataset
    return replace(dataset, X=[text.partition("\n\n")[2] for text in dataset.X])


def load_imdb(*, url: str = IMDB, md5: str = IMDB_MD5) -> Dataset:
    """Return IMDb: 50,000 film reviews, neg or pos, official parts (Maas et al., 2011,
    https://aclanthology.org/P11-1015).
    """
    file = _fetched("imdb", url, md5, "aclImdb_v1.tar.gz")
    reviews = "/(neg|pos)/[^/]+$"
    return load_texts(str(file), files=reviews, label=reviews, split="/(train|test)/")


def load_review_polarity(*, url: str = POLARITY, sha256: str = POLARITY_SHA256) -> Dataset:
    """Return film reviews: 2,000, neg or pos, the ten official folds (Pang and Lee, 2004,
    https://aclanthology.org/P04-1035, polarity dataset v2.0).
    """
    file = _fetched("review-polarity", url, sha256, "review_polarity.tar.gz")
    return load_texts(str(file), fold=r"cv(\d)")


def load_sms_spam(*, url: str = SMS, sha256: str = SMS_SHA256) -> Dataset:
    """Return the SMS Spam Collection: 5,574 messages, ham or spam (Almeida et al., 2011,
    doi:10.1145/2034691.2034742), of a copy in the original order.
    """
    file = _fetched("sms-spam", url, sha256, "sms.tsv")
    return load_texts(str(file), target=0, text=1, header=False, separator="\t")


def load_spoken_digits(*, url: str = FSDD, sha256: str = "") -> Dataset:
    """Return the Free Spoken Digit Dataset: 3,000 recordings of ten digits by six speakers, takes
    0-4 being the official test part.

    The archive is made on demand by its host, at a commit of its repository, so that no checksum
    of it is known; `sha256` gives one.
    """
    file = _fetched("spoken-digits", url, sha256, "recordings.tar.gz", _is_gzip)
    return load_wav(
        str(file),
        label=r"/(\d)_[^/]*$",
        group=r"/\d_([^_/]+)_",
        split={"pattern": r"_(\d+)[.]wav$", "test": [str(take) for take in range(5)]},
    )


def load_ucr(*, name: str = "", url: str = UCR, sha256: str = "") -> Dataset:
    """Return a problem of the UCR and UEA archives, official parts (Dau et al., 2018,
    arXiv:1810.07758).

    Parameters
    ----------
    name
        Of the problem, as in ``params = { name = "ItalyPowerDemand" }``.
    url
        Folder with a ``NAME.zip``.
    sha256
        Of that file; none is published, and what comes is taken.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ParameterError(
            f"dataset 'ucr': name is {name!r}; the name of a problem is needed, as in params = "
            '{ name = "ItalyPowerDemand" }. They are listed at '
            "https://www.timeseriesclassification.com/dataset.php."
        )
    file = _fetched("ucr", f"{url.rstrip('/')}/{name}.zip", sha256, f"{name}.zip", _is_zip)
    read = {}
    with zipfile.ZipFile(file) as archive:
        for part, ending in series_files.PARTS.items():
            member = f"{name}{ending}.ts"
            place = next((n for n in archive.namelist() if n.rpartition("/")[2] == member), None)
            if place is None:
                raise DatasetError(f"dataset 'ucr': {file} holds no {member}.")
            check_bytes(archive.getinfo(place).file_size, member)
            read[part] = series_files.decoded(archive.read(place), f"ucr {member}", ".ts")
    return series_files.assembled(read, f"ucr {name}")


# --- what is fetched --------------------------------------------------------------------------


def _fetched(
    name: str,
    url: str,
    checksum: str,
    file_name: str,
    is_whole: Callable[[bytes], bool] | None = None,
) -> Path:
    """Return a data set's file in the cache, fetched where it is not there."""
    if (checksum and not _HEX.fullmatch(checksum)) or not isinstance(url, str):
        raise ParameterError(
            f"dataset {name!r}: the checksum is {checksum!r}; 64 hexadecimal digits of SHA-256 (32 "
            "of MD5) are needed."
        )

    def is_right(content: bytes) -> bool:
        if not checksum:
            return is_whole is None or is_whole(content)
        kind = "md5" if len(checksum) == 32 else "sha256"
        return hashlib.new(kind, content, usedforsecurity=False).hexdigest() == checksum

    folder = bench.cache_folder() / "downloads"
    origin = fetching.Origin(
        folder=folder,
        server="/".join(url.split("/", 3)[:3]),
        mirror='name a copy: params = { url = "..." }',
        owner="the expected",
    )
    file = folder / name / f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{file_name}"
    fetching.kept(origin, file, f"dataset {name!r}", url, is_right)
    if not file.is_file():
        raise DatasetError(
            f"dataset {name!r}: {file} cannot be written. Free space, or name another cache folder "
            "in BENCH_CACHE."
        )
    return file


def _is_zip(content: bytes) -> bool:
    return zipfile.is_zipfile(io.BytesIO(content))


def _is_gzip(content: bytes) -> bool:
    return content[:2] == b"\x1f\x8b"


def _idx(name: str, url: str, md5: dict[str, str], classes: Sequence[Any]) -> Dataset:
    """Return images and labels in the IDX format of MNIST's four files."""
    read = []
    for file_name, checksum in md5.items():
        file = _fetched(name, f"{url.rstrip('/')}/{file_name}", checksum, file_name)
        try:
            with gzip.open(file) as unzipped:
                content = unzipped.read(2**28)
            n_axes = content[3]
            shape = np.frombuffer(content, ">u4", n_axes, offset=4).astype(int)
            values = np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes)
            read.append(values.reshape(shape))
        except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
            raise DatasetError(f"dataset {name!r}: {file} is no IDX file: {error}.") from error
    images, labels = np.concatenate(read[::2]), np.concatenate(read[1::2])
    return _classes(images, labels, _parts(len(read[0]), len(read[2])), classes)


def _parts(n_train: int, n_test: int) -> NDArray[Any]:
    return np.repeat(["train", "test"], [n_train, n_test])


def _classes(
    X: NDArray[Any], codes: NDArray[Any], parts: NDArray[Any] | None, classes: Sequence[Any]
) -> Dataset:
    y = np.array(classes)[codes.astype(np.int64)]
    return Dataset(X, y, parts=parts, target=Target("multiclass", classes=tuple(classes)))

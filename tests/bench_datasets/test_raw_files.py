"""Files of images, recordings, series, texts and arrays: what is read, and what is refused."""

import gzip
import io
import struct
import sys
import tarfile
import wave
import zipfile
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bench import DatasetError, ParameterError
from bench_datasets import folders
from bench_datasets.audio_files import load_wav
from bench_datasets.image_files import load_images
from bench_datasets.npz import load_npz
from bench_datasets.series_files import load_ts
from bench_datasets.text_files import load_texts


@pytest.fixture
def write(tmp_path):
    """Write files, by path and content, below a folder; return the folder's path."""

    def to(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(tmp_path)

    return to


def image(pixels, mode=None, format="PNG"):
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels), mode).save(file, format)
    return file.getvalue()


def grey(level, height=4, width=6):
    return image(np.full((height, width), level, dtype=np.uint8))


def wav(samples, *, n_bytes=2, rate=8000, n_channels=1):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(n_channels)
        writer.setsampwidth(n_bytes)
        writer.setframerate(rate)
        signed = n_bytes > 1
        writer.writeframes(b"".join(s.to_bytes(n_bytes, "little", signed=signed) for s in samples))
    return file.getvalue()


# --- folders ----------------------------------------------------------------------------------


def test_classes_are_folders(write):
    """A class is a folder; hidden files, other kinds and files beside the folders do not count."""
    path = write(
        {"b/2.png": grey(2), "a/1.png": grey(1), "a/.x.png": b"", "a/n.txt": "", "r.png": ""}
    )

    dataset = load_images(path)

    assert dataset.X[:, 0, 0].tolist() == [1, 2]
    assert dataset.y.tolist() == ["a", "b"]
    assert dataset.target.classes == ("a", "b")
    assert dataset.parts is None


def test_train_and_test_folders_are_official_parts(write):
    """Folders called train and test above those of the classes are the parts, wherever they lie."""
    names = ("train/a/1", "train/b/2", "test/a/3", "test/b/4", "valid/b/5")

    dataset = load_texts(write({f"deep/set/{name}.txt": name for name in names}))

    assert dict(zip(dataset.X, dataset.parts, strict=True)) == {
        "train/a/1": "train", "train/b/2": "train", "test/a/3": "test", "test/b/4": "test",
        "valid/b/5": "validation",
    }  # fmt: skip
    assert dataset.y.tolist() == [text.split("/")[1] for text in dataset.X]


def test_patterns_of_names(write):
    """Class, part, fold and group are what patterns find in names; numbers keep their order."""
    path = write({f"{k}_{who}_{take}.txt": "x" for k in (2, 10) for who in "ab" for take in (0, 7)})
    dataset = load_texts(
        path,
        label=r"^(\d+)_",
        group=r"_([a-z])_",
        split={"pattern": r"_(\d)\.txt", "test": ["0"]},
    )
    folds = load_texts(path, label=r"^\d+", fold=r"_(\d)\.", files="_a_")

    assert dataset.target.classes == ("2", "10")
    assert dataset.groups.tolist() == ["a", "a", "b", "b"] * 2
    assert dataset.parts.tolist() == ["test", "train"] * 4
    assert folds.folds.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({}, DatasetError, r"no file lies in a folder of a class, 1_a\.txt for one.*label ="),
        ({"label": r"(\d"}, ParameterError, r"label is '\(\\\\d', which is no regular expression"),
        ({"label": r"^(\d)_", "fold": r"_(b)"}, DatasetError, "fold = '_\\(b\\)' is not found in"),
        ({"label": "1"}, DatasetError, "'1' is not found in '2_a.txt'"),
        ({"files": "none"}, DatasetError, "holds no files and match files = 'none'"),
        ({"label": r"_(a)"}, DatasetError, "all 2 files are of one class, 'a'"),
        ({"label": r"^(\d)", "split": r"_(a)"}, DatasetError, "split holds 'a'; allowed: train"),
        ({"label": r"^(\d)", "split": {"test": [1]}}, ParameterError, "a pattern of the file"),
        ({"target": "x"}, ParameterError, "a folder or an archive, for which 'target' means"),
    ],
)  # fmt: skip
def test_faulty_names(write, params, error, message):
    """What names do not say is told with the file, the pattern and the way out."""
    path = write({"1_a.txt": "x", "2_a.txt": "y"})

    with pytest.raises(error, match=message):
        load_texts(path, **params)


def test_archives(tmp_path):
    """A tar archive is read as the folder in it would be; names that point out of it, links and a
    README beside the folders are left out.
    """
    path = tmp_path / "reviews.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("README", "all/neg/cv012.txt", "all/pos/cv345.txt", "../x/pos/cv9.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(name)
            archive.addfile(info, io.BytesIO(name.encode()))
        link = tarfile.TarInfo("all/pos/cv777.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)

    dataset = load_texts(str(path), fold=r"cv(\d)")

    assert dataset.X == ["all/neg/cv012.txt", "all/pos/cv345.txt"]
    assert dataset.y.tolist() == ["neg", "pos"]
    assert dataset.folds.tolist() == [0, 1]

    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DatasetError, match=r"reviews.tar.gz is not a readable tar archive"):
        load_texts(str(path))


def test_sizes_are_bounded(tmp_path, monkeypatch):
    """What unpacks to more than is allowed is refused before it is in memory."""
    monkeypatch.setattr(folders, "MOST_BYTES", 1000)
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("a/1.txt")
        info.size = 2000
        archive.addfile(info, io.BytesIO(bytes(2000)))
    with pytest.raises(DatasetError, match=r"would take .* are read"):
        load_texts(str(path))
    np.savez_compressed(tmp_path / "bomb.npz", X=np.zeros((100, 3)), y=np.zeros(100))
    with pytest.raises(DatasetError, match="array 'X' would take"):
        load_npz(str(tmp_path / "bomb.npz"))


# --- images -----------------------------------------------------------------------------------


def test_kinds_of_images(write):
    """Grey, 16 bits, bilevel, palette, transparent and JPEG images become bytes: grey where all
    are, else red, green and blue.
    """
    red = np.zeros((2, 2, 3), dtype=np.uint8) + np.array([255, 0, 0], dtype=np.uint8)
    files = {
        "a/1.png": grey(7, 2, 2),
        "a/2.png": image(np.full((2, 2), 257 * 9, dtype=np.uint16)),
        "b/3.png": image(np.array([[True, False]] * 2)),
    }
    dataset = load_images(write(files))
    assert dataset.X.shape == (3, 2, 2)
    assert dataset.X[:, 0].tolist() == [[7, 7], [9, 9], [255, 0]]

    palette = io.BytesIO()
    Image.fromarray(red).convert("P").save(palette, "PNG")
    clear = np.dstack([red, np.full((2, 2), 100, dtype=np.uint8)])
    files |= {
        "b/4.png": palette.getvalue(),
        "b/5.png": image(clear),
        "b/6.jpg": image(red, format="JPEG"),
    }
    dataset = load_images(write(files))
    assert dataset.X.shape == (6, 2, 2, 3)
    assert dataset.X[0, 0, 0].tolist() == [7, 7, 7]
    assert dataset.X[4, 0, 0].tolist() == [255, 0, 0]
    assert np.abs(dataset.X[3:, 0, 0].astype(int) - [255, 0, 0]).max() <= 3
    # ITU-R 601: 0.299 of red
    assert load_images(write(files), color="grey").X[4, 0, 0] == round(0.299 * 255)


def test_images_are_resized_when_asked(write):
    """`size` is height and width; without it, images of other sizes are refused by name."""
    path = write({"a/1.png": grey(7), "b/2.png": grey(9, 8, 3)})

    assert load_images(path, size=[5, 3]).X.shape == (2, 5, 3)
    with pytest.raises(
        DatasetError, match=r"b/2.png is 3 x 8 pixels, but a/1.png is 6 x 4.*\[4, 6\]"
    ):
        load_images(path)
    with pytest.raises(ParameterError, match=r"size is 5; \[height, width\]"):
        load_images(path, size=5)
    with pytest.raises(ParameterError, match=r"color is 'gray'; allowed.*Did you mean 'grey'"):
        load_images(path, color="gray")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a/1.png is empty"),
        (b"GIF89a", "a/1.png is no readable image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n", "a/1.png is no readable image"),
        (grey(3, 50, 50)[:-30], "a/1.png is damaged"),
    ],
)
def test_damaged_images(write, content, message):
    """What is no image, or half of one, is named."""
    with pytest.raises(DatasetError, match=message):
        load_images(write({"a/1.png": content, "b/2.png": grey(1)}))


def test_without_pillow(write, monkeypatch):
    """Where images cannot be read, what to install is told."""
    path = write({"a/1.png": grey(1), "b/2.png": grey(2)})
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(DatasetError, match=r"pip install 'crossover-bench\[images\]'"):
        load_images(path)


def test_a_huge_image_is_not_decoded(write):
    """An image of more pixels than are read is refused by its header, below and above the limit
    at which Pillow itself warns.
    """
    for width in (9000, 13_000):  # 81 and 169 million
        head = bytearray(grey(0))
        head[16:24] = struct.pack(">II", width, width)
        head[29:33] = struct.pack(">I", zlib.crc32(bytes(head[12:29])))
        with pytest.raises(
            DatasetError, match=r"a/1.png (is 9,000 x 9,000|is not read: Image size)"
        ):
            load_images(write({"a/1.png": bytes(head), "b/2.png": grey(1)}))


def test_image_columns(tmp_path):
    """A column of bytes, or of bytes and path, is images; label, split and fold are columns."""
    files = [grey(k) for k in range(6)]
    nested = [{"bytes": file, "path": f"{k}.png"} for k, file in enumerate(files)]
    more = {"label": [0, 1] * 3, "part": ["train"] * 4 + ["test"] * 2, "who": list("aabbcc")}
    path = tmp_path / "t.parquet"
    for column in (files, nested):
        pq.write_table(pa.table({"image": column, **more}), path)
        dataset = load_images(str(path), split="part", group="who")
        assert dataset.X[:, 0, 0].tolist() == list(range(6))
        assert dataset.y.tolist() == [0, 1] * 3
        assert dataset.parts.tolist() == more["part"]
        assert dataset.groups.tolist() == more["who"]

    taken = load_images(str(path), split={"column": "who", "test": ["b"]}, target="part")
    assert taken.parts.tolist() == ["train", "train", "test", "test", "train", "train"]
    assert taken.target.classes == ("test", "train")

    nested[3]["bytes"] = files[3][:40]
    pq.write_table(pa.table({"image": nested, **more}), path)
    with pytest.raises(DatasetError, match=r"t.parquet: row 3 \(3.png\) is (damaged|no readable)"):
        load_images(str(path))
    nested[2]["bytes"] = None
    pq.write_table(pa.table({"image": nested, **more}), path)
    with pytest.raises(DatasetError, match=r"row 2 \(2.png\) holds no bytes"):
        load_images(str(path))
    with pytest.raises(DatasetError, match=r"test is \['cat'\], and no row has .* 'a', 'b', 'c'"):
        load_images(str(path), split={"column": "who", "test": ["cat"]})
    with pytest.raises(ParameterError, match=r"names 'tets'.*Did you mean 'test'"):
        load_images(str(path), split={"column": "who", "tets": ["a"]})
    pq.write_table(pa.table({"one": files, "two": files, **more}), path)
    with pytest.raises(
        DatasetError, match=r"which column holds the image is not clear.*'one', 'two'"
    ):
        load_images(str(path))
    with pytest.raises(DatasetError, match="image = 'who' is a column of type string"):
        load_images(str(path), image="who")


# --- recordings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_bytes", "samples"),
    [
        (1, [128, 192, 64]),
        (2, [0, 2**14, -(2**14)]),
        (3, [0, 2**22, -(2**22)]),
        (4, [0, 2**30, -(2**30)]),
    ],
)
def test_depths_of_recordings(write, n_bytes, samples):
    """Of 8, 16, 24 and 32 bits, half of full scale is 0.5."""
    path = write({"a/1.wav": wav(samples, n_bytes=n_bytes), "b/2.wav": wav([0] * 5)})

    dataset = load_wav(path)

    assert dataset.X[0].tolist() == [0, 0.5, -0.5]
    assert [len(row) for row in dataset.X] == [3, 5]
    assert dataset.X[0].dtype == np.float32
    assert dataset.extra == {"sampling_rate": 8000}


def test_channels_and_rates(write):
    """Channels are averaged; other rates are brought to the one asked for, else refused."""
    tone = np.sin(2 * np.pi * 200 * np.arange(1600) / 16_000)
    files = {
        "a/1.wav": wav([16_384, -16_384, 16_384, 0], n_channels=2),
        "b/2.wav": wav((tone * 20_000).astype(int).tolist(), rate=16_000),
    }
    path = write(files)

    with pytest.raises(
        DatasetError, match=r"b/2.wav has 16,000 samples per second, but a/1.wav has"
    ):
        load_wav(path)
    first, second = load_wav(path, sampling_rate=8000).X
    assert first.tolist() == [0, 0.25]
    assert len(second) == 800
    assert second[100:700] == pytest.approx(tone[200:1400:2] * 20_000 / 2**15, abs=0.01)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a/1.wav is empty"),
        (b"OggS....", "a/1.wav is no WAV file: it begins with b'OggS'"),
        (wav([]), "a/1.wav holds no samples"),
        (wav([1] * 50)[:-60], "a/1.wav is no readable WAV file"),
        (wav([1] * 50, rate=7), "a/1.wav has 7 samples per second"),
        (b"RIFF" + bytes(40), "a/1.wav is no readable WAV file"),
    ],
)
def test_damaged_recordings(write, content, message):
    """What is no recording, or cut short, or empty, is named."""
    with pytest.raises(DatasetError, match=message):
        load_wav(write({"a/1.wav": content, "b/2.wav": wav([1] * 50)}))


def test_audio_columns(tmp_path):
    """A column of WAV files is recordings, with their sampling rate."""
    path = tmp_path / "t.parquet"
    column = [{"bytes": wav([k * 2**13] * 3), "path": f"{k}.wav"} for k in range(4)]
    pq.write_table(pa.table({"audio": column, "label": [3, 4, 3, 4], "take": [0, 1, 2, 3]}), path)

    dataset = load_wav(str(path), split={"column": "take", "test": [0, 1]})

    assert [row[0] for row in dataset.X] == [0, 0.25, 0.5, 0.75]
    assert dataset.parts.tolist() == ["test", "test", "train", "train"]
    assert dataset.extra == {"sampling_rate": 8000}


# --- texts ------------------------------------------------------------------------------------


def test_texts_of_tables(tmp_path):
    """A column of strings is texts, quotation marks and dashes as they stand, from delimited text,
    plain or zipped, and from Parquet.
    """
    tsv = 'ham\tOk "lar", fine\nspam\tNA\nham\t-\nspam\tWIN now "\n'
    (tmp_path / "t.tsv").write_text(tsv)
    (tmp_path / "t.tsv.gz").write_bytes(gzip.compress(tsv.encode()))
    texts = ['Ok "lar", fine', "NA", "-", 'WIN now "']
    pq.write_table(
        pa.table({"text": texts, "label": ["ham", "spam"] * 2, "id": list("abcd")}),
        tmp_path / "t.parquet",
    )

    for dataset in (
        load_texts(str(tmp_path / "t.tsv"), target=0),
        load_texts(str(tmp_path / "t.tsv.gz"), target="x0", text="x1"),
        load_texts(str(tmp_path / "t.parquet")),
    ):
        assert texts == dataset.X
        assert dataset.y.tolist() == ["ham", "spam"] * 2
        assert dataset.columns is None


def test_encodings(write):
    """Text of another encoding is read when it is named, and else told by file and byte."""
    path = write({"a/1.txt": "naïve".encode("latin-1"), "b/2.txt": "plain"})

    assert load_texts(path, encoding="latin-1").X == ["naïve", "plain"]
    with pytest.raises(
        DatasetError, match=r"a/1.txt is not text in utf-8: byte 2 is 0xef.*latin-1"
    ):
        load_texts(path)
    with pytest.raises(DatasetError, match="encoding is 'klingon', which is unknown"):
        load_texts(path, encoding="klingon")
    with pytest.raises(DatasetError, match=r"b/3.txt holds a zero byte, at byte 3"):
        load_texts(write({"a/1.txt": "x", "b/3.txt": b"\xc3\xafx\0y"}))
    table = "label\ttext\n" + "a\tx\n" * 50_000 + "b\tna\xefve\n"
    with pytest.raises(DatasetError, match=r"late.tsv is not text in utf-8: byte 200015 is 0xef"):
        load_texts(write({"late.tsv": table.encode("latin-1")}) + "/late.tsv")


def test_a_table_without_target(tmp_path):
    """A table needs a target: named, or a column called label."""
    (tmp_path / "t.csv").write_text("kind,words\na,hello you\nb,bye you\n")

    with pytest.raises(DatasetError, match=r"no target is named.*kind, words"):
        load_texts(str(tmp_path / "t.csv"))
    with pytest.raises(DatasetError, match=r"which column holds the text is not clear.*none"):
        load_texts(str(tmp_path / "t.csv"), target="kind", group="words")


# --- series -----------------------------------------------------------------------------------

HEAD = "@problemName p\n@timeStamps false\n@missing {}\n@univariate {}\n@equalLength {}\n"
LABEL = "@classLabel true a b\n@data\n"


def both(text, **changes):
    return {"p_TRAIN.ts": text, "p_TEST.ts": changes.get("test", text)}


def test_official_parts_of_series(write):
    """NAME_TRAIN and NAME_TEST are the parts: several channels, unequal lengths, gaps."""
    head = "% by hand\n" + HEAD.format("true", "false", "false") + "@dimensions 2\n" + LABEL
    path = write(both(head + "1,2,3:4,?,6:b\n\n1:2:a\n", test=head + "0,0:1,1:a\n"))

    dataset = load_ts(path + "/p")

    assert [row.shape for row in dataset.X] == [(3, 2), (1, 2), (2, 2)]
    assert dataset.X[0][[0, 2]].tolist() == [[1, 4], [3, 6]]
    assert np.isnan(dataset.X[0][1, 1])
    assert dataset.parts.tolist() == ["train", "train", "test"]
    assert dataset.y.tolist() == ["b", "a", "a"]
    assert dataset.target.classes == ("a", "b")


def test_tables_of_the_archive(write):
    """A .tsv or .txt line is a class and a series; a class written as 1.0 is 1; values missing at
    the end are none; a folder of the problem's name is looked into.
    """
    path = write({
        "p/p_TRAIN.tsv": "1\t0.5\t1.5\t2\n-1\t1\tNaN\tNaN\n",
        "p/p_TEST.tsv": "1.0000\t3\tNaN\t4\n-1\t5\t6\t7\n",
        "q_TRAIN.txt": "  1.0e+00  2.5 3\n  2.0e+00  4 5\n",
        "q_TEST.txt": "2,1,2\n1,3,4\n",
    })  # fmt: skip

    p, q = load_ts(path + "/p"), load_ts(path + "/q")

    assert [row[:, 0].tolist() for row in p.X[:2]] == [[0.5, 1.5, 2], [1]]
    assert np.isnan(p.X[2][1, 0])
    assert p.target.classes == ("-1", "1")
    assert p.y.tolist() == ["1", "-1", "1", "-1"]
    assert q.y.tolist() == ["1", "2", "2", "1"]
    assert q.X[0].tolist() == [[2.5], [3]]


def test_times_and_quantities(write):
    """Evenly spaced times, numbers or dates, are left out; @targetLabel means quantities."""
    head = "@timeStamps true\n@univariate true\n@targetLabel true\n@data\n"
    rows = "(0,1.5),(10,2.5):7.25\n(2020-01-01 00:00:00,3),(2020-01-02 00:00:00,?):-1\n"

    dataset = load_ts(write({"p.ts": head + rows}) + "/p.ts")

    assert dataset.X[0].tolist() == [[1.5], [2.5]]
    assert dataset.X[1][0].tolist() == [3]
    assert dataset.y.tolist() == [7.25, -1]
    assert dataset.target.kind == "continuous"
    assert dataset.parts is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2:a\n", "line 1: '1,2:a' stands before @data"),
        ("@problemName p\n", "no line @data"),
        ("@problemName p\n@data\n", "no series below @data"),
        (
            "@problemname p\n@univarite true\n@data\n1\n",
            "line 2: @univarite is no tag.*'univariate'",
        ),
        ("@missing maybe\n@data\n1\n", "line 1: @missing is 'maybe'; allowed: true, false"),
        ("@missing true\n@missing true\n@data\n1\n", "line 2: @missing stands in line 1 already"),
        ("@dimensions none\n@data\n1\n", "@dimensions is 'none'; a number"),
        ("@univariate true\n@dimensions 3\n@data\n1\n", r"true, but @dimensions \(line 2\) is 3"),
        ("@classLabel true\n@data\n1:a\n", "names 0 classes"),
        ("@univariate true\n@data\n1,2:3,4\n", "line 3 holds 2 dimensions.*@univariate true"),
        ("@dimensions 3\n@data\n1,2:3,4\n", "holds 2 dimensions.*@dimensions 3"),
        ("@missing false\n@data\n1,?\n", r"missing values, but @missing \(line 1\) is false"),
        ("@equalLength true\n@data\n1,2\n3\n", r"1 steps and the first series 2, but @equalLength"),
        ("@seriesLength 3\n@data\n1,2\n", r"line 3 has 2 steps, but @seriesLength \(line 1\) is 3"),
        (LABEL + "1,2:c\n", "the class 'c' is none of @classLabel"),
        ("@data\n1,x\n", "line 2: could not convert string to float: 'x'"),
        ("@data\n1,2:3\n", "line 2: its dimensions differ in length: 2, 1"),
        ("@timeStamps true\n@data\n(0,1),(1,2),(5,3)\n", "not evenly spaced"),
        ("@timeStamps true\n@data\n1,2\n", r"is not \(time,value\)"),
        (b"@data\n1\0\n", "byte 7 is zero"),
    ],
)
def test_faulty_series(write, text, message):
    """A header that is unknown or contradicts the data is told with file, line and tag."""
    with pytest.raises(DatasetError, match=message) as caught:
        load_ts(write({"p.ts": text}) + "/p.ts")
    assert "p.ts" in str(caught.value)


def test_parts_that_do_not_fit(write):
    """A missing part, and parts that differ in channels or classes, are told."""
    one = "@univariate true\n" + LABEL + "1,2:a\n3,4:b\n"
    path = write({"p_TRAIN.ts": one, "q_TRAIN.ts": one, "q_TEST.ts": "@data\n1,2:3,4\n"})

    with pytest.raises(
        DatasetError, match=r"there is no p_TEST.*There are: p_TRAIN.ts, q_TRAIN.ts"
    ):
        load_ts(path + "/p")
    with pytest.raises(DatasetError, match="training part has 1 dimensions, the test part 2"):
        load_ts(path + "/q")
    with pytest.raises(ParameterError, match="takes no x, target, split"):
        load_ts(path + "/q", target="y")


# --- arrays -----------------------------------------------------------------------------------


def test_arrays_of_parts(tmp_path):
    """Arrays called as MedMNIST's or Keras's are official parts, of images or of series."""
    X = np.arange(8 * 6 * 6, dtype=np.uint8).reshape(8, 6, 6)
    y = np.arange(8)[:, None] % 2
    med = {"train_images": X[:4], "train_labels": y[:4], "val_images": X[4:6], "val_labels": y[4:6],
           "test_images": X[6:], "test_labels": y[6:]}  # fmt: skip
    np.savez(tmp_path / "med.npz", **med)
    np.savez(tmp_path / "keras.npz", x_train=X[:6], y_train=y[:6], x_test=X[6:], y_test=y[6:])

    medical = load_images(str(tmp_path / "med.npz"))
    keras = load_ts(str(tmp_path / "keras.npz"))

    assert np.array_equal(medical.X, X)
    assert medical.parts.tolist() == ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    assert medical.y.tolist() == [0, 1] * 4
    assert keras.parts.tolist() == ["train"] * 6 + ["test"] * 2
    assert keras.X[0].shape == (6, 6)


def test_named_arrays(tmp_path):
    """X, y, folds and groups may have any name; strings are classes, fractions are quantities."""
    np.savez(
        tmp_path / "t.npz", data=np.eye(4, dtype=np.int8), labels=np.array(list("abab")),
        cv=np.array([3, 3, 5, 5]), who=np.array([1, 2, 1, 2]), y=np.linspace(0, 1, 4),
    )  # fmt: skip

    path = str(tmp_path / "t.npz")
    dataset = load_npz(path, x="data", target="labels", fold="cv", group="who")

    assert dataset.X.dtype == np.float64
    assert dataset.target.classes == ("a", "b")
    assert dataset.folds.tolist() == [0, 0, 1, 1]
    assert dataset.groups.tolist() == [1, 2, 1, 2]
    assert load_npz(path, x="data").target.kind == "continuous"


@pytest.mark.parametrize(
    ("arrays", "scheme", "message"),
    [
        ({"Z": np.zeros((4, 2))}, "npz", "'X' names no array. It has Z"),
        (
            {"X": np.zeros((4, 2, 2)), "y": np.arange(4)},
            "npz",
            r"shape \(4, 2, 2\).*images:PATH or ts",
        ),
        (
            {"X": np.zeros((4, 2)), "y": np.array([None] * 4)},
            "npz",
            "array 'y' holds pickled Python",
        ),
        ({"X": np.array([["a"]] * 4), "y": np.arange(4)}, "npz", "X is of type <U1"),
        ({"X": np.zeros((4, 2)), "y": np.zeros((4, 2))}, "npz", r"target has the shape \(4, 2\)"),
        ({"X": np.full((4, 2, 2), 999), "y": np.arange(4)}, "images", "X is int64 from 999 to 999"),
        (
            {"X": np.zeros((4, 2, 2, 2)), "y": np.arange(4)},
            "images",
            "the last axis holds the chann",
        ),
        ({"X": np.zeros((4, 2, 2)), "y": np.zeros(4)}, "images", "one class only, 0.0"),
    ],
)
def test_faulty_arrays(tmp_path, arrays, scheme, message):
    """An array that is missing, pickled or of the wrong shape is told by its name."""
    np.savez(tmp_path / "t.npz", **arrays)
    load = {"npz": load_npz, "images": load_images}[scheme]

    with pytest.raises(DatasetError, match=message):
        load(str(tmp_path / "t.npz"))


def test_damaged_arrays(tmp_path):
    """A file that is no archive, or whose header promises more than there is, is refused."""
    path = tmp_path / "t.npz"
    path.write_bytes(b"PK not at all")
    with pytest.raises(DatasetError, match="not a readable NPZ file"):
        load_npz(str(path))
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (900000000000, 2)}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "X.npy", b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode()
        )
    with pytest.raises(DatasetError, match=r"array 'X' is damaged: by its header it takes 14,4"):
        load_npz(str(path))

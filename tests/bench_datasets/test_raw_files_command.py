"""Files of images, recordings, series and texts through the command: read, and refused."""

import io
import re
import struct
import wave
import zlib

import numpy as np
import pytest

SUITE = """
[suite]
name = "raw"
[protocol]
sizes = [16]
outer_seeds = 1
{more}
[[models]]
name = "dummy"
"""

TS = """# made up
@problemName bumps
@timeStamps false
@missing false
@univariate true
@equalLength true
@seriesLength 4
@classLabel true up down
@data
"""


def png(width, height, level=0):
    """A grey image as a PNG file, written by hand: 8 bits, no filter."""
    rows = (b"\0" + bytes([level]) * width) * height
    return png_of(width, height, rows)


def png_of(width, height, rows):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def wav(samples, *, n_bytes=2, rate=8000):
    """Whole numbers as a WAV file of 8 `n_bytes` bits, by Python's own writer."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(n_bytes)
        writer.setframerate(rate)
        writer.writeframes(
            b"".join(int(s).to_bytes(n_bytes, "little", signed=True) for s in samples)
        )
    return file.getvalue()


def ts(labels, rows=30):
    lines = [f"{i},{i + 1},{i + 2},{i + 3}:{labels[i % len(labels)]}" for i in range(rows)]
    return (TS + "\n".join(lines) + "\n").encode()


def classes(folder, content, ending, n=15):
    """Two folders of files, one for each class."""
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for i in range(n):
            (folder / label / f"{i}{ending}").write_bytes(content(i))


def run(command, folder, datasets, more=""):
    """Run a suite with these datasets, planning only."""
    tables = "".join(
        f'[[datasets]]\nname = "{name}"\n{params}\n' for name, params in datasets.items()
    )
    (folder / "raw.toml").write_text(SUITE.format(more=more) + tables)
    cache = {"BENCH_CACHE": str(folder / "cache")}
    return command("run", "./raw.toml", "--dry-run", cwd=folder, env=cache)


def test_every_kind_of_file_is_planned(tmp_path, command):
    """One suite reads image, WAV and text folders, official parts of series, and NPZ files."""
    classes(tmp_path / "pictures", lambda i: png(6, 5, i), ".png")
    classes(tmp_path / "sounds", lambda i: wav(range(i, i + 50)), ".wav")
    classes(tmp_path / "notes", lambda i: f"note {i}".encode(), ".txt")
    (tmp_path / "bumps_TRAIN.ts").write_bytes(ts(["up", "down"]))
    (tmp_path / "bumps_TEST.ts").write_bytes(ts(["up", "down"]))
    np.savez(tmp_path / "table.npz", X=np.arange(60.0).reshape(30, 2), y=np.arange(30) % 2)

    ended = run(
        command,
        tmp_path,
        {"images:pictures": "", "wav:sounds": "", "texts:notes": "", "ts:bumps": "",
         "npz:table.npz": ""},
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    for name in ("pictures", "sounds", "notes", "bumps", "table"):
        assert name in ended.stdout


def test_broken_files_are_one_message_each(tmp_path, command):
    """Each broken file is named in a message of its own, with exit code 2 and no traceback; none
    hides another.
    """
    good = png(6, 5)
    for name in ("cut", "mixed", "huge"):
        classes(tmp_path / name, lambda i: good, ".png")
    noise = np.random.default_rng(0).integers(0, 255, (40, 41), dtype=np.uint8)
    noise[:, 0] = 0
    whole = png_of(40, 40, noise.tobytes())
    (tmp_path / "cut" / "dog" / "0.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "mixed" / "dog" / "1.png").write_bytes(png(7, 5))
    (tmp_path / "huge" / "dog" / "2.png").write_bytes(png_of(50_000, 50_000, b""))
    classes(tmp_path / "silent", lambda i: wav(range(50)), ".wav")
    (tmp_path / "silent" / "dog" / "3.wav").write_bytes(wav([]))
    classes(tmp_path / "blank", lambda i: wav(range(50)), ".wav")
    (tmp_path / "blank" / "dog" / "4.wav").write_bytes(b"")
    (tmp_path / "one" / "cat").mkdir(parents=True)
    (tmp_path / "one" / "cat" / "5.png").write_bytes(good)
    classes(tmp_path / "latin", lambda i: b"plain", ".txt")
    (tmp_path / "latin" / "dog" / "6.txt").write_bytes("na\xefve".encode("latin-1"))
    (tmp_path / "bad_TRAIN.ts").write_bytes(ts(["up", "down"]))
    (tmp_path / "bad_TEST.ts").write_bytes(ts(["up"]).replace(b"seriesLength 4", b"seriesLength 5"))
    np.savez(tmp_path / "pickled.npz", X=np.arange(60.0).reshape(30, 2), y=np.array([{}] * 30))

    ended = run(
        command,
        tmp_path,
        {
            "images:cut": "", "images:mixed": "", "images:huge": "", "wav:silent": "",
            "wav:blank": "", "images:one": "", "texts:latin": "", "ts:bad": "",
            "npz:pickled.npz": "", "iris": "",
        },
    )  # fmt: skip

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    said = re.sub(r"\s+", " ", ended.stderr)
    for message in (
        "dog/0.png is damaged",
        "dog/1.png is 7 x 5 pixels, but cat/0.png is 6 x 5",
        "dog/2.png is not read: Image size (2500000000 pixels) exceeds limit",
        "dog/3.wav holds no samples",
        "dog/4.wav is empty",
        "one: all 1 files are of one class, 'cat'",
        "dog/6.txt is not text in utf-8: byte 2 is 0xef",
        "bad_TEST.ts, line 10 has 4 steps, but @seriesLength (line 7) is 5",
        "pickled.npz: array 'y' holds pickled Python objects",
    ):
        assert said.count(message) == 1, (message, ended.stderr)


def test_recordings_of_24_bits_are_read(tmp_path, command):
    """A WAV file of 24 bits is decoded, not refused."""
    classes(tmp_path / "fine", lambda i: wav(range(i, i + 50), n_bytes=3), ".wav")

    ended = run(command, tmp_path, {"wav:fine": ""})

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("scheme", ["images", "wav", "ts", "texts", "npz"])
def test_a_path_to_nothing(scheme):
    """What is not there is told by name, whatever the kind."""
    from importlib import import_module

    from bench import DatasetError

    module, loader = {
        "images": ("image_files", "load_images"), "wav": ("audio_files", "load_wav"),
        "ts": ("series_files", "load_ts"), "texts": ("text_files", "load_texts"),
        "npz": ("npz", "load_npz"),
    }[scheme]  # fmt: skip
    with pytest.raises(DatasetError, match="nowhere"):
        getattr(import_module(f"bench_datasets.{module}"), loader)("nowhere/nothing")

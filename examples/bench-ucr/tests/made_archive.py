"""A made archive: every problem that the suite and the records name, with series of our own.

``python made_archive.py FOLDER`` writes it.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from bench_ucr import PROBLEMS

HEADER = (
    "#made by a test\n@problemName Made\n@missing false\n@univariate {}\n@classLabel true a b\n"
)


def made_text(seed, n_channels=1):
    """Twelve series of a class "a" that rises or "b" that falls, as a .ts file."""
    rng = np.random.default_rng(seed)
    lines = [HEADER.format("true" if n_channels == 1 else "false") + "@data"]
    for row in range(12):
        slope = 1 if row % 2 else -1
        series = slope * np.linspace(0, 1, 24) + rng.normal(0, 0.05, (n_channels, 24))
        channels = [",".join(f"{value:.5f}" for value in channel) for channel in series]
        lines.append(":".join([*channels, "a" if row % 2 else "b"]))
    return "\n".join(lines) + "\n"


def zipped(problem):
    """The zip file of a made problem."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for seed, ending in enumerate(("TRAIN", "TEST")):
            archive.writestr(f"{problem}_{ending}.ts", made_text(seed))
    return content.getvalue()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for problem in (*PROBLEMS, "Trace"):
        (folder / f"{problem}.zip").write_bytes(zipped(problem))

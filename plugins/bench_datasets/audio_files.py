"""Recordings of the user's: folders of WAV files, and columns of Parquet tables."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, DatasetError, ParameterError
from bench_datasets import raw_tables
from bench_datasets.folders import (
    Naming,
    check_bytes,
    check_unused,
    found_in,
    labelled,
)
from bench_datasets.table import ColumnRef, Roles, Split, Table

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".wav", ".wave")
RATES = (1000, 384_000)
"""Samples in a second that recordings may have."""


def load_wav(
    path: str,
    *,
    sampling_rate: int | None = None,
    files: str | None = None,
    label: str | None = None,
    split: Split | None = None,
    fold: ColumnRef | None = None,
    group: ColumnRef | None = None,
    target: ColumnRef | None = None,
    audio: ColumnRef | None = None,
) -> Dataset:
    """Return recordings: of a folder of WAV files, or of a column of a Parquet table.

    Parameters
    ----------
    path
        A folder of WAV files, in a folder for each class or with the class in their names, or a
        tar archive of one; a Parquet file, or a folder of such.
    sampling_rate
        In samples per second, that recordings are brought to (by a polyphase filter,
        `scipy.signal.resample_poly`). Not given: all must have the same.
    files, label
        Of folders: `bench_datasets.folders.Naming`.
    split, fold, group
        Of folders, patterns of the file names; of tables, columns (`bench_datasets.table.Roles`).
    target, audio
        Of tables: the columns of the classes (not given: label) and of the recordings, bytes of a
        WAV file or a struct of bytes and path (not given: the only such column, or audio).

    Returns
    -------
    Dataset
        X list of float32 arrays (n,), channels averaged, full scale from -1 to 1;
        ``extra["sampling_rate"]``.

    Raises
    ------
    DatasetError
        A file is no WAV file of PCM (8, 16, 24, 32 bits) or float samples, cut short or without a
        sample; recordings differ in sampling rate, or would take more than 4 GiB.
    ParameterError
        A parameter is of an unknown value, or means nothing for this kind of source.
    """
    source = f"wav:{path}"
    low, high = RATES
    if sampling_rate is not None and not (
        isinstance(sampling_rate, int) and low <= sampling_rate <= high
    ):
        raise ParameterError(
            f"{source}: sampling_rate is {sampling_rate!r}; a whole number from {low:,} to "
            f"{high:,} is needed."
        )
    given = {
        "files": files, "label": label, "split": split, "fold": fold, "group": group,
        "target": target, "audio": audio,
    }  # fmt: skip
    divided = ("split", "fold", "group")
    if raw_tables.is_table(path):
        check_unused(source, given, "a table", ("target", "audio", *divided))
        table = raw_tables.parquet(path, "wav")
        roles = Roles(target=target, split=split, fold=fold, group=group)
        roles = raw_tables.with_target(table, roles)
        place = raw_tables.column_of(table, roles, audio, "audio", raw_tables.is_binary)
        rates: list[int] = []

        def decode(table: Table, column: pa.ChunkedArray) -> list[NDArray[np.float32]]:
            waves, rate = decoded(raw_tables.contents(table, column), source, sampling_rate)
            rates.append(rate)
            return waves

        dataset = raw_tables.from_column(table, roles, place, decode)
        return replace(dataset, extra={"sampling_rate": rates[0]})
    check_unused(source, given, "a folder or an archive", ("files", "label", *divided))
    naming = Naming(files=files, label=label, split=split, fold=fold, group=group)
    rows = labelled(found_in(path, "wav", ENDINGS, naming), naming)
    waves, rate = decoded(rows.files.contents(), source, sampling_rate)
    return rows.dataset(waves, {"sampling_rate": rate})


def decoded(
    contents: Iterable[tuple[str, bytes]], source: str, sampling_rate: int | None
) -> tuple[list[NDArray[np.float32]], int]:
    """Return recordings, float32 (n,) each, and how many samples a second has.

    Parameters
    ----------
    contents
        What messages call each recording, and its file's content.
    source
        What messages call all of them.
    sampling_rate
        That they are brought to; None: they must have the same.

    Raises
    ------
    DatasetError
        As for `load_wav`.
    """
    waves: list[NDArray[np.float32]] = []
    common, first, n_bytes = sampling_rate, "", 0
    for name, content in contents:
        rate, wave = _decode(content, f"{source}: {name}")
        if common is None:
            common, first = rate, name
        if rate != common:
            if sampling_rate is None:
                raise DatasetError(
                    f"{source}: {name} has {rate:,} samples per second, but {first} has "
                    f"{common:,}. Give the rate that all are brought to: params = {{ "
                    f"sampling_rate = {min(rate, common)} }}."
                )
            wave = _resampled(wave, rate, common)
        n_bytes += wave.nbytes
        check_bytes(n_bytes, source, " Give a lower sampling_rate.")
        waves.append(wave)
    if common is None or not waves:
        raise DatasetError(f"{source} holds no recordings.")
    return waves, common


def _decode(content: bytes, where: str) -> tuple[int, NDArray[np.float32]]:
    """Return the sampling rate, and the samples of all channels averaged."""
    from scipy.io import wavfile

    if not content:
        raise DatasetError(f"{where} is empty, and no recording.")
    if content[:4] not in (b"RIFF", b"RIFX", b"RF64"):
        raise DatasetError(
            f"{where} is no WAV file: it begins with {content[:4]!r}. Other kinds of recordings "
            "are to be converted to WAV first."
        )
    try:
        with warnings.catch_warnings():
            # Chunks that are not understood are no matter; those that end too early are.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            warnings.filterwarnings("error", "Reached EOF|Incomplete", wavfile.WavFileWarning)
            rate, samples = wavfile.read(io.BytesIO(content))
    except Exception as error:  # a reader raises whatever broken bytes lead it to
        raise DatasetError(
            f"{where} is no readable WAV file of PCM or float samples: "
            f"{str(error).strip(' .') or type(error).__name__}."
        ) from error
    if samples.size == 0:
        raise DatasetError(f"{where} holds no samples: a recording of zero length.")
    if not RATES[0] <= rate <= RATES[1]:
        raise DatasetError(
            f"{where} has {rate:,} samples per second by its header; {RATES[0]:,} to {RATES[1]:,} "
            "are allowed."
        )
    wave = _full_scale(samples)
    if wave.ndim == 2:
        wave = wave.mean(axis=1)
    if not np.isfinite(wave).all():
        raise DatasetError(f"{where} holds samples that are no finite numbers.")
    return int(rate), wave.astype(np.float32)


def _full_scale(samples: NDArray[Any]) -> NDArray[Any]:
    """Bring whole numbers to -1 to 1; of 24 bits, SciPy leaves the lowest 8 of 32 empty."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float64)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    return np.asarray(samples / 2.0 ** (8 * samples.dtype.itemsize - 1))


def _resampled(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    from scipy.signal import resample_poly

    divisor = math.gcd(rate, wanted)
    resampled = resample_poly(wave, wanted // divisor, rate // divisor)
    return np.asarray(np.clip(resampled, -1, 1), dtype=np.float32)

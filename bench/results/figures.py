"""Figures across the trials of a run: scores that no trial has by itself, in a file of their own.

They can be computed again from what the trials have; until then, the manifest has a copy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.results import manifest as manifests
from bench.results.layout import settle
from bench.results.parts import DAMAGE, REMEDY, Tell, nobody
from bench.results.schema import SCHEMAS, conform, stamp, version_of
from bench.spec.errors import UnwritableError

if TYPE_CHECKING:
    from bench.spec.outcome import Score

FILE = "across.parquet"


def read_figures(folder: Path, tell: Tell = nobody) -> pa.Table:
    """Return the figures of a run in the form of its scores: the part ``"across"``.

    `tell` is told where they are damaged.

    Raises
    ------
    ResultsError
        A newer bench wrote them.
    """
    path = folder / FILE
    nothing = SCHEMAS["scores"].empty_table()
    data, problem = manifests.read_file(folder, FILE)
    if problem:
        tell(f"{problem}. {REMEDY}.")
    if data is None:
        return nothing
    try:
        with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
            table = file.read()
    except DAMAGE:
        tell(f"{path} is damaged: its figures are lost until the suite is run again.")
        return nothing
    return conform("scores", table, version_of(table.schema.metadata, path), path)


def write_figures(
    folder: Path, run_id: str, trial_ids: Collection[str], scores: Iterable[tuple[str, Score]]
) -> None:
    """Keep figures in place of the earlier ones of some trials; those of other trials stay.

    Raises
    ------
    UnwritableError
        The disk is full, or fails.
    ResultsError
        The figures there are of a newer bench.
    """
    earlier = read_figures(folder)
    own = pa.array(sorted(trial_ids), pa.string())
    replaced = pc.is_in(earlier["trial_id"].cast(pa.string()), value_set=own)
    rows = [{"run_id": run_id, "trial_id": key, **one._asdict()} for key, one in scores]
    new = pa.Table.from_pylist(rows, SCHEMAS["scores"])
    table = pa.concat_tables([earlier.filter(pc.invert(replaced)), new])
    if table.equals(earlier):
        return
    sink = pa.BufferOutputStream()
    pq.write_table(table.cast(stamp(SCHEMAS["scores"])), sink, write_page_checksum=True)
    data = sink.getvalue().to_pybytes()
    try:
        manifests.replace_file(folder, settle(folder, nobody), FILE, data)
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written: {error.strerror}.") from error

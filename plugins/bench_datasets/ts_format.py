"""The .ts format of the UEA and UCR archives (Bagnall et al., 2018, arXiv:1811.00075)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench import DatasetError, nearest

_TAGS = (
    "problemname", "timestamps", "missing", "univariate", "dimensions", "dimension",
    "equallength", "serieslength", "classlabel", "targetlabel", "data",
)  # fmt: skip
_YES = {"true": True, "false": False}
_PAIR = re.compile(r"\(([^,()]*),([^()]*)\)")


@dataclass(frozen=True)
class Series:
    """What a file holds.

    Parameters
    ----------
    values
        A float64 array (length, channels) for each series; missing values are NaN.
    labels
        Of the classes, as they stand in the file, or numbers as text; empty: there are none.
    classes
        Of the header, in its order; empty: labels are numbers, or there are none.
    """

    values: list[NDArray[np.float64]]
    labels: list[str]
    classes: tuple[str, ...]


@dataclass
class _Header:
    """What lines before the data say; None: nothing."""

    lines: dict[str, int] = field(default_factory=dict)
    has_times: bool = False
    has_missing: bool | None = None
    is_univariate: bool | None = None
    is_equal: bool | None = None
    n_channels: int | None = None
    length: int | None = None
    classes: tuple[str, ...] = ()
    has_label: bool = False


def parse(lines: Iterable[str], where: str) -> Series:
    """Return the series of a .ts file.

    Parameters
    ----------
    lines
        Of the file.
    where
        What messages call it.

    Raises
    ------
    DatasetError
        The header is unknown, contradicts itself or the data, or a value is no number.
    """
    header = _Header()
    is_data = False
    values: list[NDArray[np.float64]] = []
    labels: list[str] = []
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        at = f"{where}, line {number}"
        if not line or line.startswith(("#", "%")):
            continue
        if is_data:
            series, label = _row(line, header, at)
            _check(series, header, values, at)
            values.append(series)
            labels += label
        elif line.startswith("@"):
            is_data = _read_tag(line, header, number, at)
        else:
            raise DatasetError(
                f"{at}: {line[:40]!r} stands before @data. A .ts file begins with lines such as "
                "@problemName, @univariate and @classLabel, and @data ends them."
            )
    if not is_data:
        raise DatasetError(f"{where} has no line @data: it is no .ts file, or was cut short.")
    if not values:
        raise DatasetError(f"{where} has no series below @data.")
    return Series(values, labels, header.classes)


# --- the header -------------------------------------------------------------------------------


def _read_tag(line: str, header: _Header, number: int, at: str) -> bool:
    """Take in a line of the header; return whether it is the last one."""
    name, *words = line[1:].split()
    tag = name.lower()
    if tag not in _TAGS:
        raise DatasetError(
            f"{at}: @{name} is no tag of a .ts file; allowed: "
            f"{', '.join('@' + known for known in _TAGS)}.{nearest(tag, _TAGS)}"
        )
    if tag in header.lines:
        raise DatasetError(f"{at}: @{name} stands in line {header.lines[tag]} already.")
    header.lines[tag] = number
    if tag == "timestamps":
        header.has_times = _truth(name, words, at)
    elif tag == "missing":
        header.has_missing = _truth(name, words, at)
    elif tag == "univariate":
        header.is_univariate = _truth(name, words, at)
    elif tag == "equallength":
        header.is_equal = _truth(name, words, at)
    elif tag in ("dimensions", "dimension"):
        header.n_channels = _whole(name, words, at)
    elif tag == "serieslength":
        header.length = _whole(name, words, at)
    elif tag in ("classlabel", "targetlabel"):
        header.has_label = _truth(name, words[:1], at)
        if tag == "classlabel":
            header.classes = tuple(words[1:])
            if header.has_label and len(header.classes) < 2:
                raise DatasetError(
                    f"{at}: @{name} true names {len(header.classes)} classes; two or more are "
                    "needed, as in '@classLabel true walking running'."
                )
    if tag != "data":
        return False
    if header.is_univariate and (header.n_channels or 1) != 1:
        raise DatasetError(
            f"{at}: @univariate is true, but @dimensions (line "
            f"{header.lines.get('dimensions', header.lines.get('dimension'))}) is "
            f"{header.n_channels}."
        )
    if header.is_univariate:
        header.n_channels = 1
    return True


def _truth(name: str, words: Sequence[str], at: str) -> bool:
    if len(words) != 1 or words[0].lower() not in _YES:
        raise DatasetError(f"{at}: @{name} is {' '.join(words)!r}; allowed: true, false.")
    return _YES[words[0].lower()]


def _whole(name: str, words: Sequence[str], at: str) -> int:
    if len(words) != 1 or not words[0].isascii() or not words[0].isdigit() or int(words[0]) < 1:
        raise DatasetError(f"{at}: @{name} is {' '.join(words)!r}; a number from 1 is needed.")
    return int(words[0])


# --- the data ---------------------------------------------------------------------------------


def _row(line: str, header: _Header, at: str) -> tuple[NDArray[np.float64], list[str]]:
    # Times of day hold colons of their own, within brackets.
    cells = re.split(r":(?![^(]*\))", line) if header.has_times else line.split(":")
    labels = []
    if header.has_label:
        label = cells.pop().strip()
        if header.classes and label not in header.classes:
            raise DatasetError(
                f"{at}: the class {label!r} is none of @classLabel (line "
                f"{header.lines['classlabel']}): {', '.join(header.classes[:20])}."
                f"{nearest(label, header.classes)}"
            )
        labels = [label]
    if header.n_channels is not None and len(cells) != header.n_channels:
        said = "@univariate true" if header.is_univariate else f"@dimensions {header.n_channels}"
        raise DatasetError(f"{at} holds {len(cells)} dimensions, but the header says {said}.")
    read = _timed if header.has_times else _values
    channels = [read(cell, at) for cell in cells]
    if len({len(channel) for channel in channels}) > 1:
        lengths = ", ".join(str(len(channel)) for channel in channels[:20])
        raise DatasetError(f"{at}: its dimensions differ in length: {lengths}.")
    return np.column_stack(channels), labels


def _values(cell: str, at: str) -> NDArray[np.float64]:
    words = cell.split(",")
    try:
        return np.array([np.nan if word.strip() == "?" else float(word) for word in words])
    except ValueError as error:
        raise DatasetError(f"{at}: {error}. Values are numbers, or ? where missing.") from error


def _timed(cell: str, at: str) -> NDArray[np.float64]:
    """Return the values of ``(time,value)`` pairs, whose times must be evenly spaced."""
    pairs = _PAIR.findall(cell)
    if not pairs or _PAIR.sub("", cell).strip(" ,"):
        raise DatasetError(f"{at}: @timestamps is true, but {cell[:40]!r} is not (time,value),...")
    times = [time.strip() for time, _ in pairs]
    try:
        steps = np.diff(np.array(times, dtype=np.float64))
    except ValueError:
        try:
            steps = np.diff(np.array(times, dtype="datetime64[us]").astype(np.int64))
        except ValueError as error:
            raise DatasetError(f"{at}: a time is neither number nor date: {error}.") from error
    if len(steps) and not (np.all(steps > 0) and np.allclose(steps, steps[0], rtol=1e-6)):
        raise DatasetError(
            f"{at}: its times are not evenly spaced, which is not read. Bring the series to equal "
            "steps first."
        )
    return _values(",".join(value for _, value in pairs), at)


def _check(
    series: NDArray[np.float64], header: _Header, earlier: Sequence[NDArray[np.float64]], at: str
) -> None:
    """Refuse a series that the header or the series before it contradict."""
    length, n_channels = series.shape
    lines: Mapping[str, int] = header.lines
    if header.has_missing is False and np.isnan(series).any():
        raise DatasetError(
            f"{at} holds missing values, but @missing (line {lines['missing']}) is false."
        )
    if header.is_equal is not False and header.length not in (None, length):
        raise DatasetError(
            f"{at} has {length} steps, but @seriesLength (line {lines['serieslength']}) is "
            f"{header.length}."
        )
    if not earlier:
        return
    if n_channels != earlier[0].shape[1]:
        raise DatasetError(
            f"{at} holds {n_channels} dimensions, but the first series {earlier[0].shape[1]}."
        )
    if header.is_equal and length != len(earlier[0]):
        raise DatasetError(
            f"{at} has {length} steps and the first series {len(earlier[0])}, but @equalLength "
            f"(line {lines['equallength']}) is true."
        )

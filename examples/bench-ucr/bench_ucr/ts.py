"""The .ts format of the archives: series with classes, one a line (Bagnall et al., 2018).

Read is what the classification problems of https://arxiv.org/abs/1811.00075 use: channels between
colons, values between commas, ``?`` where one is missing, the class at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import bench


@dataclass(frozen=True)
class Series:
    """What a file holds: an array (length, channels) and a label per series, and the classes."""

    values: list[NDArray[np.float64]]
    labels: list[str]
    classes: tuple[str, ...]


def parse(text: str, where: str) -> Series:
    """Return the series of a file.

    Raises
    ------
    bench.DatasetError
        It has no classes, names times, or a line is not of the format; `where` and the line say
        which.
    """
    classes: tuple[str, ...] = ()
    values: list[NDArray[np.float64]] = []
    labels: list[str] = []
    is_data = False
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        at = f"{where}, line {number}"
        if is_data:
            series, label = _row(line, at)
            if label not in classes:
                raise bench.DatasetError(
                    f"{at}: the class {label!r} is none of @classLabel: {', '.join(classes)}."
                )
            if values and series.shape[1] != values[0].shape[1]:
                raise bench.DatasetError(
                    f"{at} has {series.shape[1]} channels, the first series {values[0].shape[1]}."
                )
            values.append(series)
            labels.append(label)
            continue
        tag, *words = line.lower().split()
        if tag == "@timestamps" and words == ["true"]:
            raise bench.DatasetError(f"{at}: series with time stamps are not read.")
        if tag == "@classlabel":
            classes = tuple(line.split()[2:])
        is_data = tag == "@data"
        if is_data and len(classes) < 2:
            raise bench.DatasetError(f"{where} has no @classLabel with two classes or more.")
    if not values:
        raise bench.DatasetError(f"{where} holds no series below @data.")
    return Series(values, labels, classes)


def _row(line: str, at: str) -> tuple[NDArray[np.float64], str]:
    *channels, label = line.split(":")
    try:
        columns = [
            [float("nan" if value.strip() == "?" else value) for value in channel.split(",")]
            for channel in channels
        ]
    except ValueError as error:
        raise bench.DatasetError(f"{at}: {error}; a number or ? is needed.") from error
    if not columns or len({len(column) for column in columns}) != 1:
        raise bench.DatasetError(f"{at}: channels of one length and a class are needed.")
    return np.array(columns).T, label.strip()

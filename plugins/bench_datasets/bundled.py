"""The data sets that scikit-learn ships."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import Column, Dataset, Target


def load_iris() -> Dataset:
    """Return iris: (150, 4) lengths in centimetres and three species.

    These are Fisher's own figures (1936, doi:10.1111/j.1469-1809.1936.tb02137.x). The copies at UCI
    and OpenML (id 61) differ in rows 34 and 37; the LCDB figures that bench is tested against are
    the same for both.
    """
    from sklearn.datasets import load_iris as load

    return _classes(load())


def load_wine() -> Dataset:
    """Return wine: (178, 13) chemical measurements and three growers."""
    from sklearn.datasets import load_wine as load

    return _classes(load())


def load_breast_cancer() -> Dataset:
    """Return breast cancer: (569, 30) measurements, benign or malignant.

    The order of the classes is that of OpenML (id 1510) and LCDB, the reverse of scikit-learn's.
    """
    from sklearn.datasets import load_breast_cancer as load

    return _classes(load(), order=("benign", "malignant"))


def load_digits() -> Dataset:
    """Return digits as a table: (1797, 64) counts from 0 to 16, row by row."""
    from sklearn.datasets import load_digits as load

    return _classes(load())


def load_digits_image() -> Dataset:
    """Return digits as images: (1797, 8, 8, 1) grey values from 0 to 1, float32."""
    from sklearn.datasets import load_digits as load

    bunch = load()
    images = (bunch.images / 16).astype(np.float32)[..., np.newaxis]
    return Dataset(images, bunch.target, target=Target.of_classes(range(10)))


def load_diabetes() -> Dataset:
    """Return diabetes: (442, 10) measurements in their own units, and the progress.

    scikit-learn's default is a copy scaled on all rows at once, test rows included; this is not it
    (Efron et al., 2004, doi:10.1214/009053604000000067).
    """
    from sklearn.datasets import load_diabetes as load

    bunch = load(scaled=False)
    return Dataset(
        bunch.data,
        bunch.target,
        columns=_columns(bunch.feature_names),
        target=Target("continuous"),
    )


def _classes(bunch: Any, order: tuple[str, ...] | None = None) -> Dataset:
    labels = bunch.target_names[bunch.target]
    return Dataset(
        bunch.data,
        labels,
        columns=_columns(bunch.feature_names),
        target=Target.of_classes(order or bunch.target_names.tolist()),
    )


def _columns(names: Any) -> tuple[Column, ...]:
    return tuple(Column(str(name)) for name in names)

"""A plugin with conditions of its own: blurred images, columns that go, and series with a drift.

It uses nothing but what ``import bench`` offers.
"""

import dataclasses

import numpy as np

import bench


def blur(parts, chance, scale, amount):
    """Blur images along both axes by a box of 2 * amount + 1 pixels; nothing is drawn."""

    def blurred(X):
        width, axes = 2 * amount + 1, ((0, 0), (amount, amount), (amount, amount))
        padded = np.pad(X.astype(float), axes + ((0, 0),) * (X.ndim - 3), mode="edge")
        for axis in (1, 2):
            padded = np.apply_along_axis(
                np.convolve, axis, padded, np.full(width, 1 / width), "valid"
            )
        return padded.astype(X.dtype)

    return _each(parts, blurred)


def no_image(facts):
    """Say why there is nothing to blur."""
    return None if facts.modality == "image" else f"blur is for images; these are {facts.modality}"


def drop_columns(parts, chance, scale, amount):
    """Take all values of some columns of an array away, the same for all sizes of a split."""
    n_columns = parts.train.X.shape[1]
    gone = chance.stream().permutation(n_columns)[:amount]

    def without(X):
        X = X.astype(float)
        X[:, gone] = np.nan
        return X

    return _each(parts, without)


def no_columns(facts):
    """Say why there are no columns that could go."""
    return None if facts.modality == "tabular" else "columns go from tables only"


def wander(parts, chance, scale, amount):
    """Add noise to the history of a series, in its own standard deviations: a part without rows."""
    noise = amount * np.std(scale.dataset.X) * chance.normal()
    train = parts.train
    return dataclasses.replace(
        parts, train=dataclasses.replace(train, X=train.X + noise[train.rows])
    )


def no_history(facts):
    """Say why there is no history."""
    return None if facts.task == "toy-forecasting" else "only a history can wander"


def _each(parts, change):
    def changed(part):
        return None if part is None else dataclasses.replace(part, X=change(part.X))

    return dataclasses.replace(
        parts,
        train=changed(parts.train),
        validation=changed(parts.validation),
        test=changed(parts.test),
    )


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="blur",
        label="blur",
        default=0,
        ge=0,
        le=3,
        changes="X",
        apply="own_conditions:blur",
        objection="own_conditions:no_image",
        summary="Pixels on each side that a pixel is averaged with.",
    )
    yield bench.Change(
        key="drop.columns",
        label="columns dropped",
        default=0,
        ge=0,
        changes="X",
        apply="own_conditions:drop_columns",
        objection="own_conditions:no_columns",
        makes_missing=True,
        version="2",
        summary="Columns of which no value is left.",
    )
    yield bench.Change(
        key="wander",
        label="wandering",
        default=0.0,
        ge=0,
        changes="X",
        apply="own_conditions:wander",
        objection="own_conditions:no_history",
        summary="Noise on the history, in its standard deviations.",
    )

"""Images of geometric shapes, whose class is the shape and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, Target
from bench_datasets import making
from bench_datasets.making import check, check_whole, column

SHAPES = ("disc", "triangle", "square", "cross", "star", "bar", "pentagon", "hexagon")

_STARS = {
    "triangle": (3, np.cos(np.pi / 3)),
    "star": (5, 0.45),
    "pentagon": (5, np.cos(np.pi / 5)),
    "hexagon": (6, np.cos(np.pi / 6)),
}
"""Points, and radius of the dents between them: of a polygon, that of the middles of its edges."""

_Field = NDArray[np.float32]


def make_shapes(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    size: int = 32,
    n_classes: int = 6,
    noise: float = 0.1,
    clutter: int = 2,
    filled: float = 0.5,
    rotation: float = 180.0,
    color: bool = False,
    flip_y: float = 0.0,
) -> Dataset:
    """Return images of one shape each, its class; place, size, angle, filling and shades vary.

    The shape is some 30 to 80 % as wide as the image and may be lighter or darker than the ground,
    filled or an outline. Shapes do not overlap as sets of images, and only noise, clutter and few
    pixels make them alike: with little noise the best possible accuracy is ``1 - flip_y``.

    Parameters
    ----------
    n_samples, seed
        Images; the seed makes all of them.
    size
        Pixels of height and width, 12 and more.
    n_classes
        2 to 8 of disc, triangle, square, cross, star, bar, pentagon, hexagon, in this order: the
        last ones are hard to tell from a disc.
    noise
        Standard deviation of normal noise of the pixels, black being 0 and white 1.
    clutter
        Most bars and dots that lie about in an image, behind the shape.
    filled
        Share of filled shapes; the others are outlines.
    rotation
        Most degrees that a shape is turned, either way.
    color
        Whether images are red, green and blue, of random colours, instead of grey.
    flip_y
        Share of images labelled with another class.

    Returns
    -------
    Dataset
        X uint8 (n_samples, size, size), or (n_samples, size, size, 3) in colour.

    Raises
    ------
    DatasetError
        A parameter is out of its range.
    """
    name = "make-shapes"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "size", size, 12, 1024)
    check_whole(name, "n_classes", n_classes, 2, len(SHAPES))
    check(name, "noise", noise, 0, 10)
    check_whole(name, "clutter", clutter, 0, 100)
    check(name, "filled", filled, 0, 1)
    check(name, "rotation", rotation, 0, 180)
    check(name, "flip_y", flip_y, 0, 1)
    labels, layouts, shades, things, grain, luck = making.streams(seed, 6)
    classes = making.classes_of(labels, n_samples, n_classes)
    draws = layouts.random((n_samples, 6))
    n_channels = 3 if color else 1
    tones = shades.random((n_samples, 3, n_channels), dtype=np.float32)
    X = np.empty((n_samples, size, size, n_channels), dtype=np.uint8)
    for rows in making.chunks(n_samples):
        image, paint = _ground(tones[rows])
        image = _cluttered(image, things, clutter, size)
        mask = _drawn(classes[rows], draws[rows], size, filled, rotation)
        image += mask[..., None] * (paint - image)
        image += noise * grain.standard_normal(image.shape, dtype=np.float32)
        X[rows] = making.grey_bytes(image)
    y = making.turned(luck, classes, n_classes, flip_y)
    names = SHAPES[:n_classes]
    return Dataset(X if color else X[..., 0], np.array(names)[y], target=Target.of_classes(names))


def _ground(tones: _Field) -> tuple[_Field, _Field]:
    """Return the ground's and the shape's shades (n, 1, 1, channels), well apart from each other.

    In colour each channel is lighter or darker by itself.
    """
    ground = 0.2 + 0.6 * tones[:, 0]
    step = 0.3 + 0.3 * tones[:, 1]
    sign = np.where(ground + np.float32(0.2) * (tones[:, 2] - 0.5) > 0.5, -1, 1)
    paint = ground + sign.astype(np.float32) * step
    return ground[:, None, None], np.clip(paint, 0, 1)[:, None, None]


def _cluttered(image: _Field, rng: np.random.Generator, most: int, size: int) -> _Field:
    """Lay short bars and dots over the ground of images, up to `most` in each."""
    x, y = making.grid(size)
    n = len(image)
    draws = rng.random((n, most, 6), dtype=np.float32)
    image = np.broadcast_to(image, (n, size, size, image.shape[-1])).copy()
    for k in range(most):
        u, v, angle, length, shade, is_there = draws[:, k].T
        u, v = _turned(x, y, 2 * u - 1, 2 * v - 1, np.pi * angle)
        mask = _inside(_box(u, v, column(0.02 + 0.25 * length), np.float32(0.03)), size)
        mask *= column(is_there < 0.75)
        image += mask[..., None] * (shade[:, None, None, None] - image)
    return image


def _drawn(
    classes: NDArray[np.int64], draws: NDArray[Any], size: int, filled: float, rotation: float
) -> _Field:
    """Return how much of each pixel the shape covers (n, size, size)."""
    x, y = making.grid(size)
    radius = 0.3 + 0.5 * draws[:, 0]
    room = np.maximum(0.0, 0.95 - radius)
    u, v = _turned(
        x,
        y,
        room * (2 * draws[:, 1] - 1),
        room * (2 * draws[:, 2] - 1),
        np.deg2rad(rotation) * (2 * draws[:, 3] - 1),
    )
    distance = np.empty_like(u)
    for shape in np.unique(classes):
        rows = classes == shape
        distance[rows] = _distance(SHAPES[shape], u[rows], v[rows], column(radius[rows]))
    width = column(np.maximum(0.08 + 0.08 * draws[:, 4], 2.0 / size))
    outline = np.maximum(distance, -(distance + width))
    return _inside(np.where(column(draws[:, 5]) < filled, distance, outline), size)


def _turned(x: _Field, y: _Field, dx: Any, dy: Any, angle: Any) -> tuple[_Field, _Field]:
    """Return coordinates (n, size, size) seen from places, turned by angles in radians."""
    cos, sin = column(np.cos(angle)), column(np.sin(angle))
    u, v = x - column(np.asarray(dx)), y - column(np.asarray(dy))
    return cos * u + sin * v, cos * v - sin * u


def _distance(shape: str, u: _Field, v: _Field, radius: _Field) -> _Field:
    """Return the signed distance to a shape's edge, negative inside; about so at corners."""
    if shape == "disc":
        return np.asarray(np.hypot(u, v) - np.float32(0.9) * radius)
    if shape == "square":
        return _box(u, v, np.float32(0.75) * radius, np.float32(0.75) * radius)
    if shape == "bar":
        return _box(u, v, radius, np.float32(0.35) * radius)
    if shape == "cross":
        arm = np.float32(0.3) * radius
        return np.minimum(_box(u, v, radius, arm), _box(u, v, arm, radius))
    n_points, dent = _STARS[shape]
    sector = np.pi / n_points
    angle = np.abs((np.arctan2(u, -v) + sector) % (2 * sector) - sector)
    r = np.hypot(u, v)
    # One edge in the folded sector runs from the point (1, 0) to the dent.
    edge = np.array([dent * np.cos(sector) - 1, dent * np.sin(sector)])
    normal = np.array([edge[1], -edge[0]]) / np.hypot(*edge)
    along, across = np.float32(normal[0]), np.float32(normal[1])
    return np.asarray((r * np.cos(angle) - radius) * along + r * np.sin(angle) * across)


def _box(u: _Field, v: _Field, half_width: Any, half_height: Any) -> _Field:
    return np.asarray(np.maximum(np.abs(u) - half_width, np.abs(v) - half_height))


def _inside(distance: _Field, size: int) -> _Field:
    """Return the covered share of pixels, which are two `size`-ths wide, from their distance."""
    return np.asarray(np.clip(0.5 - distance * np.float32(size / 2), 0, 1), dtype=np.float32)

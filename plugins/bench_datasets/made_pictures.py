"""Grey pictures as medicine and portraits have them: tissue with lesions, and faces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from bench import Dataset, Target
from bench_datasets import making
from bench_datasets.making import check, check_whole, column

_Field = NDArray[np.float32]

HEALTH = ("healthy", "lesion")

_FACE = np.array(
    [
        # x, y, width, height, shade: offsets that identities vary
        [-0.36, -0.18, 0.13, 0.08, -0.55],  # eyes
        [0.36, -0.18, 0.13, 0.08, -0.55],
        [-0.36, -0.38, 0.20, 0.05, -0.35],  # brows
        [0.36, -0.38, 0.20, 0.05, -0.35],
        [0.00, 0.12, 0.09, 0.22, 0.25],  # nose and its shadow
        [0.00, 0.33, 0.16, 0.05, -0.25],
        [0.00, 0.55, 0.28, 0.07, -0.45],  # mouth
        [0.00, -1.00, 0.95, 0.38, -0.40],  # hair
    ],
    dtype=np.float32,
)
_SPREAD = np.array([0.10, 0.08, 0.30, 0.35, 0.35], dtype=np.float32)
_PAIRS = ((0, 1), (2, 3))


def make_lesions(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    size: int = 32,
    prevalence: float = 0.5,
    contrast: float = 0.15,
    decoys: float = 0.6,
    noise: float = 0.05,
    flip_y: float = 0.0,
) -> Dataset:
    """Return grey images of tissue, some of them with a lesion: a toy of medical imaging.

    Tissue is smooth random shading crossed by dark vessels. A lesion is a spot with an uneven edge
    and a coarse texture of its own. Many images of either class hold a decoy: a spot as bright,
    but round and plain, so that brightness alone says little. With high `contrast` and little
    noise the best possible accuracy is ``1 - flip_y``.

    Parameters
    ----------
    n_samples, seed
        Images; the seed makes all of them.
    size
        Pixels of height and width, 24 and more.
    prevalence
        Share of images with a lesion.
    contrast
        How strong a lesion's texture is, and how much brighter it is on average, black being 0 and
        white 1.
    decoys
        Share of images with a decoy.
    noise
        Standard deviation of normal noise of the pixels.
    flip_y
        Share of images labelled with the other class.

    Returns
    -------
    Dataset
        X uint8 (n_samples, size, size); classes healthy and lesion.

    Raises
    ------
    DatasetError
        A parameter is out of its range.
    """
    name = "make-lesions"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "size", size, 24, 1024)
    for parameter, share in (("prevalence", prevalence), ("decoys", decoys), ("flip_y", flip_y)):
        check(name, parameter, share, 0, 1)
    check(name, "contrast", contrast, 0, 1)
    check(name, "noise", noise, 0, 10)
    labels, fields, textures, spots, others, lines, grain, luck, chance = making.streams(seed, 9)
    classes = making.classes_of(labels, n_samples, 2, (1 - prevalence, prevalence))
    tissue, coarse = _smoothing(size, 0.15), _smoothing(size, 1.6 / size)
    X = np.empty((n_samples, size, size), dtype=np.uint8)
    for rows in making.chunks(n_samples):
        n = rows.stop - rows.start
        image = 0.45 + 0.12 * _smooth(fields, n, tissue)
        image -= 0.15 * _vessels(lines, n, size)
        image += contrast * column(chance.random(n) < decoys) * _spot(others, n, size, 0.0)
        texture = 1 + 1.2 * _smooth(textures, n, coarse)
        image += contrast * column(classes[rows]) * _spot(spots, n, size, 0.16) * texture
        image += noise * grain.standard_normal(image.shape, dtype=np.float32)
        X[rows] = making.grey_bytes(image)
    y = making.turned(luck, classes, 2, flip_y)
    return Dataset(X, np.array(HEALTH)[y], target=Target.of_classes(HEALTH))


def make_faces(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    size: int = 32,
    n_classes: int = 20,
    pose: float = 1.0,
    light: float = 1.0,
    occlusion: float = 0.1,
    noise: float = 0.05,
    likeness: float = 0.0,
    flip_y: float = 0.0,
) -> Dataset:
    """Return grey images of faces, whose class is the person: a toy of face recognition.

    A face is an oval with eyes, brows, nose, mouth and hair as soft spots; their places, sizes and
    shades make a person. Pose (place, scale, tilt, a turn of the head that narrows one side),
    light from a random side, expression and occlusion vary from image to image. Where `likeness`
    is 0 and little is hidden, the best possible accuracy is close to ``1 - flip_y``.

    Parameters
    ----------
    n_samples, seed
        Images; the seed makes persons and images.
    size
        Pixels of height and width, 16 and more.
    n_classes
        Persons, all equally frequent.
    pose, light
        How much these vary; 0: not at all.
    occlusion
        Share of images with a bar over a part of the face.
    noise
        Standard deviation of normal noise of the pixels, black being 0 and white 1.
    likeness
        From 0, persons differ fully, to 1, all look the same.
    flip_y
        Share of images labelled with another person.

    Returns
    -------
    Dataset
        X uint8 (n_samples, size, size); classes person-00, person-01, ...

    Raises
    ------
    DatasetError
        A parameter is out of its range.
    """
    name = "make-faces"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "size", size, 16, 1024)
    check_whole(name, "n_classes", n_classes, 2, 10_000)
    for parameter, amount in (("pose", pose), ("light", light)):
        check(name, parameter, amount, 0, 3)
    for parameter, share in (("occlusion", occlusion), ("likeness", likeness), ("flip_y", flip_y)):
        check(name, parameter, share, 0, 1)
    check(name, "noise", noise, 0, 10)
    labels, persons, poses, lights, moods, bars, grain, luck = making.streams(seed, 8)
    people, heads = _people(persons, n_classes, 1 - likeness)
    classes = making.classes_of(labels, n_samples, n_classes)
    X = np.empty((n_samples, size, size), dtype=np.uint8)
    for rows in making.chunks(n_samples):
        who = classes[rows]
        u, v = _posed(poses, len(who), size, pose)
        spots = people[who] + _mood(moods, len(who))
        image = _face(u, v, spots, heads[who])
        image *= 1 + 0.35 * light * _lit(lights, u, v)
        _hide(bars, image, occlusion)
        image += noise * grain.standard_normal(image.shape, dtype=np.float32)
        X[rows] = making.grey_bytes(image)
    names = [f"person-{k:02d}" for k in range(n_classes)]
    y = making.turned(luck, classes, n_classes, flip_y)
    return Dataset(X, np.array(names)[y], target=Target.of_classes(names))


# --- tissue -----------------------------------------------------------------------------------


def _smoothing(size: int, width: float) -> _Field:
    """Return the spectrum of a Gaussian of this width, a share of the image's."""
    fy = np.fft.fftfreq(size)[:, None] * size
    fx = np.fft.rfftfreq(size)[None] * size
    return np.exp(-2 * (np.pi * width) ** 2 * (fx**2 + fy**2)).astype(np.float32)


def _smooth(rng: np.random.Generator, n: int, spectrum: _Field) -> _Field:
    """Return smooth random fields (n, size, size) of mean 0 and deviation 1."""
    size = len(spectrum)
    white = rng.standard_normal((n, size, size), dtype=np.float32)
    field = fft.irfft2(fft.rfft2(white) * spectrum, s=(size, size))
    field -= field.mean(axis=(1, 2), keepdims=True)
    return np.asarray(field / field.std(axis=(1, 2), keepdims=True))


def _vessels(rng: np.random.Generator, n: int, size: int) -> _Field:
    """Return two bent lines across each image, soft at their edges."""
    x, y = making.grid(size)
    found = np.zeros((n, size, size), dtype=np.float32)
    draws = rng.random((n, 2, 5), dtype=np.float32)
    for k in range(2):
        angle, offset, bend, phase, width = draws[:, k].T
        cos, sin = column(np.cos(np.pi * angle)), column(np.sin(np.pi * angle))
        along, across = cos * x + sin * y, cos * y - sin * x
        course = column(1.2 * offset - 0.6) + column(0.25 * bend) * np.sin(
            3 * along + column(6.28 * phase)
        )
        found += np.exp(-(((across - course) / column(0.03 + 0.05 * width)) ** 2))
    return found


def _spot(rng: np.random.Generator, n: int, size: int, unevenness: float) -> _Field:
    """Return a spot in each image, 1 inside and 0 outside, its edge round or uneven."""
    x, y = making.grid(size)
    draws = rng.random((n, 12), dtype=np.float32)
    radius = 0.18 + 0.2 * draws[:, 0]
    room = 0.9 - radius
    u = x - column(room * (2 * draws[:, 1] - 1))
    v = y - column(room * (2 * draws[:, 2] - 1))
    angle = np.arctan2(v, u)
    edge = np.ones_like(u)
    for k in range(2, 6) if unevenness else ():
        strength = unevenness * (0.5 + draws[:, 2 * k - 1])
        edge += column(strength) * np.cos(k * angle + column(6.28 * draws[:, 2 * k]))
    inside = 0.5 + (edge * column(radius) - np.hypot(u, v)) * np.float32(size / 6)
    return np.asarray(np.clip(inside, 0, 1), dtype=np.float32)


# --- faces ------------------------------------------------------------------------------------


def _people(rng: np.random.Generator, n: int, difference: float) -> tuple[_Field, _Field]:
    """Return persons: their spots (n, 8, 5), and width and shade of their heads (n, 2)."""
    draws = rng.uniform(-1, 1, (n, *_FACE.shape)).astype(np.float32)
    for left, right in _PAIRS:  # faces are symmetric
        draws[:, right] = draws[:, left] * np.array([-1, 1, 1, 1, 1], dtype=np.float32)
    draws[:, 4:, 0] = 0
    spread = difference * draws * _SPREAD
    people = np.broadcast_to(_FACE, draws.shape).copy()
    people[..., :2] += spread[..., :2]
    people[..., 2:] *= 1 + spread[..., 2:]
    heads = np.array([0.72, 0.68]) + difference * rng.uniform(-1, 1, (n, 2)) * [0.1, 0.12]
    return people, heads.astype(np.float32)


def _mood(rng: np.random.Generator, n: int) -> _Field:
    """Return how an expression moves the spots: brows up and down, the mouth's width and height."""
    draws = rng.uniform(-1, 1, (n, 3)).astype(np.float32)
    moved = np.zeros((n, *_FACE.shape), dtype=np.float32)
    moved[:, 2:4, 1] = 0.05 * draws[:, :1]
    moved[:, 6, 2] = 0.06 * draws[:, 1]
    moved[:, 6, 3] = 0.03 * draws[:, 2]
    return moved


def _posed(rng: np.random.Generator, n: int, size: int, pose: float) -> tuple[_Field, _Field]:
    """Return the coordinates on the face (n, size, size) of each pixel."""
    x, y = making.grid(size)
    dx, dy, angle, scale, turn = rng.uniform(-1, 1, (n, 5)).T * pose
    u, v = x - column(0.12 * dx), y - column(0.12 * dy)
    cos, sin = column(np.cos(0.25 * angle)), column(np.sin(0.25 * angle))
    zoom = column(1.12 * np.exp(0.12 * scale))
    u, v = zoom * (cos * u + sin * v), zoom * (cos * v - sin * u)
    # A head that turns shows one side narrower than the other.
    return u * (1 + column(0.22 * turn) * u) + column(0.1 * turn), v


def _face(u: _Field, v: _Field, spots: _Field, heads: _Field) -> _Field:
    width, skin = column(heads[:, 0]), column(heads[:, 1])
    inside = np.clip(4 * (1 - np.hypot(u / width, v)) + 0.5, 0, 1)
    face = np.ones_like(u)
    for k in range(spots.shape[1]):
        x, y, across, up, shade = (column(values) for values in spots[:, k].T)
        face += shade * np.exp(-(((u - x) / across) ** 2) - ((v - y) / up) ** 2)
    return np.asarray(0.25 + inside * (skin * face - 0.25), dtype=np.float32)


def _lit(rng: np.random.Generator, u: _Field, v: _Field) -> _Field:
    strength, angle = (rng.random((len(u), 2)) * [1, 2 * np.pi]).T
    return np.asarray(column(strength) * (column(np.cos(angle)) * u + column(np.sin(angle)) * v))


def _hide(rng: np.random.Generator, image: _Field, share: float) -> None:
    """Lay a horizontal bar over a part of some images, in place."""
    n, size = image.shape[:2]
    draws: NDArray[Any] = rng.random((n, 4))
    is_hidden = draws[:, 0] < share
    height = np.arange(size) / size
    top = 0.2 + 0.5 * draws[:, 1]
    covered = (height >= top[:, None]) & (height < top[:, None] + 0.12 + 0.1 * draws[:, 2:3])
    covered &= is_hidden[:, None]
    image[covered] = np.repeat(draws[:, 3], covered.sum(axis=1))[:, None]

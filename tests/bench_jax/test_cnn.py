"""The convolutional network: images in, classes out."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from bench_jax import programs
from bench_jax.cnn import CnnSizes
from bench_jax.raw import RawClassifier

SIZES = CnnSizes(filters=(4, 8), hidden=(16,))
SMALL = {"learning_rate": 5e-3, "random_state": 0}


def test_digits_are_told_apart():
    """A tiny network gets nine of ten digits right; channels may be left out."""
    digits = load_digits()
    images, y = digits.images[:1000], digits.target[:1000]
    model = RawClassifier(SIZES, **SMALL, max_epochs=15).fit(images, y)
    test, answers = digits.images[1000:, ..., np.newaxis], digits.target[1000:]
    assert model.score(test, answers) > 0.85
    # 3*3*1*4 + 4, 3*3*4*8 + 8, then 2*2*8 values into 16 and 10.
    assert model.n_parameters_ == 40 + 296 + (32 * 16 + 16) + (16 * 10 + 10)
    assert clone(model).get_params() == model.get_params()


def test_channels_and_odd_sizes_are_taken():
    """(n, h, w, c) with an odd height works; probabilities add up to one."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(24, 9, 6, 3))
    model = RawClassifier(SIZES, **SMALL, max_epochs=1).fit(images, np.arange(24) % 2)
    np.testing.assert_allclose(model.predict_proba(images).sum(1), 1)


def test_one_program_serves_every_size_and_split():
    """Eight sizes and two splits of them compile training and prediction once each."""
    rng = np.random.default_rng(0)
    images, y = rng.normal(size=(300, 4, 4)), rng.integers(0, 2, 300)
    with programs.expect(at_most=2):
        for n in (10, 16, 33, 64, 100, 128, 200, 250):
            for first in (0, 40):
                model = RawClassifier(SIZES, **SMALL, max_epochs=1, batch_size=32, n_rows_max=250)
                rows = slice(first, first + n)
                model.fit(images[rows], y[rows]).predict(images[:10])


def test_augmentation_and_half_precision_are_taken():
    """They train another model than without; an augmentation that there is not is named."""
    images = load_digits().images[:64]
    y = np.arange(64) % 2

    def curve(**params):
        sizes = CnnSizes(filters=(4,), hidden=())
        model = RawClassifier(sizes, max_epochs=2, random_state=0, **params)
        return model.fit(images, y).loss_curve_

    plain = curve()
    assert curve(augmentation=["shift"]) != plain
    assert curve(precision="bfloat16") == pytest.approx(plain, rel=0.05)
    with pytest.raises(ValueError, match="augmentation is 'mirror'; allowed: flip"):
        curve(augmentation=["mirror"])
    with pytest.raises(ValueError, match="'forget' is for text; for image: flip, shift"):
        curve(augmentation=["forget"])


def test_weights_and_groups_of_images_are_taken():
    """Images of weight 0 teach nothing, and a group is not on both sides."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(60, 4, 4)) + np.tile([0, 4], 30)[:, np.newaxis, np.newaxis]
    y = np.arange(60) % 2
    wrong = np.arange(60) < 30
    y[wrong] = 1 - y[wrong]
    model = RawClassifier(SIZES, **SMALL, max_epochs=30)
    model.fit(images, y, sample_weight=np.where(wrong, 0.0, 1.0), groups=np.arange(60) // 2)
    assert model.score(images[30:], y[30:]) > 0.9
    assert model.score(images[:30], y[:30]) < 0.1


def test_images_too_small_are_refused():
    """The message says the size, what is needed and what to change."""
    with pytest.raises(ValueError, match=r"2 x 8.*at least 4 x 4.*fewer filters"):
        RawClassifier(SIZES, **SMALL).fit(np.zeros((10, 2, 8)), np.arange(10) % 2)


def test_rows_that_are_no_images_are_refused():
    """The message says the shape that is needed."""
    with pytest.raises(ValueError, match="height, width"):
        RawClassifier(SIZES, **SMALL).fit(np.zeros((10, 8)), np.arange(10) % 2)

"""The convolutional network: images in, classes out."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from bench_jax.cnn import CnnClassifier

SMALL = {"filters": (4, 8), "hidden": (16,), "learning_rate": 5e-3, "random_state": 0}


def test_digits_are_told_apart():
    """A tiny network gets nine of ten digits right; channels may be left out."""
    digits = load_digits()
    images, y = digits.images[:1000], digits.target[:1000]
    model = CnnClassifier(**SMALL, max_epochs=15).fit(images, y)
    test, answers = digits.images[1000:, ..., np.newaxis], digits.target[1000:]
    assert model.score(test, answers) > 0.85
    # 3*3*1*4 + 4, 3*3*4*8 + 8, then 2*2*8 values into 16 and 10.
    assert model.n_parameters_ == 40 + 296 + (32 * 16 + 16) + (16 * 10 + 10)
    assert clone(model).get_params() == model.get_params()


def test_channels_and_odd_sizes_are_taken():
    """(n, h, w, c) with an odd height works; probabilities add up to one."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(24, 9, 6, 3))
    model = CnnClassifier(**SMALL, max_epochs=1).fit(images, np.arange(24) % 2)
    np.testing.assert_allclose(model.predict_proba(images).sum(1), 1)


def test_images_too_small_are_refused():
    """The message says the size, what is needed and what to change."""
    with pytest.raises(ValueError, match=r"2 x 8.*at least 4 x 4.*fewer filters"):
        CnnClassifier(**SMALL).fit(np.zeros((10, 2, 8)), np.arange(10) % 2)


def test_rows_that_are_no_images_are_refused():
    """The message says the shape that is needed."""
    with pytest.raises(ValueError, match="height, width"):
        CnnClassifier(**SMALL).fit(np.zeros((10, 8)), np.arange(10) % 2)

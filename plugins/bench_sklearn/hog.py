"""Images as histograms of oriented gradients, by scikit-image."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from skimage.feature import hog
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA

Singles = NDArray[np.float32]

CELLS = 7
"""Cells along the shorter side, unless their size is given: 4 pixels each in an image of 28."""

SMALLEST_CELL = 2
"""Pixels: in a cell of one there is one gradient, and no histogram."""


class HogFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Histograms of oriented gradients (Dalal & Triggs, 2005, doi:10.1109/CVPR.2005.177).

    Intensities are brought to 0 to 1 by the largest of the training rows. Of several channels each
    pixel's is the one whose gradient is largest there.

    Parameters
    ----------
    cell
        Pixels along a side of a cell; None: a seventh of the image's shorter side, at least 2.
    block
        Cells along a side of the blocks in which histograms are normalised; blocks overlap, and
        have no more cells than the image.
    orientations
        Directions that a histogram counts.
    """

    def __init__(self, cell: int | None = None, block: int = 3, orientations: int = 9) -> None:
        self.cell = cell
        self.block = block
        self.orientations = orientations

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look at the size and the largest value of X, (n_rows, height, width[, channels]).

        Raises
        ------
        ValueError
            X are no images of one size, or they are smaller than one cell.
        """
        images = _as_images(X)
        side = min(images.shape[1:3])
        self.cell_ = max(SMALLEST_CELL, side // CELLS) if self.cell is None else self.cell
        if self.cell_ > side:
            raise ValueError(
                f"images of {images.shape[1]} x {images.shape[2]} pixels hold no cell of "
                f"{self.cell_} x {self.cell_}; give larger images or a smaller cell"
            )
        self.block_ = min(self.block, side // self.cell_)
        self.shape_ = images.shape[1:]
        self.peak_ = float(np.abs(images).max(initial=0)) or 1.0
        return self

    def transform(self, X: Any) -> Singles:
        """Return (n_rows, n_features) histograms.

        Raises
        ------
        ValueError
            The images have another size or other channels than those in training.
        """
        images = _as_images(X)
        if images.shape[1:] != self.shape_:
            raise ValueError(f"images of the shape {images.shape[1:]}; {self.shape_} is needed")
        histograms = [
            hog(
                image.astype(np.float32) / self.peak_,
                orientations=self.orientations,
                pixels_per_cell=(self.cell_, self.cell_),
                cells_per_block=(self.block_, self.block_),
                channel_axis=-1 if image.ndim == 3 else None,
            )
            for image in images
        ]
        return np.asarray(histograms, np.float32)


class Components(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The principal components that hold a share of the variance; rows all alike stay as they are.

    Parameters
    ----------
    variance
        That share, above 0 and below 1.
    """

    def __init__(self, variance: float = 0.9) -> None:
        self.variance = variance

    def fit(self, X: Singles, y: Any = None) -> Self:
        """Find the components of (n_rows, n_features) X; `y` is not used."""
        differs = bool((X[:1] != X).any())
        # The covariance has as many rows as there are features: dear where there are fewer images.
        solver = "covariance_eigh" if len(X) > X.shape[1] else "full"
        pca = PCA(self.variance, svd_solver=solver)
        # Of no variance there is no share, and scikit-learn would divide by it.
        self.pca_ = pca.fit(X) if differs else None
        return self

    def transform(self, X: Singles) -> Singles:
        """Return (n_rows, n_components)."""
        return X if self.pca_ is None else np.asarray(self.pca_.transform(X), np.float32)


def _as_images(X: Any) -> NDArray[Any]:
    """Return (n_rows, height, width), or with channels where there are two or more."""
    images = np.asarray(X)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4):
        raise ValueError(
            f"X has the shape {images.shape}; images (n_rows, height, width[, channels]) are needed"
        )
    return images

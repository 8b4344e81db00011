"""Sounds of any length as statistics over time of their mel bands or cepstral coefficients."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from bench_features.mel import log_mel, mfcc

Singles = NDArray[np.float32]

QUANTILES = (0.1, 0.5, 0.9)


class SoundStatistics(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Statistics over time of what a sound's frames hold: its bands, or its coefficients.

    Of each band: the mean, standard deviation and three quantiles over all frames, the mean over
    each of as many parts of equal length as asked, and the mean size of the change from frame to
    frame; and the sound's duration.

    Parameters
    ----------
    sampling_rate
        Samples in a second; without it, fitting is refused.
    features
        ``"mel"``: logarithms of energies in mel bands; ``"mfcc"``: their cepstral coefficients.
    n_mels, window_seconds, hop_seconds
        As in `bench_features.mel.log_mel`.
    n_coefficients
        As in `bench_features.mel.mfcc`.
    n_parts
        Parts of equal length whose means tell what comes first.
    """

    def __init__(
        self,
        sampling_rate: float | None = None,
        features: Literal["mel", "mfcc"] = "mel",
        *,
        n_mels: int = 40,
        n_coefficients: int = 20,
        window_seconds: float = 0.025,
        hop_seconds: float = 0.010,
        n_parts: int = 3,
    ) -> None:
        self.sampling_rate = sampling_rate
        self.features = features
        self.n_mels = n_mels
        self.n_coefficients = n_coefficients
        self.window_seconds = window_seconds
        self.hop_seconds = hop_seconds
        self.n_parts = n_parts

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing from X.

        Raises
        ------
        ValueError
            There is no sampling rate.
        """
        if self.sampling_rate is None:
            raise ValueError(
                "the sampling rate is not known: neither does the data set say it "
                "(extra={'sampling_rate': ...}), nor does the parameter sampling_rate"
            )
        return self

    def transform(self, X: Any) -> Singles:
        """Return (n_rows, n_features) statistics of X, a list of (n_samples,) waves."""
        rate = self.sampling_rate or 0.0
        return np.stack([self._of_wave(np.asarray(wave), rate) for wave in X])

    def _of_wave(self, wave: NDArray[Any], rate: float) -> Singles:
        given: dict[str, Any] = {
            "n_mels": self.n_mels,
            "window_seconds": self.window_seconds,
            "hop_seconds": self.hop_seconds,
        }
        if self.features == "mel":
            frames = log_mel(wave, rate, **given)
        else:
            frames = mfcc(wave, rate, n_coefficients=self.n_coefficients, **given)
        edges = np.linspace(0, len(frames), self.n_parts + 1)
        parts = [
            # Fewer frames than parts: neighbouring parts share one.
            frames[int(start) : max(int(end), int(start) + 1)].mean(axis=0)
            for start, end in pairwise(edges)
        ]
        changes = np.abs(np.diff(frames, axis=0)) if len(frames) > 1 else np.zeros_like(frames)
        return np.concatenate(
            [
                frames.mean(axis=0),
                frames.std(axis=0),
                *np.quantile(frames, QUANTILES, axis=0),
                *parts,
                changes.mean(axis=0),
                [len(wave) / rate],
            ],
            dtype=np.float32,
            casting="unsafe",
        )

    def __sklearn_is_fitted__(self) -> bool:
        return True

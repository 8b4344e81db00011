"""What every deep model for raw data is: images, texts, series and sounds as inputs of a network.

A model gives its sizes, a frozen record that makes a network for inputs of a given form; all else
is here and in `bench_jax.estimators`.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

import bench
from bench_jax import engine, estimators, fitting, signals
from bench_jax.augmentation import AUGMENTATIONS, KINDS
from bench_jax.network import Network
from bench_jax.signals import ImageEncoder, SequenceEncoder, Signal
from bench_jax.step import Loss
from bench_jax.tokens import TokenEncoder, as_texts

Encoder = ImageEncoder | SequenceEncoder | TokenEncoder

_MODALITIES = ("image", "text", "series", "audio")


@dataclass(frozen=True)
class Sizes(abc.ABC):
    """A model's own parameters; its docstring says where it comes from."""

    @abc.abstractmethod
    def network(self, signal: Signal, n_outputs: int) -> Network:
        """Return the network for inputs of that form.

        Raises
        ------
        ValueError
            A size makes no sense, or does not go with such inputs.
        """


class DeepRaw(estimators.Deep):
    """What classifiers and regressors share."""

    sizes: Sizes
    modality: str
    sampling_rate: float | None
    tokens: Any
    max_codes: int
    min_count: int
    max_length: int | None
    n_mels: int
    window_seconds: float
    hop_seconds: float
    augmentation: Sequence[str]

    def _design(self) -> dict[str, Any]:
        return super()._design() | {"augmentation": tuple(self.augmentation)}

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        rows = self._rows(X)
        y = check_array(y, ensure_2d=False, dtype=None)
        check_consistent_length(rows, y)
        return rows, y

    def _rows(self, X: Any) -> Any:
        """Return checked rows: images, a list of texts, or a list of sequences."""
        if self.modality not in _MODALITIES:
            raise ValueError(
                f"{type(self).__name__}: modality is {self.modality!r}; allowed: "
                f"{', '.join(_MODALITIES)}."
            )
        if not len(X):
            raise ValueError(f"{type(self).__name__}: X has no rows; one or more are needed.")
        if self.modality == "image":
            return signals.as_images(X)
        if self.modality == "text":
            return as_texts(X)
        if self.modality == "series":
            return signals.as_series(X)
        return signals.as_spectrograms(
            X,
            self.sampling_rate,
            n_mels=self.n_mels,
            window_seconds=self.window_seconds,
            hop_seconds=self.hop_seconds,
        )

    def _encoder(self, rows: Any) -> Encoder:
        if self.modality == "image":
            return ImageEncoder.fit(rows)
        if self.modality == "text":
            return TokenEncoder.fit(
                rows,
                self.tokens,
                max_codes=self.max_codes,
                min_count=self.min_count,
                length=self.max_length,
                is_fixed=self.n_rows_max is not None,
            )
        kind: signals.Kind = "series" if self.modality == "series" else "spectrogram"
        return SequenceEncoder.fit(kind, rows, self.max_length)

    def _train(
        self,
        X: Any,
        y: NDArray[Any],
        loss: Loss,
        n_outputs: int,
        sample_weight: NDArray[np.float64] | None,
        groups: Any,
        time: Any,
        started_at: float,
    ) -> None:
        for name in self.augmentation:
            if name in KINDS and self.modality not in KINDS[name]:
                allowed = [other for other in AUGMENTATIONS if self.modality in KINDS[other]]
                raise ValueError(
                    f"{type(self).__name__}: augmentation {name!r} is for {', '.join(KINDS[name])};"
                    f" for {self.modality}: {', '.join(allowed)}."
                )
        encoder = self._encoder(X)
        self.encoder_ = encoder
        fitting.fit(
            self,
            self.sizes.network(encoder.signal, n_outputs),
            loss,
            _encoding(encoder, X),
            y,
            started_at=started_at,
            sample_weight=sample_weight,
            groups=groups,
            time=time,
            design=self._design(),
            recipe=self._recipe(),
        )

    def _values(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        parts = []
        for first in range(0, max(len(X), 1), _BLOCK):
            rows = self._rows(X[first : first + _BLOCK])
            parts.append(engine.predict(self.design_, self.trained_, self.encoder_.transform(rows)))
        values = np.concatenate(parts)
        return values.reshape(len(values), -1, values.shape[-1]).astype(np.float64)


_BLOCK = 1024
"""Rows that are encoded at once where they are predicted."""


def _encoding(encoder: Encoder, rows: Any) -> Callable[[NDArray[np.intp]], Any]:
    """Return what encodes the rows of given numbers."""
    if isinstance(encoder, ImageEncoder):
        return lambda numbers: encoder.transform(rows[numbers])
    return lambda numbers: encoder.transform([rows[number] for number in numbers])


class RawClassifier(estimators.DeepClassifier, DeepRaw):
    """A deep model that tells classes of images, texts, series or sounds apart.

    Parameters
    ----------
    sizes
        Which network: `bench_jax.cnn.CnnSizes` and its like.
    modality
        What a row is. ``image``: numbers (n, h, w) or (n, h, w, c). ``text``: str. ``series``:
        (length, channels) or (length,), of unequal lengths, NaN being a missing value. ``audio``:
        samples (length,) of one channel, which become log-mel frames.
    sampling_rate
        Of sounds, in hertz.
    tokens
        What texts are cut into: ``word``, ``character`` or ``byte-pair``, as
        `bench_jax.tokens.TokenEncoder` says.
    max_codes
        Codes of tokens at most, those for the unknown and for what is behind the end included.
    min_count
        How often a token must be seen among the training rows.
    max_length
        Tokens, steps or frames of a row. Texts are cut off behind it; where sequences are longer,
        neighbouring steps become their mean. None: what the training rows need, so that another
        program may be compiled for other rows; at most 256 tokens or 512 steps.
    n_mels, window_seconds, hop_seconds
        Of sounds' frames, as in `bench_features.mel.log_mel`.
    augmentation
        Names of `bench_jax.augmentation.AUGMENTATIONS`; drawn anew for every batch.
    dropout
        In [0, 1); where, the sizes say.
    learning_rate, weight_decay, schedule, clip_norm, averaging, label_smoothing, batch_size,
    max_epochs, patience, validation_fraction, precision, n_classes, n_rows_max, max_seconds,
    random_state
        As in `bench_jax.mlp.MlpClassifier`.
    warm_up
        Share of training in which schedules that warm up do so.

    Attributes
    ----------
    classes_, n_parameters_, loss_curve_, validation_curve_, n_iter_, stop_reason_
        As in `bench_jax.mlp.MlpClassifier`; vectors of codes that are not used count as parameters.
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        modality: str = "image",
        sampling_rate: float | None = None,
        tokens: str = "word",
        max_codes: int = 4096,
        min_count: int = 2,
        max_length: int | None = None,
        n_mels: int = 40,
        window_seconds: float = 0.025,
        hop_seconds: float = 0.010,
        augmentation: Sequence[str] = (),
        dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        schedule: str = "constant",
        warm_up: float = 0.05,
        clip_norm: float | None = None,
        averaging: str = "ema",
        label_smoothing: float = 0.0,
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 10,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        n_classes: int | None = None,
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.sizes = sizes
        self.modality = modality
        self.sampling_rate = sampling_rate
        self.tokens = tokens
        self.max_codes = max_codes
        self.min_count = min_count
        self.max_length = max_length
        self.n_mels = n_mels
        self.window_seconds = window_seconds
        self.hop_seconds = hop_seconds
        self.augmentation = augmentation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.warm_up = warm_up
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.n_classes = n_classes
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state


class RawRegressor(estimators.DeepRegressor, DeepRaw):
    """A deep model that predicts numbers, one or several, from images, texts, series or sounds.

    Learns standardised targets by squared error; else as `RawClassifier`, parameters and
    attributes included.
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        modality: str = "image",
        sampling_rate: float | None = None,
        tokens: str = "word",
        max_codes: int = 4096,
        min_count: int = 2,
        max_length: int | None = None,
        n_mels: int = 40,
        window_seconds: float = 0.025,
        hop_seconds: float = 0.010,
        augmentation: Sequence[str] = (),
        dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        schedule: str = "constant",
        warm_up: float = 0.05,
        clip_norm: float | None = None,
        averaging: str = "ema",
        batch_size: int = 64,
        max_epochs: int = 100,
        patience: int = 10,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        n_rows_max: int | None = None,
        max_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.sizes = sizes
        self.modality = modality
        self.sampling_rate = sampling_rate
        self.tokens = tokens
        self.max_codes = max_codes
        self.min_count = min_count
        self.max_length = max_length
        self.n_mels = n_mels
        self.window_seconds = window_seconds
        self.hop_seconds = hop_seconds
        self.augmentation = augmentation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.warm_up = warm_up
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.n_rows_max = n_rows_max
        self.max_seconds = max_seconds
        self.random_state = random_state


def made(
    context: bench.ModelContext, sizes: type[Sizes], params: Mapping[str, Any], **fixed: Any
) -> Any:
    """Return the estimator of a model for a trial, on its device.

    Parameters
    ----------
    context
        The trial.
    sizes
        The model's record of sizes.
    params
        Fields of `sizes` and parameters of `RawClassifier` and `RawRegressor`; lists stand for
        tuples, and the word "none" for None, which TOML does not have.
    **fixed
        Fields of `sizes` that say which model it is.

    Raises
    ------
    ParameterError
        There is no such parameter.
    Skip
        The device is not there.
    """
    fields = [field.name for field in dataclasses.fields(sizes) if field.name not in fixed]
    own = {name: _frozen(value) for name, value in params.items() if name in fields}
    others = {name: value for name, value in params.items() if name not in fields}
    given = {"sizes": sizes(**own, **fixed), "modality": context.modality}
    if context.extra.get("sampling_rate") is not None:
        given["sampling_rate"] = context.extra["sampling_rate"]
    return estimators.made(context, RawClassifier, RawRegressor, others, given, fields)


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return None if value == "none" else value

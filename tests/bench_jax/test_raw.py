"""The shell of every deep model for raw data, and the networks within it."""

import importlib
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bench
import bench_jax
from bench_jax import engine, raw, saving, step
from bench_jax.cnn import CnnSizes, make_cnn
from bench_jax.raw import RawClassifier, RawRegressor
from bench_jax.recurrent_network import RecurrentSizes, make_gru
from bench_jax.resnet import FcnSizes, ResNetSizes
from bench_jax.signals import Signal
from bench_jax.text_cnn import TextCnnSizes
from bench_jax.transformer import TransformerSizes

RNG = np.random.default_rng(0)
SERIES = [Signal("series", (length, 2)) for length in (8, 16)]
SOUND = [Signal("spectrogram", (length, 5)) for length in (8, 16)]
TEXT = [Signal("tokens", (length,), 9) for length in (8, 16)]

CNN = CnnSizes(filters=(3, 4), hidden=(5,))
RESNET = ResNetSizes(filters=(3, 4))
FCN = FcnSizes(filters=(3, 8, 4), sizes=(4, 3, 2))
GRU = RecurrentSizes(hidden=4, embedding=3)
TRANSFORMER = TransformerSizes(width=4, n_heads=2, n_blocks=1, patch=2)
TEXT_CNN = TextCnnSizes(embedding=3, filters=4, sizes=(2, 3))


def _outputs(sizes, signal, x, own):
    """Return what a network says that starts from arrays by path; places are cut to fit."""
    network = sizes.network(signal, 2)
    shape = step.structure(network)
    parameters = []
    for path, variable in zip(shape.paths, shape.variables, strict=True):
        if path not in own:
            own[path] = RNG.normal(size=variable.shape).astype(np.float32)
        parameters.append(own[path][: variable.shape[0]])
    design = engine.Design(network, "cross-entropy", 8, 0, 8)
    return np.asarray(jax.jit(step.forward(design))(tuple(parameters), (), x))


@pytest.mark.parametrize(
    ("sizes", "signals"),
    [
        (CNN, SERIES),
        (CNN, SOUND),
        (RESNET, SERIES),
        (RESNET, SOUND),
        (FCN, SERIES),
        (GRU, SERIES),
        (GRU, TEXT),
        (RecurrentSizes(cell="rnn", hidden=4, layers=2, pooling="mean", patch=3), SERIES),
        (RecurrentSizes(cell="lstm", hidden=4, pooling="last", bidirectional=False), SERIES),
        (TRANSFORMER, SOUND),
        (TransformerSizes(width=4, n_heads=1, n_blocks=1), TEXT),
        (TEXT_CNN, TEXT),
    ],
    ids=lambda value: value[0].kind if isinstance(value, list) else type(value).__name__,
)
def test_a_row_is_answered_as_if_it_were_alone(sizes, signals):
    """In an array twice as long, beside a longer row, it gets the same answer."""
    short, long = signals
    lengths = np.array([5, 8, 1], np.int32)
    own = {}
    if short.kind == "tokens":
        codes = RNG.integers(1, 9, (3, 8)).astype(np.int32)
        codes = np.where(np.arange(8) < lengths[:, None], codes, 0)
        alone, padded = codes, np.pad(codes, ((0, 0), (0, 8)))
        longer = padded.copy()
        longer[1, 8:] = 3
    else:
        values = RNG.normal(size=(3, *short.shape)).astype(np.float32)
        values *= (np.arange(8) < lengths[:, None])[..., None]
        alone = (values, lengths)
        wide = np.pad(values, ((0, 0), (0, 8), (0, 0)))
        longer = (np.copy(wide), np.array([5, 16, 1], np.int32))
        longer[0][1, 8:] = 1.0
    # The longer network first: what it has more of, places, is cut for the other.
    found = _outputs(sizes, long, longer, own)
    expected = _outputs(sizes, short, alone, own)
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]], rtol=1e-4, atol=1e-5)
    assert np.abs(found[1] - expected[1]).max() > 1e-3


def _series(n):
    """Return series of 6 to 12 steps of two channels, and whether the first ends high."""
    rng, y = np.random.default_rng(n), np.arange(n) % 2
    rows = [rng.normal(size=(6 + i % 7, 2)).astype(np.float32) for i in range(n)]
    for steps, is_high in zip(rows, y, strict=True):
        steps[-3:, 0] += 4 * is_high
    return rows, y


def _texts(n):
    rng, y = np.random.default_rng(n), np.arange(n) % 2
    words = np.array(["one", "two", "three", "four"])
    texts = [" ".join(rng.choice(words, 3 + i % 5)) for i in range(n)]
    return [text + (" free" if spam else " home") for text, spam in zip(texts, y, strict=True)], y


def _sounds(n):
    """Return noise at 1 kHz sampling, of 0.1 to 0.15 s, with a tone of 100 or 300 Hz in it."""
    rng, y = np.random.default_rng(n), np.arange(n) % 2
    waves = []
    for i, is_high in enumerate(y):
        moments = np.arange(100 + i % 50) / 1000
        tone = np.sin(2 * np.pi * (300 if is_high else 100) * moments)
        waves.append((tone + 0.1 * rng.normal(size=len(tone))).astype(np.float32))
    return waves, y


def _images(n):
    rng, y = np.random.default_rng(n), np.arange(n) % 2
    images = rng.integers(0, 100, (n, 8, 8)).astype(np.uint8)
    images[y == 1, 2:5, 2:5] += 120
    return images, y


DATA = {"series": _series, "text": _texts, "audio": _sounds, "image": _images}
FRAMES = {"sampling_rate": 1000, "n_mels": 8, "window_seconds": 0.032, "hop_seconds": 0.016}


def _model(sizes, modality, **params):
    """Return a classifier; those that differ in nothing but their length share a program."""
    known = {"learning_rate": 2e-2, "batch_size": 32, "max_epochs": 25, "random_state": 0}
    return RawClassifier(sizes, modality=modality, **(known | params))


@pytest.mark.parametrize(
    ("sizes", "modality", "params"),
    [
        (CNN, "audio", {**FRAMES, "augmentation": ["shift", "mask-time"]}),
        (RESNET, "image", {"augmentation": ["flip", "erase"]}),
        (FCN, "series", {}),
        (GRU, "text", {"augmentation": ["forget"], "dropout": 0.1}),
        (TRANSFORMER, "image", {"dropout": 0.1}),
        (TEXT_CNN, "text", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_simple_truth_is_learned(sizes, modality, params):
    """Each network, with what may be asked for besides, tells two kinds of rows apart."""
    X, y = DATA[modality](160)
    model = _model(sizes, modality, **params).fit(X[:96], y[:96])
    assert model.score(X[96:], y[96:]) > 0.9


def test_numbers_are_predicted():
    """The mean of a series, standardised in learning, comes back in its own units."""
    X, _ = _series(160)
    y = np.array([1e3 * steps[:, 0].mean() for steps in X])
    model = RawRegressor(
        CnnSizes(filters=(8,), hidden=()), modality="series", learning_rate=2e-2, max_epochs=40,
        random_state=0,
    )  # fmt: skip
    assert model.fit(X[:120], y[:120]).score(X[120:], y[120:]) > 0.8


def test_sizes_of_a_curve_share_a_program():
    """Texts of another number, with other words, find room in the same one."""
    X, y = _texts(100)
    designs = []
    for n in (40, 90):
        model = RawClassifier(
            TextCnnSizes(embedding=2, filters=2, sizes=(2,)), modality="text", max_codes=50,
            n_rows_max=90, max_epochs=1, random_state=0,
        )  # fmt: skip
        designs.append(model.fit(X[:n], y[:n]).design_)
    assert designs[0] == designs[1]


def test_weights_of_a_list_are_taken():
    """Rows of weight 0 are left out, whatever they are a list of."""
    X, y = _texts(60)
    wrong = np.arange(60) < 20
    model = _model(TEXT_CNN, "text")
    model.fit(X, np.where(wrong, 1 - y, y), sample_weight=np.where(wrong, 0.0, 1.0))
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("modality", ["text", "series"])
def test_a_fitted_model_comes_back_as_it_was(modality, tmp_path):
    """Sizes, tokens and scales are saved; predictions are the same bits."""
    X, y = DATA[modality](40)
    before = _model({"text": TEXT_CNN, "series": FCN}[modality], modality, max_epochs=1).fit(X, y)
    before.save(tmp_path / "model")
    after = saving.load(tmp_path / "model", RawClassifier)
    assert after.get_params() == before.get_params()
    np.testing.assert_array_equal(after.predict_proba(X), before.predict_proba(X))


def _context(**fields):
    known = {"task": "classification", "modality": "audio", "n_train": 10, "n_train_max": 20}
    return bench.ModelContext(**(known | fields))


def test_a_factory_hands_on_what_the_trial_says():
    """Sizes as tuples, the modality, the sampling rate, classes, and the largest size."""
    target = bench.Target("multiclass", 1, ("a", "b", "c"))
    model = make_cnn(
        _context(extra={"sampling_rate": 8000.0}, target=target),
        filters=[4, 5],
        clip_norm="none",
        n_mels=12,
    )
    assert model.sizes == CnnSizes(filters=(4, 5))
    assert (model.modality, model.sampling_rate, model.n_mels) == ("audio", 8000.0, 12)
    assert (model.n_classes, model.n_rows_max, model.clip_norm) == (3, 20, None)
    assert isinstance(make_gru(_context(task="regression")), RawRegressor)
    assert make_gru(_context(), sampling_rate=100).sampling_rate == 100
    assert make_gru(_context()).sizes.cell == "gru"


def test_a_factory_names_what_it_does_not_take():
    """The nearest name helps; the cell, which the model's name says, is none of them."""
    with pytest.raises(bench.ParameterError, match=r"'filter'; allowed: filters, .*filters"):
        make_cnn(_context(), filter=[3])
    with pytest.raises(bench.ParameterError, match="no parameter 'cell'"):
        make_gru(_context(), cell="lstm")


def test_every_model_for_raw_data_takes_its_defaults():
    """What a record states can be JSON, and its factory accepts it for each modality."""
    specs = {spec.name: spec for spec in bench_jax.bench_models()}
    names = {"cnn", "resnet", "fcn", "rnn", "lstm", "gru", "transformer", "text-cnn"}
    assert names <= set(specs)
    for name in names:
        spec = specs[name]
        params = json.loads(json.dumps(dict(spec.params)))
        json.dumps(dict(spec.search_space))
        module, function = spec.factory.split(":")
        make = getattr(importlib.import_module(module), function)
        for task, modality in spec.does:
            model = make(_context(task=task, modality=modality), **params)
            assert isinstance(model.sizes, raw.Sizes)


@pytest.mark.parametrize(
    ("sizes", "X", "params", "message"),
    [
        (CNN, [], {}, "X has no rows"),
        (CNN, ["a"], {"modality": "video"}, "modality is 'video'; allowed: image"),
        (RecurrentSizes(pooling="first"), ["a", "b"], {"modality": "text"}, "pooling is 'first'"),
        (RecurrentSizes(layers=0), ["a", "b"], {"modality": "text"}, "layers is 0"),
        (ResNetSizes(norm="batch"), np.zeros((2, 4, 4)), {}, "norm is 'batch'; allowed: layer"),
        (FcnSizes(sizes=(3,)), np.zeros((2, 9)), {"modality": "series"}, "as many of either"),
        (TransformerSizes(patch=5), np.zeros((2, 4, 4)), {}, "patch is 5, but images are 4 x 4"),
    ],
)
def test_faults_are_named(sizes, X, params, message):
    """Before anything is compiled."""
    with pytest.raises(ValueError, match=message):
        RawClassifier(sizes, **params).fit(X, np.arange(len(X)) % 2)


def test_augmented_sequences_keep_their_ends():
    """What is behind an end stays 0, and lengths stay as they are."""
    from bench_jax.augmentation import AUGMENTATIONS, KINDS

    values = jnp.ones((50, 16, 8)) * (jnp.arange(16) < 9)[:, None]
    lengths = jnp.full(50, 9)
    for name in ("shift", "jitter", "scale", "mask-time", "mask-bands"):
        assert "audio" in KINDS[name]
        changed, kept = jax.jit(AUGMENTATIONS[name])((values, lengths), jnp.uint32(3))
        assert (kept == 9).all()
        assert not np.asarray(changed)[:, 9:].any()
        assert np.abs(np.asarray(changed - values)).max() > 0.1

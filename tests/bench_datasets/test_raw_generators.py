"""Generators of images, audio, series and text: what they promise of every seed and size."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from bench import DatasetError
from bench.tasks.normalise import normalise
from bench_datasets.made_messages import make_messages, make_reviews
from bench_datasets.made_motifs import make_motifs
from bench_datasets.made_pictures import make_faces, make_lesions
from bench_datasets.made_shapes import SHAPES, make_shapes
from bench_datasets.made_tones import SCALE, _words, make_tones

MAKERS = {
    make_shapes: {"size": 16},
    make_lesions: {"size": 24},
    make_faces: {"size": 16, "n_classes": 4},
    make_tones: {"seconds": 0.1, "n_classes": 4},
    make_messages: {},
    make_reviews: {},
    make_motifs: {"length": [60, 80], "motif": 12, "channels": 2},
}
makers = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def alike(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@makers
def test_a_seed_makes_the_same_rows_whatever_their_number(make):
    """The first rows of a larger set are those of a smaller; another seed makes others."""
    few, many = (make(n_samples=n, seed=3, **MAKERS[make]) for n in (20, 520))

    assert alike(few.X, many.X[:20])
    assert few.y.tolist() == many.y[:20].tolist()
    assert not alike(few.X, make(n_samples=20, seed=4, **MAKERS[make]).X)


@makers
def test_every_row_is_whole(make):
    """Rows have the types that estimators are told of, and labels are among the classes."""
    dataset = normalise(make(n_samples=60, **MAKERS[make]), make.__name__)

    assert len(dataset.X) == len(dataset.y) == 60
    if make in (make_shapes, make_lesions, make_faces):
        assert dataset.X.dtype == np.uint8
        assert dataset.X.shape == (60, *[MAKERS[make]["size"]] * 2)
    elif make in (make_messages, make_reviews):
        assert all(isinstance(text, str) and text for text in dataset.X)
    else:
        assert all(row.dtype == np.float32 and np.isfinite(row).all() for row in dataset.X)
        assert len({len(row) for row in dataset.X}) > 1


@makers
def test_flips_are_as_many_as_asked(make):
    """A share `flip_y` of the rows has another class: of 400 rows at 0.25, 100 give or take 40."""
    true = make(n_samples=400, **MAKERS[make])
    flipped = make(n_samples=400, flip_y=0.25, **MAKERS[make])

    assert alike(true.X, flipped.X)
    assert 60 <= np.sum(true.y != flipped.y) <= 140
    assert (make(n_samples=40, flip_y=1.0, **MAKERS[make]).y != true.y[:40]).all()


def test_shapes_can_be_told_apart():
    """Without noise, clutter, turning and outlines, the nearest image is most often of the same
    shape: 1-NN is right for over 80 % of five classes.
    """
    plain = {"noise": 0.0, "clutter": 0, "rotation": 0.0, "filled": 1.0, "size": 16}
    dataset = make_shapes(n_samples=1500, n_classes=5, **plain)
    X = dataset.X.reshape(1500, -1).astype(float)
    X = np.abs(X - np.median(X, axis=1, keepdims=True))
    X = np.abs(np.fft.fft2(X.reshape(-1, 16, 16))).reshape(1500, -1)  # wherever it lies

    score = (
        KNeighborsClassifier(1).fit(X[:1200], dataset.y[:1200]).score(X[1200:], dataset.y[1200:])
    )

    assert set(dataset.y) == set(SHAPES[:5])
    assert score > 0.8


def test_shapes_in_colour():
    """Coloured shapes have three channels that differ."""
    X = make_shapes(n_samples=4, color=True).X

    assert X.shape == (4, 32, 32, 3)
    assert (X[..., 0] != X[..., 1]).any()


def test_faces_are_persons():
    """Without pose, light and noise, each person's images are alike but for the expression."""
    still = {"pose": 0.0, "light": 0.0, "noise": 0.0, "occlusion": 0.0}
    dataset = make_faces(n_samples=300, n_classes=5, size=16, **still)
    X = dataset.X.reshape(300, -1).astype(float)

    score = KNeighborsClassifier(1).fit(X[:200], dataset.y[:200]).score(X[200:], dataset.y[200:])

    assert score == 1.0
    same = make_faces(n_samples=300, n_classes=5, size=16, likeness=1.0, **still)
    spread = same.X.reshape(300, -1).std(axis=0).mean()
    assert spread < X.std(axis=0).mean() / 3


def test_lesions_are_as_frequent_as_asked():
    """`prevalence` is the share of lesions, and a lesion of no contrast leaves no trace."""
    rare = make_lesions(n_samples=500, prevalence=0.1, size=24)
    none, all_ = (make_lesions(n_samples=9, prevalence=p, contrast=0.0, size=24) for p in (0, 1))

    assert 25 <= np.sum(rare.y == "lesion") <= 80
    assert alike(none.X, all_.X)


def test_words_come_in_pairs_of_reverse_order():
    """Words 2 k and 2 k + 1 are the same tones reversed, and no two have the same steps."""
    words = _words(np.random.default_rng(0), 10, 4)

    assert np.array_equal(words[::2], words[1::2, ::-1])
    assert np.isin(words, SCALE).all()
    assert len({tuple(np.diff(word)) for word in words}) == 10


def test_tones_sound_as_their_words_say():
    """Of a voice of no pitch, speed and noise, the loudest frequency of the first tone is the
    word's: 300 Hz times 2 to the power of its semitones over 12.
    """
    dataset = make_tones(n_samples=6, seed=1, pitch=0.0, speed=0.0, noise=0.0, seconds=0.8)
    truth = np.random.default_rng(1).spawn(5)[0]
    words = _words(truth, 8, 4)
    for wave, label in zip(dataset.X, dataset.y, strict=True):
        begin = np.flatnonzero(wave)[0]
        tone = wave[begin : begin + 1600]  # 0.2 s at 8,000 samples per second
        hertz = np.abs(np.fft.rfft(tone, 80_000)).argmax() / 10
        assert hertz == pytest.approx(300 * 2 ** (words[int(label[5:])][0] / 12), rel=0.02)
        assert np.abs(wave).max() <= 1
    assert dataset.extra == {"sampling_rate": 8000}


def test_order_hides_from_bags_of_words():
    """Where order alone tells, a bag of words is no better than guessing, and pairs of words
    are: at even odds below 60 % and above 90 %.
    """
    dataset = make_messages(n_samples=1200, order=1.0, spam=0.5, filler=0.0)
    scores = []
    for n in (1, 2):
        X = CountVectorizer(ngram_range=(n, n), token_pattern=r"\S+").fit_transform(dataset.X)
        model = LogisticRegression(max_iter=500).fit(X[:900], dataset.y[:900])
        scores.append(model.score(X[900:], dataset.y[900:]))

    assert scores[0] < 0.6
    assert scores[1] > 0.9


def test_messages_without_order_are_told_by_their_words():
    """Where order tells nothing, a bag of words is right for over 95 % of the messages."""
    dataset = make_messages(n_samples=900, order=0.0, disguise=0.0)
    X = CountVectorizer().fit_transform(dataset.X)

    model = LogisticRegression(max_iter=500).fit(X[:600], dataset.y[:600])

    assert model.score(X[600:], dataset.y[600:]) > 0.95


def test_negation_turns_judgements():
    """With every judgement negated, good words stand in negative reviews."""
    dataset = make_reviews(n_samples=50, aspects=1, negation=1.0, filler=0.0)

    good = np.array([any(word in text.split() for word in ("good", "great")) for text in dataset.X])

    assert good.any()
    assert set(dataset.y[good]) == {"negative"}


def test_motifs_differ_in_order_only():
    """Without noise and drift, both classes of a pair hold the same values in another order."""
    still = {"noise": 0.0, "drift": 0.0, "warp": 0.0, "motif": 12, "length": 40}
    dataset = make_motifs(n_samples=40, n_classes=2, **still)
    values = [np.sort(np.round(row[np.abs(row) > 1e-6], 4)) for row in dataset.X]

    assert all(np.array_equal(values[0], other) for other in values)
    firsts = [{tuple(np.round(row[np.abs(row) > 1e-6][:3], 3)) for row in np.array(dataset.X)[y]}
              for y in (dataset.y == 0, dataset.y == 1)]  # fmt: skip
    assert len(firsts[0]) == len(firsts[1]) == 1
    assert firsts[0] != firsts[1]


@pytest.mark.parametrize(
    ("make", "params", "message"),
    [
        (make_shapes, {"n_classes": 9}, "n_classes is 9; allowed: 2 to 8"),
        (make_shapes, {"size": 4}, "size is 4; allowed: 12 to 1,024"),
        (make_shapes, {"noise": -1}, "noise is -1; allowed: 0 to 10"),
        (make_lesions, {"prevalence": 1.5}, "prevalence is 1.5; allowed: 0 to 1"),
        (make_faces, {"n_samples": 2.5}, "n_samples is 2.5; a whole number"),
        (make_tones, {"n_classes": 3}, "an even number"),
        (make_tones, {"n_tones": 2, "n_classes": 20}, "fewer than 20 different words"),
        (make_messages, {"sentences": [3, 1]}, r"sentences is \[3, 1\]"),
        (make_reviews, {"aspects": 4}, "an odd number"),
        (make_motifs, {"length": 20}, "length is 20; allowed: 56 to"),
    ],
)
def test_faults(make, params, message):
    """A parameter out of range is named with what is allowed."""
    with pytest.raises(DatasetError, match=message):
        make(**params)

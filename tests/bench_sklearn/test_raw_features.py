"""What is counted in texts, images and sounds, and the machine on log-count ratios, by hand."""

import builtins
import sys

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

import bench
from bench_features.mel import log_mel
from bench_sklearn.hog import HogFeatures
from bench_sklearn.images import hog_svm
from bench_sklearn.nb_svm import NbSvm
from bench_sklearn.sound_statistics import SoundStatistics
from bench_sklearn.texts import nb_svm, tfidf_linear_svm, tfidf_naive_bayes

TEXTS = ["Win £5 now!", "I don't win", "now now", "a well-kept win"]


def context(modality, n_classes=2):
    return bench.ModelContext(
        task="classification",
        modality=modality,
        n_train=4,
        n_train_max=4,
        target=bench.Target("multiclass", classes=tuple("abcd"[:n_classes])),
    )


def counted(estimator):
    """The counts of TEXTS by sequence, before the learner."""
    union = estimator[:-1].fit(TEXTS, [0, 1, 0, 1])
    names = [name.split("__", 1)[1] for name in union[-1].get_feature_names_out()]
    return dict(zip(names, union.transform(TEXTS).toarray().T.tolist(), strict=True))


def test_words_and_marks_by_hand():
    """Marks are words of their own; an apostrophe or hyphen between letters is none."""
    counts = counted(tfidf_naive_bayes(context("text"), weights="counts"))

    assert set(counts) == {
        *("win", "£", "5", "now", "!"),
        *("i", "don't", "a", "well-kept"),
    }
    assert counts["now"] == [1, 0, 2, 0]
    assert counts["win"] == [1, 1, 0, 1]


def test_presence_and_pairs_by_hand():
    """Presence counts no word twice, and two words are one more sequence."""
    counts = counted(nb_svm(context("text"), words=2, weights="presence"))

    assert counts["now"] == [1, 0, 1, 0]
    assert counts["now now"] == [0, 0, 1, 0]
    assert counts["don't win"] == [0, 1, 0, 0]


def test_rare_sequences_are_left_out():
    """Of sequences in at least two texts, "win" and "now" remain."""
    assert set(counted(tfidf_naive_bayes(context("text"), min_rows=2))) == {"win", "now"}


def test_characters_are_counted_within_words():
    """Three to four characters, with the blanks around a word."""
    counts = counted(tfidf_linear_svm(context("text"), words=0, characters=4))

    assert {" wi", "win", "in ", " win", "win "} <= set(counts)
    assert all(3 <= len(name) <= 4 for name in counts)


def test_log_count_ratios_by_hand():
    """With 1 added, (3, 2) of 5 against (1, 4) of 5: weights are as log 3 to log 1/2."""
    X, y = csr_matrix([[1.0, 0], [1, 1], [0, 2], [0, 1]]), np.array([1, 1, 0, 0])

    fitted = NbSvm(beta=0.0).fit(X, y)

    assert fitted.coef_[0] / fitted.coef_[0, 0] == pytest.approx([1, np.log(0.5) / np.log(3)])
    assert fitted.intercept_[0] == 0.0


def test_ends_of_beta():
    """With beta at 0 labels are naive Bayes's of classes unequal in size, at 1 the machine's."""
    rng = np.random.default_rng(0)
    y = (rng.random(60) < 0.25).astype(int)
    X = csr_matrix(rng.poisson(1 + np.outer(y, [2.0, 0, 1, 0]) + np.outer(1 - y, [0, 1.0, 0, 1])))
    bayes = MultinomialNB(alpha=1.0).fit(X, y)
    ratios = np.diff(bayes.feature_log_prob_, axis=0)[0]
    machine = LinearSVC(random_state=0, max_iter=10_000).fit(X.multiply(ratios).tocsr(), y)

    zero, one = NbSvm(beta=0.0).fit(X, y), NbSvm(beta=1.0).fit(X, y)

    assert (zero.predict(X) == bayes.predict(X)).all()
    assert one.decision_function(X) == pytest.approx(
        machine.decision_function(X.multiply(ratios).tocsr())
    )


def test_three_classes_are_told_one_from_the_rest():
    """Every class has a score, and its own word decides."""
    X = csr_matrix(np.repeat(np.eye(3), 4, axis=0))
    y = np.repeat([3, 5, 9], 4)

    fitted = NbSvm().fit(X, y)

    assert fitted.decision_function(X).shape == (12, 3)
    assert (fitted.predict(X) == y).all()


def test_a_row_of_double_weight_counts_as_two():
    """Weights hold for counts as for the machine: twice the weight is the row twice."""
    X, y = csr_matrix([[2.0, 0, 1], [1, 1, 0], [0, 2, 1], [0, 1, 1]]), np.array([1, 1, 0, 0])
    twice = [0, 0, 1, 2, 3]
    given = {"max_iter": 100_000}

    weighted = NbSvm(**given).fit(X, y, sample_weight=[2.0, 1, 1, 1])
    doubled = NbSvm(**given).fit(X[twice], y[twice])

    assert weighted.coef_ == pytest.approx(doubled.coef_, rel=1e-2)


@pytest.mark.parametrize(("side", "n_cells"), [(8, 4), (28, 7), (64, 7)])
def test_cells_suit_the_size_of_images(side, n_cells):
    """About seven cells along a side, of at least two pixels; blocks of three overlap."""
    X = np.random.default_rng(0).integers(0, 255, (2, side, side), dtype=np.uint8)

    features = HogFeatures().fit(X).transform(X)

    assert features.shape == (2, (n_cells - 2) ** 2 * 9 * 9)


def test_scale_and_a_channel_of_one_do_not_matter():
    """Bytes from 0 to 255, and numbers from 0 to 1, with or without a channel, are one image."""
    X = np.random.default_rng(0).integers(0, 256, (3, 10, 12), dtype=np.uint8)
    ours = HogFeatures().fit(X).transform(X)

    for other in (X[..., None], X.astype(np.float32) / 255):
        assert HogFeatures().fit(other).transform(other) == pytest.approx(ours, abs=1e-6)


def test_a_vertical_edge_has_one_direction():
    """The gradient of an edge that stands upright is all in the first of nine directions."""
    X = np.zeros((1, 6, 6))
    X[:, :, 3:] = 1

    features = HogFeatures(cell=6, block=1).fit(X).transform(X)

    assert features[0, 0] == pytest.approx(1, abs=1e-4)
    assert features[0, 1:] == pytest.approx(np.zeros(8))


def test_channels_have_the_largest_gradient():
    """An edge in one of three channels is seen as in a grey image."""
    X = np.zeros((1, 6, 6, 3))
    X[:, :, 3:, 1] = 1

    ours = HogFeatures(cell=6).fit(X).transform(X)

    assert (ours == HogFeatures(cell=6).fit(X[..., 1]).transform(X[..., 1])).all()


def test_images_that_cannot_be():
    """Images smaller than a cell, of another size than in training, or no images are refused."""
    with pytest.raises(ValueError, match="images of 4 x 9 pixels hold no cell of 5 x 5"):
        HogFeatures(cell=5).fit(np.zeros((2, 4, 9)))
    with pytest.raises(ValueError, match=r"\(4, 8\); \(4, 9\) is needed"):
        HogFeatures().fit(np.zeros((2, 4, 9))).transform(np.zeros((2, 4, 8)))
    with pytest.raises(ValueError, match=r"X has the shape \(2, 9\)"):
        HogFeatures().fit(np.zeros((2, 9)))


def test_without_scikit_image(monkeypatch):
    """Where scikit-image is not installed a trial is skipped, and told what to install."""
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("skimage"):
            raise ImportError("No module named 'skimage'")
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "bench_sklearn.hog")
    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(bench.Skip, match=r"pip install 'crossover-bench\[images\]'"):
        hog_svm(context("image"))


def test_statistics_of_a_sound_are_those_of_its_frames():
    """One second of a rising tone: mean, parts and changes as worked out from its mel bands."""
    seconds = np.arange(1000) / 1000
    wave = np.sin(2 * np.pi * (50 + 150 * seconds) * seconds).astype(np.float32)
    given = {"n_mels": 4, "window_seconds": 0.04, "hop_seconds": 0.02}
    frames = log_mel(wave, 1000, **given)

    features = SoundStatistics(1000, n_parts=2, **given).fit([wave]).transform([wave])[0]

    assert len(frames) == 49
    assert features.shape == (4 * (2 + 3 + 2 + 1) + 1,)
    assert features[:4] == pytest.approx(frames.mean(axis=0))
    assert features[12:16] == pytest.approx(np.median(frames, axis=0))
    assert features[20:24] == pytest.approx(frames[:24].mean(axis=0))
    assert features[24:28] == pytest.approx(frames[24:].mean(axis=0))
    assert features[28:32] == pytest.approx(np.abs(frames[1:] - frames[:-1]).mean(axis=0))
    assert features[32] == 1


def test_a_sound_of_one_frame():
    """A sound shorter than a window, and silence, have finite statistics of the same number."""
    waves = [np.ones(3, np.float32), np.zeros(800, np.float32)]

    features = SoundStatistics(8000, "mfcc").fit(waves).transform(waves)

    assert features.shape == (2, 20 * 9 + 1)
    assert np.isfinite(features).all()

"""Audio of tones: short melodies as words, spoken by many voices at many speeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, DatasetError, Target
from bench_datasets import making
from bench_datasets.making import check, check_whole

SCALE = (0, 2, 4, 7, 9, 12)
"""Semitones above the ground tone: a pentatonic scale and the octave."""

LOWEST_HZ = 300.0
N_OVERTONES = 2


def make_tones(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    n_classes: int = 8,
    n_tones: int = 4,
    seconds: float = 0.5,
    sampling_rate: int = 8000,
    speed: float = 0.25,
    pitch: float = 2.0,
    noise: float = 0.1,
    flip_y: float = 0.0,
) -> Dataset:
    """Return recordings of words made of tones: a toy of speech recognition.

    A word, the class, is a melody of `n_tones` tones of a pentatonic scale above 300 Hz. Words 2 k
    and 2 k + 1 are the same tones in reverse order, so that a spectrum without time tells at most
    half of them apart. Voices differ in pitch, speed, overtones and loudness, and
    begin after silence of up to a tenth of a second. No two words are the same melody at another
    pitch, so that with little noise the best possible accuracy is ``1 - flip_y``.

    Parameters
    ----------
    n_samples, seed
        Recordings; the seed makes words and recordings.
    n_classes
        Words, an even number, all equally frequent.
    n_tones
        Tones of a word, 2 to 8; fewer tones make fewer different words.
    seconds
        How long a word takes at its usual speed.
    sampling_rate
        Samples in a second, 4,000 and more.
    speed
        By which share speed varies, up and down; recordings have unequal lengths where it is not 0.
    pitch
        Semitones by which voices differ, up and down.
    noise
        Standard deviation of normal noise; voices have amplitudes from 0.3 to 0.8.
    flip_y
        Share of recordings labelled with another word.

    Returns
    -------
    Dataset
        X list of float32 arrays (n,) in [-1, 1]; classes word-0, word-1, ...; its
        ``extra["sampling_rate"]`` in samples per second.

    Raises
    ------
    DatasetError
        A parameter is out of its range, or there are not so many words.
    """
    name = "make-tones"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "n_classes", n_classes, 2, 1000)
    check_whole(name, "n_tones", n_tones, 2, 8)
    check_whole(name, "sampling_rate", sampling_rate, 4000, 192_000)
    check(name, "seconds", seconds, 0.05, 60)
    check(name, "speed", speed, 0, 0.9)
    check(name, "pitch", pitch, 0, 12)
    check(name, "noise", noise, 0, 10)
    check(name, "flip_y", flip_y, 0, 1)
    truth, labels, voices, grain, luck = making.streams(seed, 5)
    words = _words(truth, n_classes, n_tones)
    classes = making.classes_of(labels, n_samples, n_classes)
    draws = voices.random((n_samples, 4 + N_OVERTONES + n_tones))
    X = [
        _spoken(words[who], draw, grain, seconds, sampling_rate, speed, pitch, noise)
        for who, draw in zip(classes, draws, strict=True)
    ]
    names = [f"word-{k}" for k in range(n_classes)]
    return Dataset(
        X,
        np.array(names)[making.turned(luck, classes, n_classes, flip_y)],
        target=Target.of_classes(names),
        extra={"sampling_rate": sampling_rate},
    )


def _words(rng: np.random.Generator, n: int, n_tones: int) -> NDArray[np.int64]:
    """Return words (n, n_tones) in semitones: pairs of a melody and its reverse.

    Among all words no two have the same steps from tone to tone.
    """
    if n % 2:
        raise DatasetError(
            f"dataset 'make-tones': n_classes is {n}; an even number is needed, as words come in "
            "pairs of a melody and its reverse."
        )
    taken: set[tuple[int, ...]] = set()
    words: list[NDArray[np.int64]] = []
    for _ in range(200 * n):
        word = rng.choice(SCALE, n_tones)
        steps = [tuple(np.diff(way).tolist()) for way in (word, word[::-1])]
        if steps[0] == steps[1] or not all(steps[0]) or taken & {*steps}:
            continue
        taken |= {*steps}
        words += [word, word[::-1]]
        if len(words) == n:
            return np.array(words)
    raise DatasetError(
        f"dataset 'make-tones': fewer than {n} different words of {n_tones} tones were found. Give "
        "fewer n_classes, or more n_tones."
    )


def _spoken(
    word: NDArray[np.int64],
    draw: NDArray[np.float64],
    grain: np.random.Generator,
    seconds: float,
    sampling_rate: int,
    speed: float,
    pitch: float,
    noise: float,
) -> NDArray[np.float32]:
    pace, height, silence, loudness = 2 * draw[:4] - 1
    overtones, stress = draw[4 : 4 + N_OVERTONES], draw[4 + N_OVERTONES :]
    per_tone = max(8, round(seconds * (1 + speed * pace) * sampling_rate / len(word)))
    before = round((0.05 + 0.05 * silence) * sampling_rate)
    hertz = LOWEST_HZ * 2 ** ((word + pitch * height) / 12)
    # The phase runs on from tone to tone: a jump would click.
    turns = np.cumsum(np.repeat(hertz / sampling_rate, per_tone))
    phase = ((2 * np.pi) * (turns - np.floor(turns))).astype(np.float32)
    sine, cosine = np.sin(phase), np.cos(phase)
    # The overtones' sines follow from the ground tone's, which is quicker than to compute them.
    harmonics = (2 * sine * cosine, sine * (3 - 4 * sine**2))
    wave = sine
    for k, (strength, harmonic) in enumerate(zip(overtones, harmonics, strict=True), start=2):
        if k * hertz.max() < sampling_rate / 2:
            wave = wave + np.float32(strength / k) * harmonic
    swell = np.sin(np.pi * (np.arange(per_tone) + 0.5) / per_tone) ** 0.5
    strengths = (0.6 + 0.4 * stress) / (1 + overtones.sum() / 2)
    wave = wave * np.outer(strengths, swell).ravel().astype(np.float32)
    sound = np.zeros(before + len(wave), dtype=np.float32)
    sound[before:] = (0.55 + 0.25 * loudness) * wave
    sound += np.float32(noise) * grain.standard_normal(len(sound), dtype=np.float32)
    return np.clip(sound, -1, 1)

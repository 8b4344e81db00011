"""Texts from small grammars: messages wanted and unwanted, and reviews with negation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, DatasetError, Target
from bench_datasets import making
from bench_datasets.making import check, check_whole, interval

MESSAGE_CLASSES = ("ham", "spam")
REVIEW_CLASSES = ("negative", "positive")

_T = TypeVar("_T")

_SLOTS = {
    "prize": [
        "phone",
        "voucher",
        "holiday",
        "car",
        "laptop",
        "ticket",
        "watch",
        "console",
        "cruise",
        "bonus",
    ],
    "amount": ["100", "250", "500", "750", "1000", "2000", "5000"],
    "number": ["08001", "08712", "09061", "07781", "08450", "06900"],
    "hurry": ["now", "today", "immediately", "urgently", "tonight", "quickly"],
    "name": ["anna", "ben", "clara", "david", "emma", "felix", "grace", "henry", "ida", "jack"],
    "place": ["station", "office", "library", "cinema", "cafe", "gym", "market", "school"],
    "hour": ["noon", "six", "seven", "eight", "nine", "lunchtime", "midnight"],
    "thing": ["notes", "keys", "ticket", "bike", "phone", "book", "umbrella", "watch"],
}
_TOPICS = (
    (  # ham
        "are you coming to the {place} at {hour}",
        "{name} forgot the {thing} at the {place}",
        "can you bring my {thing} when you see {name}",
        "sorry i am late , see you at {hour}",
        "dinner with {name} at {hour} , ok",
        "i will call you when i leave the {place}",
        "thanks for the {thing} , {name} says hello",
        "the meeting is moved to {hour}",
    ),
    (  # spam
        "you have won a {prize} , call {number} {hurry}",
        "claim your free {prize} {hurry}",
        "text win to {number} for {amount} cash",
        "urgent ! your {prize} of {amount} is waiting",
        "final notice : reply {hurry} to get the {prize}",
        "congratulations , a {amount} {prize} was awarded to you",
        "cheap loans of {amount} , call {number}",
        "exclusive offer : {prize} for free , only {hurry}",
    ),
)
_ORDERED = (
    # The same words in both; the first is ham, the second spam.
    ("i won the {prize} , you did not", "you won the {prize} , i did not"),
    ("send {name} the {thing} , not your {amount}", "send {name} your {amount} , not the {thing}"),
    ("call me before you pay {number}", "pay me before you call {number}"),
    ("do not reply , claim the {prize} later", "reply , do not claim the {prize} later"),
    ("the {prize} is yours no more , it is free", "no more , it is yours , the {prize} is free"),
    ("pay nothing , the {prize} is with {name}", "nothing is with {name} , pay the {prize}"),
)
_NEUTRAL = (
    "hello , how are you",
    "this is a message from {name}",
    "please reply to this message",
    "see the {place} for more",
    "it is {hour} already",
    "the {prize} is at the {place}",
    "call {number} at {hour}",
    "hope you are well",
)
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})

_ASPECTS = [
    "plot",
    "acting",
    "music",
    "script",
    "ending",
    "camera",
    "dialogue",
    "cast",
    "pace",
    "humour",
    "lighting",
    "story",
    "score",
    "direction",
    "costumes",
    "opening",
]
_WORDS = (
    [
        "bad",
        "dull",
        "weak",
        "awful",
        "boring",
        "flat",
        "clumsy",
        "poor",
        "tired",
        "shallow",
        "messy",
        "bland",
    ],
    [
        "good",
        "fine",
        "strong",
        "great",
        "moving",
        "sharp",
        "clever",
        "rich",
        "fresh",
        "deep",
        "tight",
        "bright",
    ],
)
_PLAIN = ("the {a} was {w}", "i found the {a} {w}", "what a {w} {a}", "{w} {a}")
_NEGATED = (
    "the {a} was not {w}",
    "i never found the {a} {w}",
    "nobody could call the {a} {w}",
    "hardly a {w} {a}",
)
_STRONGER = ("", "", "very ", "really ", "quite ", "rather ")


def make_messages(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    spam: float = 0.3,
    order: float = 0.2,
    sentences: int | Sequence[int] = (1, 4),
    neutral: float = 0.4,
    filler: float = 4.0,
    n_words: int = 2000,
    disguise: float = 0.1,
    flip_y: float = 0.0,
) -> Dataset:
    """Return short messages, ham or spam, from a small grammar: a toy of a spam filter.

    Each message has a sentence that is of its class alone; others are of that class too, or
    neutral. A share `order` of the messages is told by the order of words only: their telling
    sentence holds the words of one of the other class, and all others are neutral. Made-up words,
    frequent and rare ones as in real language (Zipf's law), stand between. The best possible
    accuracy is ``1 - flip_y``. Without flips, what looks at words and not at their order can reach
    ``1 - order * min(spam, 1 - spam)``.

    Parameters
    ----------
    n_samples, seed
        Messages; the seed makes all of them.
    spam
        Share of spam.
    order
        Share of messages that only word order tells apart.
    sentences
        Of a message, or the least and the most of them.
    neutral
        Share of neutral sentences among those beside the telling one.
    filler
        Made-up words in a message, on average.
    n_words
        How many different made-up words there are.
    disguise
        Share of spam with digits for letters, as in ``fr33``.
    flip_y
        Share of messages labelled with the other class.

    Returns
    -------
    Dataset
        X list of str; classes ham and spam.

    Raises
    ------
    DatasetError
        A parameter is out of its range.
    """
    name = "make-messages"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "n_words", n_words, 1, 1_000_000)
    check(name, "filler", filler, 0, 1000)
    fewest, most = interval(name, "sentences", sentences, 1, 1000)
    for parameter, share in (
        ("spam", spam), ("order", order), ("neutral", neutral), ("disguise", disguise),
        ("flip_y", flip_y),
    ):  # fmt: skip
        check(name, parameter, share, 0, 1)
    truth, labels, rng, luck = making.streams(seed, 4)
    words, odds = _made_up(truth, n_words)
    classes = making.classes_of(labels, n_samples, 2, (1 - spam, spam))
    X = []
    for is_spam in classes.tolist():
        is_ordered, is_disguised = rng.random(2) < (order, disguise)
        first = _pick(rng, _ORDERED)[is_spam] if is_ordered else _pick(rng, _TOPICS[is_spam])
        found = [_filled(rng, first)]
        for _ in range(int(rng.integers(fewest, most, endpoint=True)) - 1):
            is_neutral = is_ordered or rng.random() < neutral
            found.append(_filled(rng, _pick(rng, _NEUTRAL if is_neutral else _TOPICS[is_spam])))
        rng.shuffle(found)
        text = _sprinkled(rng, found, words, odds, filler)
        X.append(text.translate(_LEET) if is_spam and is_disguised and not is_ordered else text)
    y = making.turned(luck, classes, 2, flip_y)
    return Dataset(X, np.array(MESSAGE_CLASSES)[y], target=Target.of_classes(MESSAGE_CLASSES))


def make_reviews(
    *,
    n_samples: int = 1000,
    seed: int = 0,
    aspects: int = 5,
    negation: float = 0.3,
    filler: float = 10.0,
    n_words: int = 2000,
    flip_y: float = 0.0,
) -> Dataset:
    """Return reviews, positive or negative, some of whose praise is negated: a toy of sentiment.

    A review judges an odd number of aspects, each with a good or a bad word, plain or negated
    ("hardly a good plot"); it is positive where most judgements are. Sentences come in any order,
    made-up words between them. The best possible accuracy is ``1 - flip_y``; what reads single
    words meets judgements that say their opposite in a share `negation` of the cases.

    Parameters
    ----------
    n_samples, seed
        Reviews; the seed makes all of them.
    aspects
        Judgements of a review, an odd number from 1 to 15.
    negation
        Share of negated judgements.
    filler, n_words, flip_y
        As for `make_messages`.

    Returns
    -------
    Dataset
        X list of str; classes negative and positive.

    Raises
    ------
    DatasetError
        A parameter is out of its range.
    """
    name = "make-reviews"
    check_whole(name, "n_samples", n_samples, 1)
    check_whole(name, "aspects", aspects, 1, 15)
    check_whole(name, "n_words", n_words, 1, 1_000_000)
    if aspects % 2 == 0:
        raise DatasetError(
            f"dataset {name!r}: aspects is {aspects}; an odd number is needed, as reviews with as "
            "much praise as blame have no class."
        )
    check(name, "filler", filler, 0, 1000)
    check(name, "negation", negation, 0, 1)
    check(name, "flip_y", flip_y, 0, 1)
    truth, rng, luck = making.streams(seed, 3)
    words, odds = _made_up(truth, n_words)
    X, classes = [], np.empty(n_samples, dtype=np.int64)
    for row in range(n_samples):
        judged = rng.random(aspects) < 0.5
        negated = rng.random(aspects) < negation
        subjects = rng.choice(len(_ASPECTS), aspects, replace=False)
        found = []
        for is_good, is_negated, subject in zip(judged, negated, subjects, strict=True):
            word = _pick(rng, _STRONGER) + _pick(rng, _WORDS[int(is_good != is_negated)])
            form = _pick(rng, _NEGATED if is_negated else _PLAIN)
            found.append(form.format(a=_ASPECTS[subject], w=word))
        X.append(_sprinkled(rng, found, words, odds, filler))
        classes[row] = int(2 * judged.sum() > aspects)
    y = making.turned(luck, classes, 2, flip_y)
    return Dataset(X, np.array(REVIEW_CLASSES)[y], target=Target.of_classes(REVIEW_CLASSES))


def _made_up(rng: np.random.Generator, n: int) -> tuple[list[str], NDArray[np.float64]]:
    """Return words of two to four syllables, and their cumulative odds by Zipf's law."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    lengths = rng.integers(2, 4, n, endpoint=True)
    parts = rng.integers(len(syllables), size=(n, 4))
    words = [
        "".join(syllables[k] for k in row[:length])
        for row, length in zip(parts.tolist(), lengths.tolist(), strict=True)
    ]
    odds = np.cumsum(1 / np.arange(1, n + 1))
    return words, odds / odds[-1]


def _pick(rng: np.random.Generator, choices: Sequence[_T]) -> _T:
    return choices[int(rng.random() * len(choices))]


def _filled(rng: np.random.Generator, form: str) -> str:
    return form.format_map(_Filling(rng))


@dataclass(frozen=True)
class _Filling(Mapping[str, str]):
    """A word for each slot that a form asks for, drawn when it does."""

    rng: np.random.Generator

    def __getitem__(self, slot: str) -> str:
        return _pick(self.rng, _SLOTS[slot])

    def __iter__(self) -> Iterator[str]:
        return iter(_SLOTS)

    def __len__(self) -> int:
        return len(_SLOTS)


def _sprinkled(
    rng: np.random.Generator,
    sentences: list[str],
    words: list[str],
    odds: NDArray[np.float64],
    filler: float,
) -> str:
    """Return sentences as one text, with made-up words between them."""
    found = list(sentences)
    for k in np.searchsorted(odds, rng.random(int(rng.poisson(filler)))).tolist():
        found.insert(int(rng.random() * (len(found) + 1)), words[k])
    return " ".join(found)

"""Text as codes of words, characters or pairs of these, learned on the training rows."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench_jax.signals import QUANTILE, Signal, room

Unit = Literal["word", "character", "byte-pair"]

PADDING, UNKNOWN = 0, 1
"""Codes behind the end of a text, and of what the training rows do not have."""

_N_SPECIAL = 2

_WORD = re.compile(r"\w+|[^\w\s]")
_DIGIT = re.compile(r"\d")

_MAX_LENGTH = 256
"""Tokens that are read at most, where that is not told."""


@dataclass(frozen=True)
class TokenEncoder:
    """Reads texts as codes.

    Parameters
    ----------
    unit
        What a token is. ``word``: letters and digits in a row, in lower case, digits as 0, so that
        numbers of one length are one word; or a single other sign. ``character``: each as it is.
        ``byte-pair``: words cut into the pieces that joining the most frequent neighbours gives
        (Sennrich et al., 2016).
    tokens
        Known ones; their codes begin at 2.
    n_codes
        Codes that there is room for.
    length
        Tokens of a text that are read.
    """

    unit: Unit
    tokens: tuple[str, ...]
    n_codes: int
    length: int

    @functools.cached_property
    def _codes(self) -> dict[str, int]:
        return {token: code for code, token in enumerate(self.tokens, _N_SPECIAL)}

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        unit: Unit,
        *,
        max_codes: int,
        min_count: int,
        length: int | None,
        is_fixed: bool,
    ) -> TokenEncoder:
        """Learn tokens and a length from texts.

        Parameters
        ----------
        texts
            The training rows.
        unit
            As in the class.
        max_codes
            Codes at most: the most frequent tokens have one.
        min_count
            How often a token must be seen.
        length
            Tokens of a text that are read; None: as many as 98 % of the texts have, up to 256.
        is_fixed
            Whether to make room for `max_codes`, however few there are, so that all sizes of a
            learning curve share a program; else for the next power of two.

        Raises
        ------
        ValueError
            `unit` is none of those, or there is no room for any code.
        """
        if unit not in ("word", "character", "byte-pair"):
            raise ValueError(f"tokens is {unit!r}; allowed: word, character, byte-pair.")
        if max_codes <= _N_SPECIAL:
            raise ValueError(f"max_codes is {max_codes}; allowed: more than {_N_SPECIAL}.")
        n_tokens = max_codes - _N_SPECIAL
        if unit == "byte-pair":
            words = Counter(word for text in texts for word in _words(text))
            tokens = _pieces(words, n_tokens, min_count)
        else:
            counts = Counter(token for text in texts for token in _split(text, unit))
            frequent = [token for token, count in counts.items() if count >= min_count]
            tokens = sorted(frequent, key=lambda token: (-counts[token], token))[:n_tokens]
        n_codes = max_codes
        if not is_fixed:
            n_codes = min(max_codes, 1 << (len(tokens) + _N_SPECIAL - 1).bit_length())
        if length is None:
            encoder = cls(unit, tuple(tokens), n_codes, _MAX_LENGTH)
            lengths = np.array([len(codes) for codes in encoder.codes(texts)])
            length = room(np.minimum(lengths, np.ceil(np.quantile(lengths, QUANTILE))))
        return cls(unit, tuple(tokens), n_codes, length)

    @property
    def signal(self) -> Signal:
        """What rows become."""
        return Signal("tokens", (self.length,), self.n_codes)

    def transform(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return codes (n, length), 0 behind a text's end; a text of no token is one unknown."""
        codes = np.zeros((len(texts), self.length), np.int32)
        for number, found in enumerate(self.codes(texts)):
            codes[number, : len(found)] = found[: self.length]
        return codes

    def codes(self, texts: Iterable[str]) -> list[list[int]]:
        """Return the codes of each text, up to `length` of them."""
        if self.unit != "byte-pair":
            return [
                [self._codes.get(token, UNKNOWN) for token in _split(text, self.unit)][
                    : self.length
                ]
                or [UNKNOWN]
                for text in texts
            ]
        known: dict[str, list[int]] = {}
        return [
            [code for word in _words(text) for code in self._cut(word, known)][: self.length]
            or [UNKNOWN]
            for text in texts
        ]

    def _cut(self, word: str, known: dict[str, list[int]]) -> list[int]:
        """Return the codes of a word's pieces: pairs joined, those learned first going first."""
        if word not in known:
            pieces = list(word)
            while len(pieces) > 1:
                pairs = [a + b for a, b in itertools.pairwise(pieces)]
                best = min(pairs, key=lambda pair: self._codes.get(pair, self.n_codes))
                if best not in self._codes:
                    break
                pieces = _joined(pieces, best)
            known[word] = [self._codes.get(piece, UNKNOWN) for piece in pieces]
        return known[word]


def as_texts(X: Any) -> list[str]:
    """Return texts as a list.

    Raises
    ------
    ValueError
        A row is no text.
    """
    texts = list(X)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(
                f"row {number} of X is of type {type(text).__name__}; texts (str) are needed."
            )
    return texts


def _split(text: str, unit: Unit) -> Iterable[str]:
    return text if unit == "character" else _WORD.findall(_DIGIT.sub("0", text.lower()))


def _words(text: str) -> list[str]:
    """Return words and signs, each marked by a blank in front of it."""
    return [" " + word for word in _split(text, "word")]


def _pieces(words: Counter[str], n_tokens: int, min_count: int) -> list[str]:
    """Return characters, most frequent first, and then pairs in the order of their joining."""
    characters: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            characters[character] += count
    tokens = [c for c, n in sorted(characters.items(), key=lambda item: (-item[1], item[0]))]
    tokens = [token for token in tokens if characters[token] >= min_count][:n_tokens]
    cut = {word: list(word) for word in words}
    pairs: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[str]] = defaultdict(set)

    def note(word: str, sign: int) -> None:
        for pair in itertools.pairwise(cut[word]):
            pairs[pair] += sign * words[word]
            places[pair].add(word)

    for word in words:
        note(word, 1)
    while pairs and len(tokens) < n_tokens:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < max(min_count, 2):
            break
        joined = "".join(best)
        if joined not in tokens:
            tokens.append(joined)
        for word in places.pop(best):
            note(word, -1)
            cut[word] = _joined(cut[word], joined)
            note(word, 1)
        del pairs[best]
    return tokens


def _joined(pieces: list[str], pair: str) -> list[str]:
    """Return the pieces with each two neighbours that make up `pair` as one."""
    joined: list[str] = []
    place = 0
    while place < len(pieces):
        if place + 1 < len(pieces) and pieces[place] + pieces[place + 1] == pair:
            joined.append(pair)
            place += 2
        else:
            joined.append(pieces[place])
            place += 1
    return joined

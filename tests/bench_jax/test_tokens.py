"""Texts as codes, learned on the training rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_jax.tokens import TokenEncoder, as_texts

DEFAULTS = {"max_codes": 100, "min_count": 1, "length": None, "is_fixed": False}


def _fitted(texts, unit="word", **params):
    return TokenEncoder.fit(texts, unit, **(DEFAULTS | params))


def test_words_are_lower_case_and_signs_stand_alone():
    """The most frequent come first, ties in order of the alphabet; digits are 0."""
    encoder = _fitted(["Win win WIN!", "Call 0800 or 9999!"])
    assert encoder.tokens == ("win", "!", "0000", "call", "or")
    assert encoder.transform(["win 1234 now"])[0, :4].tolist() == [2, 4, 1, 0]


def test_rare_words_and_those_beyond_the_room_are_unknown():
    """Two words have been seen twice, and there is room for one."""
    texts = ["b a a", "b b c"]
    assert _fitted(texts, min_count=2).tokens == ("b", "a")
    assert _fitted(texts, max_codes=3).tokens == ("b",)


def test_a_text_of_nothing_is_one_unknown_token():
    """So that no row is empty."""
    assert _fitted(["a"]).transform(["", " \n"])[:, :2].tolist() == [[1, 0], [1, 0]]


def test_room_for_codes_is_fixed_where_programs_are_shared():
    """The largest number in a learning curve, else the next power of two."""
    assert _fitted(["a b c"]).n_codes == 8
    assert _fitted(["a b c"], is_fixed=True).n_codes == 100


def test_few_long_texts_do_not_make_all_long():
    """Of 100 texts, one of 60 words and others of 5, 98 are read to their end: 8 places."""
    encoder = _fitted(["a " * 60] + ["a " * 5] * 99)
    assert encoder.length == 8
    assert _fitted(["a " * 60] * 2, length=24).length == 24


def test_characters_are_taken_as_they_are():
    """Capitals and blanks count."""
    encoder = _fitted(["aA a"], "character")
    assert encoder.tokens == ("a", " ", "A")


def test_pairs_are_joined_in_order_of_their_number():
    """Worked by hand: "lo" is seen three times, then "low" with its blank, each a piece.

    The words are " low" twice and " lot" once: the pairs (" ", "l") and ("l", "o") are seen three
    times each, and of equals the last in the alphabet is joined first.
    """
    encoder = _fitted(["low low lot"], "byte-pair", max_codes=10)
    assert encoder.tokens == (" ", "l", "o", "w", "t", "lo", " lo", " low")
    assert encoder.transform(["low lot tow"])[0, :7].tolist() == [9, 8, 6, 2, 6, 4, 5]


@pytest.mark.parametrize("unit", ["word", "character", "byte-pair"])
@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=5), new=st.text(max_size=30))
def test_any_text_has_codes(unit, texts, new):
    """They are within their room, at least one, and without a gap; equal texts, equal codes."""
    encoder = _fitted(texts, unit)
    codes = encoder.transform([new, new])
    assert codes.shape == (2, encoder.length)
    assert (codes[0] == codes[1]).all()
    assert codes.min() >= 0
    assert codes.max() < encoder.n_codes
    n = np.count_nonzero(codes[0])
    assert n >= 1
    assert codes[0, :n].all()
    assert len(set(encoder.tokens)) == len(encoder.tokens) <= encoder.n_codes - 2


def test_faults_are_named():
    """A unit that there is not, no room for any code, and a row that is no text."""
    with pytest.raises(ValueError, match="tokens is 'syllable'; allowed: word, character"):
        _fitted(["a"], "syllable")
    with pytest.raises(ValueError, match="max_codes is 2; allowed: more than 2"):
        _fitted(["a"], max_codes=2)
    with pytest.raises(ValueError, match="row 1 of X is of type int"):
        as_texts(["a", 3])

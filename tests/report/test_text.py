"""Words and figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.text import clean, endings, figure, listed, seconds, shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "—"),
        (0.0, "0 µs"),
        (0.0000123, "12.3 µs"),
        (0.00099951, "1.00 ms"),
        (0.89, "890 ms"),
        (0.9996, "1.00 s"),
        (4.9, "4.90 s"),
        (999.4, "999 s"),
        (1800, "30.0 min"),
        (7200, "2.00 h"),
    ],
)
def test_seconds_have_three_digits_and_a_unit(value, expected):
    """Whatever the size of a duration, three digits and a unit show it."""
    assert seconds(value) == expected


def test_a_rounded_zero_has_no_sign():
    """-0.0001 is shown as 0.000."""
    assert figure(-0.0001) == "0.000"


@given(st.text())
def test_cleaned_text_is_one_printable_line(text):
    """No text can move the cursor, break the line or turn its direction."""
    found = clean(text)
    assert len(found.splitlines()) <= 1
    assert "\x1b" not in found
    assert "\u202e" not in found


@given(st.text())
def test_text_of_several_lines_keeps_its_lines(text):
    """Line breaks and tabs stay, and nothing else that drives a terminal does."""
    found = clean(text, lines=True)
    assert found.count("\n") == text.count("\n")
    assert not set(found) & {"\x1b", "\r", "\x9b", "\u202e", "\u2028"}


def test_facts_of_any_kind_are_words():
    """A mapping, a list, a figure and nothing are each shown as a person would write them."""
    assert shown({"jax": "0.7", "numpy": "2.4"}) == "jax 0.7, numpy 2.4"
    assert shown(["a", 1, None]) == "a, 1, "
    assert shown(2.58837890625) == "2.58838"
    assert shown(None) == ""


def test_many_words_are_shortened():
    """Of more words than asked for the first are listed and the others counted."""
    assert listed("abc") == "a, b and c"
    assert listed("abcdefgh", most=3) == "a, b and 6 more"


def test_endings_are_sorted_by_number():
    """The commonest ending comes first; what did not happen is not said."""
    statuses = {"ok": 5, "error": 1, "out_of_memory": 2}
    assert endings(statuses, ["error", "out_of_memory", "timeout"]) == "2 out of memory, 1 error"

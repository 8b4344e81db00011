"""Trials in the order in which they are given."""

from bench.execution.feed import InOrder


def test_trials_are_given_in_their_order_and_then_none():
    """Three that were given come back one by one; after the last there is nothing to wait for."""
    feed = InOrder(["a", "b", "c"])
    assert [feed.take() for _ in range(3)] == ["a", "b", "c"]
    assert feed.is_over
    assert feed.take() is None


def test_it_is_over_with_the_last_one_given_not_ended():
    """A trial that runs may still end, and brings no other."""
    feed = InOrder(["a"])
    assert not feed.is_over
    trial = feed.take()
    assert feed.is_over
    feed.ended(trial, None)
    assert feed.is_over
    assert feed.take() is None


def test_without_trials_it_is_over_at_once():
    """Nothing is given and nothing awaited."""
    assert InOrder([]).is_over

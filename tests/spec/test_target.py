"""Targets: made of classes, and asked what they are."""

import pytest

import bench


def test_two_classes_are_binary_and_more_are_multiclass():
    """Any iterable of labels keeps its order."""
    assert bench.Target.of_classes(["no", "yes"]) == bench.Target("binary", 1, ("no", "yes"))
    assert bench.Target.of_classes(range(3)) == bench.Target("multiclass", 1, (0, 1, 2))


@pytest.mark.parametrize(
    ("kind", "is_one_class", "is_numbers"),
    [
        ("binary", True, False),
        ("multiclass", True, False),
        ("multilabel", False, False),
        ("continuous", False, True),
        ("multioutput", False, True),
    ],
)
def test_a_target_says_what_it_is(kind, is_one_class, is_numbers):
    """Several labels a row are neither one class nor numbers."""
    target = bench.Target(kind)
    assert (target.is_one_class, target.is_numbers) == (is_one_class, is_numbers)

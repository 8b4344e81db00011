"""The record of a condition: what it allows, and what it refuses in its own fields."""

import pytest

import bench
from bench.spec.errors import RecordError

NEEDED = {
    "key": "blur",
    "label": "blur",
    "default": 0.0,
    "apply": "acme.conditions:blur",
    "changes": "X",
}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"key": "Blur"}, "key is 'Blur'; lower-case letters"),
        ({"key": "a.b.c"}, "with one dot"),
        ({"key": "versions.blur"}, "'versions' is kept"),
        ({"label": ""}, "label is ''"),
        ({"default": None}, "default is None; a number, a text, true or false"),
        ({"default": float("nan")}, "default is nan, which it does not itself allow"),
        ({"default": -1.0, "ge": 0}, "default is -1.0, which it does not itself allow"),
        ({"apply": "blur"}, "apply is 'blur'; a 'package.module:function'"),
        ({"objection": "blur"}, "objection is 'blur'"),
        ({"changes": "x"}, "changes is 'x'; allowed: rows, X, y."),
        ({"default": "no", "ge": 0}, "ge cannot be given where 'no' is no number"),
        ({"le": float("inf")}, "le is inf; a finite number"),
        ({"choices": (0.0, 1.0), "le": 1}, "le cannot be given where choices are given"),
        ({"choices": ("a", "b")}, "a tuple of values of the type of default"),
        ({"choices": (1.0, 2.0)}, "default is 0.0, which it does not itself allow"),
        ({"lable": "x"}, "Change 'blur' has no field 'lable'"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields, said):
    """Each fault is named with the record's key, what was given and what is allowed."""
    with pytest.raises(RecordError) as error:
        bench.Change(**{**NEEDED, **fields})
    assert said in str(error.value)
    assert str(error.value).startswith("Change ")


@pytest.mark.parametrize(
    ("fields", "allowed", "refused"),
    [
        ({"ge": 0, "lt": 1}, (0.0, 0, 0.5), (-0.1, 1.0, True, "0.5", float("nan"), float("inf"))),
        ({"gt": -1, "le": 1}, (1.0, 0), (-1.0, 1.5)),
        ({"default": 0, "ge": 0}, (0, 7), (0.5, -1, True)),
        ({"default": False}, (True, False), (0, "true")),
        ({"default": "none", "choices": ("none", "some")}, ("some",), ("all", 1)),
        ({"default": ""}, ("anything",), (None,)),
    ],
)
def test_amounts_are_of_the_type_of_the_default_and_within_bounds(fields, allowed, refused):
    """A whole number is a number; true is none, and neither is what is not finite."""
    change = bench.Change(**{**NEEDED, **fields})
    assert all(change.allows(amount) for amount in allowed)
    assert not any(change.allows(amount) for amount in refused)


def test_it_is_looked_up_by_its_key():
    """Registry and messages know it by one name."""
    assert bench.Change(**{**NEEDED, "key": "noise.labels"}).name == "noise.labels"

"""What plugins can offer stands in several places, by need: each kind is in all of them."""

import dataclasses
from typing import get_args

import pytest

from bench.cli.list import list_
from bench.conformance import promise
from bench.conformance.catalogue import PROMISES
from bench.registry.discovery import HOOKS, Kind
from bench.registry.lookup import Registry
from bench.spec import hooks
from code_blocks import ROOT

KINDS = [kind for kind, _ in HOOKS.values()]
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def test_every_hook_is_collected():
    """The hooks on their page are those that discovery calls, in the same order."""
    page = [name for name, hook in vars(hooks).items() if hasattr(hook, "bench_spec")]
    assert page == list(HOOKS)
    assert list(get_args(Kind)) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_looked_up_listed_and_checked(kind):
    """There is a field of the registry, a command that lists it, and something it promises."""
    assert kind in {field.name for field in dataclasses.fields(Registry)}
    assert kind in list_.commands or kind == "probes"  # they stand in `bench list plugins`
    assert kind.removesuffix("s") in {one.kind for one in PROMISES}


def test_promises_are_made_of_kinds_and_plugins():
    """Nothing else can be the subject of a promise."""
    assert set(get_args(promise.Kind)) == {"plugin", *(kind.removesuffix("s") for kind in KINDS)}


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_hooks_are_counted_right(page):
    """Where a page says how many hooks there are, it is as many."""
    assert f"{NUMBERS[len(HOOKS)]} hooks" in (ROOT / page).read_text(encoding="utf-8")

"""What makes an attribute of a plugin's module a hook, and a plugin fit for this bench."""

from __future__ import annotations

from bench.registry.discovery.plugin import HOOKS, Plugin
from bench.spec import Metric, Task
from bench.spec.errors import MOVING, nearest
from bench.spec.hooks import HOOK_API, PROJECT


def judge_api(plugin: Plugin, api: object) -> None:
    """Note the version of the hooks that a plugin states, and leave out one that is too new."""
    if isinstance(api, int):
        plugin.hook_api = api
    elif api is not None:
        plugin.findings.append(f"HOOK_API is {api!r}; an integer is needed, as in HOOK_API = 2.")
    if plugin.hook_api is not None and plugin.hook_api > HOOK_API:
        plugin.left_out = True
        plugin.findings.append(
            f"It was written for HOOK_API {plugin.hook_api} and is left out: this bench has "
            f"{HOOK_API}. Upgrade crossover-bench."
        )
    if plugin.hook_api is None or plugin.hook_api < HOOK_API:
        plugin.warnings.append(old_api(plugin.hook_api))


def old_api(stated: int | None) -> str:
    """Return what is said of a plugin that was written for older hooks, or does not say for which.

    What it offers goes on, but for what `outdated` refuses.
    """
    was = "It states no HOOK_API" if stated is None else f"It was written for HOOK_API {stated}"
    return f"{was}; this bench has {HOOK_API}. {MOVING} says how to move it."


def outdated(plugin: Plugin, record: object) -> str:
    """Return what is said of a task or a metric that is of an older HOOK_API, or ""."""
    stated = plugin.hook_api
    if stated is not None and stated >= HOOK_API:
        return ""
    if isinstance(record, Task):
        why = "defines check()" if hasattr(record, "check") else ""
        what = f"the task {record.name!r}"
    elif isinstance(record, Metric):
        why, what = "", f"the metric {record.name!r}"
    else:
        return ""
    if stated is not None:
        why = f"was written for HOOK_API {stated}"
    if not why:
        return ""
    return f"{what}, which {why}; it is left out. {MOVING} says how to move it to {HOOK_API}."


def hook_fault(name: str, hook: str | None, *, type_name: str | None, is_wrapper: bool) -> str:
    """Return why an attribute of a plugin's module is no hook though it looks like one, or "".

    Parameters
    ----------
    name
        Of the attribute.
    hook
        What it is marked as; None where it is not marked.
    type_name
        Of what it is an instance; None: it is a function.
    is_wrapper
        Whether it is marked as a wrapper.
    """
    if type_name is not None:
        wanted = "a function marked with @bench.hookimpl is needed."
        return f"{name} is of type {type_name}; {wanted}" if name in HOOKS else ""
    if hook is None:
        if name in HOOKS:
            return f"{name} is never called: mark it with @bench.hookimpl."
        if name.startswith(f"{PROJECT}_"):
            return (
                f"The function {name} has a hook's prefix, but no hook is called so."
                f"{nearest(name, HOOKS)}"
            )
        return ""
    if hook not in HOOKS:
        return f"{name} is marked with @bench.hookimpl, but no hook is called {hook!r}." + (
            nearest(hook, HOOKS) or f" The hooks are {', '.join(HOOKS)}."
        )
    return f"{name} is a wrapper; bench's hooks cannot be wrapped." if is_wrapper else ""


def no_module(value: str, type_name: str) -> str:
    """Return what is said of an entry point that names something else."""
    return f"Its entry point {value!r} names an object of type {type_name}; it must name a module."

"""`bench check`: whether plugins keep what plugins promise."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from bench.cli.output import write
from bench.report.text import clean, plural
from bench.spec.errors import SuiteError, nearest

if TYPE_CHECKING:
    from bench.conformance.catalogue import Subject
    from bench.conformance.promise import Promise
    from bench.conformance.runner import Result

Wanted = list[tuple["Subject", list["Promise"]]]


@click.command()
@click.argument("plugins", nargs=-1, metavar="PACKAGE|PATH...")
@click.option("--models", multiple=True, metavar="PATTERN", help="Only models called so.")
@click.option("--datasets", multiple=True, metavar="PATTERN", help="Only datasets called so.")
@click.option("--checks", multiple=True, metavar="PATTERN", help="Only checks called so.")
@click.option(
    "--jobs",
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="Processes at once; auto: one for each core.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="What one check may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--list", "list_only", is_flag=True, help="List the checks, and run none.")
@click.option("-v", "--verbose", is_flag=True, help="Show what was skipped, and tracebacks.")
@click.pass_context
def check(
    ctx: click.Context,
    plugins: Sequence[str],
    models: Sequence[str],
    datasets: Sequence[str],
    checks: Sequence[str],
    jobs: str,
    seconds: float,
    as_json: bool,
    list_only: bool,
    verbose: bool,
) -> None:
    """Check that plugins keep what plugins promise.

    A plugin is named by its import package, its distribution or its own name, or by a folder with a
    pyproject.toml, which need not be installed. Each model and each dataset is tried in processes
    of its own, with limits. Exit codes: 0, all is kept; 1, something is not; 2, there is no such
    plugin.
    """
    from bench.conformance.catalogue import PROMISES
    from bench.conformance.runner import Runner
    from bench.conformance.targets import targets
    from bench.execution.engines import make_engine

    n_jobs = _jobs(jobs)
    if not plugins:
        if not list_only:
            raise click.UsageError(
                "Name a plugin, as in 'bench check bench_acme' or 'bench check .'."
            )
        _list(PROMISES, as_json)
        return
    with targets(plugins) as found:
        wanted = _wanted(found, models, datasets, checks)
        if list_only:
            named = dict.fromkeys(promise for _, promises in wanted for promise in promises)
            _list(list(named), as_json)
            return
        results = []
        subjects = [subject for subject, _ in wanted]
        with contextlib.closing(make_engine(jobs=n_jobs)) as engine:
            runner = Runner(found.registry, subjects, engine=engine, seconds=seconds)
            for result in runner.run(wanted):
                results.append(result)
                if not as_json:
                    _show(result, dict(wanted)[result.subject], verbose)
    order = {subject: n for n, subject in enumerate(subjects)}
    results.sort(key=lambda result: order[result.subject])
    if as_json:
        write(json.dumps([_facts(result) for result in results], indent=2) + "\n")
    else:
        _show_end(results)
    if any(result.count("failed") for result in results) or not _is_anything_checked(results):
        ctx.exit(1)


def _jobs(text: str) -> int | None:
    if text == "auto":
        return None
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise click.BadParameter(
        f"{text!r} is neither a number from 1 nor 'auto'.", param_hint="--jobs"
    )


def _wanted(
    found: Any, models: Sequence[str], datasets: Sequence[str], checks: Sequence[str]
) -> Wanted:
    """Return the subjects and promises that the options leave.

    Raises
    ------
    SuiteError
        A pattern matches nothing.
    """
    from bench.conformance.catalogue import promises_of, subjects

    everything = [one for info in found.plugins for one in subjects(found.registry, info)]
    patterns = {"model": models, "dataset": datasets}
    for kind, given in patterns.items():
        names = [one.name for one in everything if one.kind == kind]
        for pattern in given:
            _check_matches(pattern, names, f"{kind} of these plugins")
    if models or datasets:
        everything = [
            one
            for one in everything
            if any(fnmatchcase(one.name, pattern) for pattern in patterns.get(one.kind, ()))
        ]
    known = [(one, list(promises_of(one))) for one in everything]
    for pattern in checks:
        _check_matches(
            pattern, [promise.name for _, promises in known for promise in promises], "check"
        )
    if checks:
        known = [
            (one, [p for p in promises if any(fnmatchcase(p.name, c) for c in checks)])
            for one, promises in known
        ]
    return [(one, promises) for one, promises in known if promises]


def _check_matches(pattern: str, names: Sequence[str], what: str) -> None:
    if not any(fnmatchcase(name, pattern) for name in names):
        raise SuiteError(f"no {what} matches {pattern!r}.{nearest(pattern, names)}")


def _is_anything_checked(results: Sequence[Result]) -> bool:
    return any(finding.outcome == "passed" for result in results for finding in result.findings)


def _show(result: Result, promises: Sequence[Promise], verbose: bool) -> None:
    """Print a line for a subject, and a paragraph for each promise that it does not keep."""
    n_failed = result.count("failed")
    counts = [f"{result.count('passed')} passed"]
    if n_skipped := result.count("skipped"):
        counts.append(f"{n_skipped} skipped")
    if n_failed:
        counts.append(click.style(f"{n_failed} FAILED", fg="red", bold=True))
    click.echo(f"{clean(str(result.subject))}: {', '.join(counts)}")
    for promise, finding in zip(promises, result.findings, strict=True):
        if finding.outcome == "skipped" and verbose:
            click.echo(f"  {promise.name}: skipped: {clean(finding.seen)}")
        if finding.outcome == "failed":
            click.echo("  " + click.style(promise.name, bold=True))
            click.echo(f"    what failed: {clean(finding.seen)}")
            click.echo(f"    promised:    {promise.what}")
            click.echo(f"    why:         {promise.why}")
            click.echo(f"    mend:        {promise.mend}")
            if verbose and finding.details:
                indented = "\n".join(f"      {line}" for line in finding.details.splitlines())
                click.echo(clean(indented, lines=True))


def _show_end(results: Sequence[Result]) -> None:
    n_failed = sum(result.count("failed") for result in results)
    n_all = sum(len(result.findings) for result in results)
    n_skipped = sum(result.count("skipped") for result in results)
    where = plural(len(results), "subject")
    if not _is_anything_checked(results) and not n_failed:
        click.echo(f"\nNothing was checked: all {n_all} checks were skipped; -v says why.")
    elif n_failed:
        click.echo(f"\n{n_failed} of {n_all} checks failed ({n_skipped} skipped), {where}.")
    else:
        click.echo(f"\nAll checks passed: {n_all - n_skipped} ({n_skipped} skipped), {where}.")


def _facts(result: Result) -> dict[str, Any]:
    return {
        "kind": result.subject.kind,
        "name": result.subject.name,
        "distribution": result.subject.distribution,
        "checks": [asdict(finding) for finding in result.findings],
    }


def _list(promises: Sequence[Promise], as_json: bool) -> None:
    from bench.report.table import show_table

    if as_json:
        keys = ("kind", "name", "what", "why", "mend")
        facts = [{key: getattr(promise, key) for key in keys} for promise in promises]
        write(json.dumps(facts, indent=2) + "\n")
        return
    show_table(
        ("check", "of a", "what is promised"),
        [(promise.name, promise.kind, promise.what) for promise in promises],
    )

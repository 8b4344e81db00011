"""`bench.run`: measure a suite from Python, by the same path as the command."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.execution.engines import make_engine
from bench.execution.opening import open_session
from bench.notebook.progress import Silent, told
from bench.notebook.results import Results, load
from bench.planning.wanted import Wanted, read_suite
from bench.report.told import Told, count, counted, say
from bench.spec import DEVICES
from bench.spec.errors import BenchError, SuiteError, nearest

if TYPE_CHECKING:
    from bench.execution.engine import Engine
    from bench.execution.session import Session
    from bench.registry.lookup import Registry


def run(
    suite: str | Path | Mapping[str, Any],
    *,
    models: Sequence[str] = (),
    datasets: Sequence[str] = (),
    sizes: Sequence[int | str] | int | str | None = None,
    seeds: int | Sequence[int] | None = None,
    jobs: int | Literal["auto"] | None = 1,
    cores: int | None = None,
    timeout: float | None = None,
    memory: str | int | None = None,
    device: str = "cpu",
    output: str | Path | None = None,
    fresh: bool = False,
    into: str | Path | None = None,
    progress: bool = True,
) -> Results:
    """Measure the models and datasets of a suite, as ``bench run`` does.

    The run lies in a folder, as the command's does: calling it again measures what is missing and
    nothing twice. Each trial is a fresh process that knows nothing of this one. So a model, or a
    dataset, that is defined in a notebook cannot be measured: put it in a plugin
    (``bench new plugin``) and install that. A file is a dataset by its path, as in
    ``{"name": "csv:churn.csv", "params": {"target": "left"}}``.

    Parameters
    ----------
    suite
        Name of an installed suite; path of a TOML file; or a mapping with the keys of such a file.
    models, datasets
        Glob patterns of the suite's names or labels: only these; baselines stay. Empty: all.
    sizes
        Training sizes in place of the suite's: numbers of rows, ``"all"``, or several of these.
    seeds
        Outer seeds in place of the suite's: how many, or which.
    jobs
        Trials at once; ``"auto"`` or None: as many as there are cores for.
    cores, timeout, memory
        Of each trial, in place of the suite's: cores, seconds, and bytes or a text such as
        ``"4 GiB"``.
    device
        ``"cpu"``, ``"gpu"`` or ``"tpu"``, for the models that run on it.
    output
        Folder of the run; ``results/SUITE`` where not given.
    fresh
        Whether a new run is begun beside an earlier one.
    into
        Folder of a run that is gone on with, even if it is of another suite.
    progress
        Whether it is shown how far the run is; warnings are raised as such where it is not.

    Returns
    -------
    Results
        As ``bench.load(...)`` returns them. Trials that failed are among them.

    Raises
    ------
    BenchError
        The suite has a fault or asks for what cannot be had; what was given is not allowed; or the
        folder cannot be used.
    KeyboardInterrupt
        The run was interrupted. What was finished is on disk: the message says how to load it, and
        the same call goes on.

    Examples
    --------
    >>> bench.run("smoke", sizes=32)  # doctest: +SKIP
    >>> bench.run({  # doctest: +SKIP
    ...     "suite": {"name": "churn"},
    ...     "protocol": {"sizes": [32, "all"], "outer_seeds": 5},
    ...     "models": [{"name": "dummy"}, {"name": "logistic-regression"}, {"name": "mlp"}],
    ...     "datasets": [{"name": "csv:churn.csv", "params": {"target": "left"}}],
    ... })
    """
    if not isinstance(suite, str | os.PathLike | Mapping):
        raise SuiteError(
            f"bench.run: a suite cannot be of type {type(suite).__name__}; give the name of an "
            "installed suite, the path of a TOML file, or a mapping with the keys of one. A table "
            "of your own is a dataset of a suite: 'csv:PATH', 'parquet:PATH' or 'arrow:PATH'."
        )
    wanted = Wanted(
        models=_patterns("models", models),
        datasets=_patterns("datasets", datasets),
        sizes=_sizes(sizes),
        seeds=_seeds(seeds),
        jobs=_jobs(jobs),
        cores=cores,
        timeout=timeout,
        memory=None if memory is None else str(memory),
        device=_device(device),
        output=None if output is None else Path(output),
        fresh=fresh,
        into=None if into is None else Path(into),
        source="bench.run",
    )
    given = _plain(suite, "suite") if isinstance(suite, Mapping) else str(suite)
    with contextlib.closing(make_engine(jobs=wanted.jobs)) as engine:
        engine.start()  # it starts up while the suite is read
        return _measured(given, wanted, progress, engine)


def _measured(
    given: str | dict[str, Any], wanted: Wanted, progress: bool, engine: Engine
) -> Results:
    """Run what is missing; return the results of the run."""
    from bench.registry.lookup import discover

    registry = discover()
    session = None
    with contextlib.ExitStack() as held:
        try:
            session = _session(given, registry, wanted, engine)
            watcher: Told | Silent = told() if progress else Silent()
            held.callback(watcher.close)
            ended = session.run(watcher)
        except KeyboardInterrupt:
            if session is not None and session.has_begun:
                raise KeyboardInterrupt(_interrupted(session.folder)) from None
            raise
    if ended.interrupted:
        raise KeyboardInterrupt(_interrupted(session.folder))
    if isinstance(watcher, Told):
        if ended.statuses:
            say(watcher.console, f"Trials: {counted(ended.statuses)}.")
        say(watcher.console, f"Results: {session.folder}")
    return load(session.folder)


def _session(
    given: str | dict[str, Any], registry: Registry, wanted: Wanted, engine: Engine
) -> Session:
    if isinstance(given, str):
        text, source = read_suite(given, registry)
    else:
        import tomlkit

        text, source = tomlkit.dumps(given), "suite"
    return open_session(
        text, source, registry, wanted, engine=engine, command=_command(given, wanted)
    )


def _command(given: str | dict[str, Any], wanted: Wanted) -> list[str]:
    """Return a command that does the same; a mapping is read from the copy beside the results."""
    default = Wanted(source=wanted.source)
    differing = {
        name: value for name, value in vars(wanted).items() if value != getattr(default, name)
    }
    differing = {k: str(v) if isinstance(v, Path) else v for k, v in differing.items()}
    if isinstance(differing.get("sizes"), str):
        differing["sizes"] = [
            int(part) if part.isdecimal() else part for part in differing["sizes"].split(",")
        ]
    said = "".join(f", {name}={_literal(value)}" for name, value in differing.items())
    shown = _literal(given if isinstance(given, str) else "suite.toml")
    return ["python", "-c", f"import bench; bench.run({shown}{said})"]


def _literal(value: Any) -> str:
    """Return what Python reads as the value; in double quotes, for a shell adds single ones."""
    if value is None or isinstance(value, bool):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _interrupted(folder: Path) -> str:
    from bench.results import store

    n = len(store.done(folder))
    return (
        f"{count(n, 'trial')} finished before the interruption, all of them kept: "
        f"bench.load({str(folder)!r}) reads them. The same call goes on where it stopped."
    )


def _patterns(name: str, given: Sequence[str]) -> tuple[str, ...]:
    patterns = (given,) if isinstance(given, str) else tuple(given)
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise SuiteError(
            f"bench.run: {name}={given!r} is not allowed; give names or patterns, such as "
            "['acme-*', 'mlp']."
        )
    return patterns


def _sizes(given: Sequence[int | str] | int | str | None) -> str | None:
    """Return sizes as the command takes them, which says what is wrong with them."""
    if given is None or isinstance(given, str):
        return given
    several = _plain(given, "sizes")
    return ",".join(map(str, several if isinstance(several, list) else [several]))


def _seeds(given: int | Sequence[int] | None) -> tuple[int, ...] | None:
    from bench.planning.suite import parse_seeds

    if given is None:
        return None
    try:
        return parse_seeds(_plain(given, "seeds"))
    except ValueError as error:
        raise SuiteError(f"bench.run: seeds: {error}.") from None


def _jobs(given: int | str | None) -> int | None:
    if given is None or given == "auto":
        return None
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return given
    raise SuiteError(
        f"bench.run: jobs={given!r} is not allowed; give a number above zero, or 'auto' for as "
        "many trials at once as there are cores for."
    )


def _device(given: str) -> str:
    if given in DEVICES:
        return given
    raise SuiteError(
        f"bench.run: device={given!r} is not allowed; allowed: {', '.join(DEVICES)}."
        f"{nearest(str(given), DEVICES)}"
    )


def _plain(value: Any, place: str) -> Any:
    """Return what TOML can hold: lists for tuples and arrays, numbers for NumPy's.

    Raises
    ------
    SuiteError
        TOML cannot hold it.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, range | list | tuple):
        return [_plain(item, f"{place}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise BenchError(f"{place}: keys must be text; given: {', '.join(map(repr, value))}.")
        return {key: _plain(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, bool | int | float | str):
        return value
    kind = type(value).__name__
    raise SuiteError(
        f"{place}: a suite cannot hold {kind}; allowed: text, numbers, true and false, lists and "
        "mappings. Leave a key out to have its default; write a path as text."
    )

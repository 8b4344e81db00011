"""The folders of runs: made, found, listed and locked."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.results.schema import SCHEMA_VERSION, check_version
from bench.results.tables import stream
from bench.spec.errors import ResultsError, nearest

RESULTS = Path("results")
"""Where runs are looked for, and written unless told otherwise: in the current directory."""

_RUN_FILE = "run.json"


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What `run.json` says of a run.

    Parameters
    ----------
    folder
        Where it lies.
    run_id
        Unique: the suite, when it was made (UTC) and a random part.
    suite
        Name of its suite, a copy of which is `suite.toml` beside it.
    created
        When, ISO 8601, UTC.
    bench_version, schema_version
        Of the bench that made it.
    argv
        The command line.
    """

    folder: Path
    run_id: str
    suite: str
    created: str
    bench_version: str
    schema_version: int
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One line of a list of runs; `problem` says why its trials could not be counted."""

    name: str
    suite: str = ""
    created: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def n_trials(self) -> int:
        """How many trials have a row."""
        return sum(self.statuses.values())


def create_run(folder: Path, suite_name: str, suite_text: str, argv: Sequence[str]) -> RunInfo:
    """Make the folder of a new run.

    Parameters
    ----------
    folder
        Which does not exist yet, or is empty.
    suite_name, suite_text
        Of the suite; the text is kept as `suite.toml`.
    argv
        The command line, kept for the record.

    Raises
    ------
    ResultsError
        The folder has something else in it, or cannot be written.
    """
    from bench import __version__

    now = datetime.now(UTC)
    info = RunInfo(
        folder=folder,
        run_id=f"{suite_name}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        suite=suite_name,
        created=now.isoformat(timespec="seconds"),
        bench_version=__version__,
        schema_version=SCHEMA_VERSION,
        argv=tuple(argv),
    )
    partial = folder / f".{_RUN_FILE}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # What a `create_run` that was killed, or the lock, has left is no obstacle.
        leftovers = ("lock", "suite.toml", partial.name)
        if any(path.name not in leftovers for path in folder.iterdir()):
            raise ResultsError(
                f"{folder} is not empty; a new run needs a folder of its own. "
                "Name another one, or remove it."
            )
        (folder / "suite.toml").write_text(suite_text, encoding="utf-8")
        facts = {key: value for key, value in asdict(info).items() if key != "folder"}
        partial.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        partial.replace(folder / _RUN_FILE)
    except OSError as error:
        raise ResultsError(f"{folder} cannot be written: {error.strerror}.") from error
    return info


def open_run(folder: Path) -> RunInfo:
    """Read what `run.json` says.

    Raises
    ------
    ResultsError
        There is none, it is damaged, or a newer bench made the run.
    """
    path = folder / _RUN_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        info = RunInfo(
            folder=folder,
            run_id=str(facts["run_id"]),
            suite=str(facts["suite"]),
            created=str(facts["created"]),
            bench_version=str(facts["bench_version"]),
            schema_version=int(facts["schema_version"]),
            argv=tuple(str(word) for word in facts["argv"]),
        )
    except FileNotFoundError:
        raise ResultsError(f"{folder} is not the folder of a run: no {_RUN_FILE} in it.") from None
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(
            f"{path} is damaged ({type(error).__name__}: {error}); a JSON object with run_id, "
            "suite, created, bench_version, schema_version and argv is needed. The tables beside "
            "it can still be read by anything that reads Parquet."
        ) from error
    check_version(info.schema_version, path)
    return info


def _run_names(root: Path) -> list[str]:
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if (path / _RUN_FILE).is_file())


def find_run(given: str | Path, root: Path = RESULTS) -> Path:
    """Return the folder of a run.

    Parameters
    ----------
    given
        The folder, or its name under `root`.
    root
        Where runs lie.

    Raises
    ------
    ResultsError
        There is no such folder, or it is not that of a run.
    """
    for folder in (Path(given), root / given):
        if (folder / _RUN_FILE).is_file():
            return folder
    for folder in (Path(given), root / given):
        if folder.is_dir():
            inside = _run_names(folder)
            shown = ", ".join(inside[:5]) + (", ..." if len(inside) > 5 else "")
            hint = f" It holds runs; name one of them: {shown}." if inside else ""
            raise ResultsError(f"{folder} is not the folder of a run: no {_RUN_FILE} in it.{hint}")
        if folder.exists():
            raise ResultsError(f"{folder} is a file; the folder of a run is needed.")
    parent = Path(given).parent if Path(given).parent != Path() else root
    names = _run_names(parent)
    hint = nearest(Path(given).name, names) or (
        f" There are: {', '.join(names[-5:])}." if names else f" There are no runs in {parent}."
    )
    raise ResultsError(f"No run {str(given)!r}, here or in {root}.{hint}")


def list_runs(root: Path = RESULTS) -> list[RunSummary]:
    """Return the runs under a folder, oldest first; a damaged one is listed with its problem."""
    runs = []
    for name in _run_names(root):
        try:
            info = open_run(root / name)
        except ResultsError as error:
            runs.append(RunSummary(name=name, problem=str(error)))
            continue
        statuses: Counter[str] = Counter()
        problem = ""
        try:
            for _, table in stream(info.folder, ["trials"], ["status"]):
                statuses.update(
                    {
                        row["values"]: row["counts"]
                        for row in table["status"].value_counts().to_pylist()
                    }
                )
        except ResultsError as error:
            problem = str(error)
        runs.append(
            RunSummary(
                name=name,
                suite=info.suite,
                created=info.created,
                statuses=dict(statuses),
                problem=problem,
            )
        )
    return sorted(runs, key=lambda run: (run.created, run.name))


_lock_descriptors: set[int] = set()


def _drop_locks() -> None:
    """Close the locks in a forked child: it would hold them after its parent has died."""
    for descriptor in _lock_descriptors:
        os.close(descriptor)
    _lock_descriptors.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, where results can at least be read
    os.register_at_fork(after_in_child=_drop_locks)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a run for writing; released at the end, or when the process dies.

    Parameters
    ----------
    folder
        Of the run; it exists.

    Raises
    ------
    ResultsError
        Another process holds it.
    """
    import fcntl

    path = folder / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error.strerror}.") from error
    _lock_descriptors.add(descriptor)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise ResultsError(
                f"{folder} is being written by process {holder}. Wait until it is done, stop it, "
                "or write to another folder."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        if descriptor in _lock_descriptors:
            _lock_descriptors.discard(descriptor)
            os.close(descriptor)

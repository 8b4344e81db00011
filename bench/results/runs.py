"""The folders of runs: made, found, listed and locked."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.results import manifest as manifests
from bench.results.durable import write_file
from bench.results.layout import RUN_FILE, SUITE_FILE, settle
from bench.results.manifest import Manifest, digest, entry_of
from bench.results.parts import REMEDY, Tell, nobody
from bench.results.schema import SCHEMA_VERSION, check_version
from bench.results.tables import stream, warn
from bench.spec.errors import ResultsError, UnwritableError, nearest

RESULTS = Path("results")
"""Where runs are looked for, and written unless told otherwise: in the current directory."""


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
        The folder has something else in it, a run among it, or cannot be written.
    """
    from bench import __version__

    _check_is_free(folder)

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
    facts = {key: value for key, value in asdict(info).items() if key != "folder"}
    about = (json.dumps(facts, indent=2) + "\n").encode()
    suite = suite_text.encode()
    try:
        (folder / SUITE_FILE).write_bytes(suite)
        files = {RUN_FILE: entry_of(about), SUITE_FILE: entry_of(suite)}
        manifests.write(folder, Manifest(files=files))
        write_file(folder / RUN_FILE, about)  # last: from here on it is a run
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written: {error.strerror}.") from error
    return info


def _check_is_free(folder: Path) -> None:
    """Make a folder, if need be, and refuse one that has something in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written: {error.strerror}.") from error
    if RUN_FILE in there:
        raise ResultsError(
            f"{folder} holds a run already: another session has begun it meanwhile. The same "
            "command goes on with it; or write to another folder."
        )
    # What a `create_run` that was killed, or the lock, has left is no obstacle.
    names = (SUITE_FILE, manifests.NAME, RUN_FILE)
    if there - {"lock", SUITE_FILE, manifests.NAME, *(f".{name}.partial" for name in names)}:
        raise ResultsError(
            f"{folder} is not empty; a new run needs a folder of its own. "
            "Name another one, or remove it."
        )


@contextmanager
def begin_run(
    folder: Path, suite_name: str, suite_text: str, argv: Sequence[str]
) -> Iterator[RunInfo]:
    """Make the folder of a new run as `create_run` does, and hold it for writing.

    Of several sessions that begin at once, one makes the run; the others are refused.

    Raises
    ------
    ResultsError
        As `create_run` and `lock`.
    """
    _check_is_free(folder)  # before the lock is left in a folder that is none of ours
    with lock(folder):
        yield create_run(folder, suite_name, suite_text, argv)


def keep_suite(folder: Path, text: str) -> None:
    """Make a suite the one that was last run into a folder; the one before is kept beside it.

    Parameters
    ----------
    folder
        Of the run.
    text
        Of the suite, which becomes `suite.toml`; another one there becomes `suite-1.toml`, or the
        next number, with a first line that says when.

    Raises
    ------
    UnwritableError
        The disk is full, or fails.
    """
    try:
        manifest = settle(folder, nobody)
        there = manifest.files.get(SUITE_FILE)
        data = text.encode()
        if there is not None and there.sha256 == digest(data):
            return
        if there is not None and there.copy is not None:
            number = 1
            while (folder / (earlier := f"suite-{number}.toml")).exists():
                number += 1
            until = f"# The suite of this run until {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}.\n"
            earlier_text = until.encode() + there.copy
            manifest = manifests.replace_file(folder, manifest, earlier, earlier_text)
        manifests.replace_file(folder, manifest, SUITE_FILE, data)
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written: {error.strerror}.") from error


def suite_text(folder: Path, tell: Tell = warn) -> str | None:
    """Return the suite that was last run into a folder, None where there is none.

    Raises
    ------
    ResultsError
        It is damaged, and there is no copy of it.
    """
    data = _sealed(folder, SUITE_FILE, tell)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError as error:
        raise ResultsError(f"{folder / SUITE_FILE} is damaged: it is not UTF-8.") from error


def check_suite_file(path: Path) -> None:
    """Refuse a `suite.toml` in the folder of a run that is not the one the run was made with.

    Raises
    ------
    ResultsError
        It is another one than was sealed.
    """
    manifest, _ = manifests.read(path.parent)
    entry = None if manifest is None else manifest.files.get(path.name)
    if entry is None:
        return
    with suppress(OSError):
        if digest(path.read_bytes()) not in (entry.sha256, entry.before):
            raise ResultsError(
                f"{path} is damaged, or was changed: its SHA-256 is not that of the suite that was "
                "run. To run a changed suite, copy it elsewhere; running the suite again into this "
                "folder writes the one that was run."
            )


def _sealed(folder: Path, name: str, tell: Tell) -> bytes | None:
    """Return a small file, or its copy in the manifest where it is another than was sealed."""
    data, problem = manifests.read_file(folder, name)
    if problem:
        tell(f"{problem}. {REMEDY}.")
    return data


def open_run(folder: Path, tell: Tell = warn) -> RunInfo:
    """Read what `run.json` says.

    Raises
    ------
    ResultsError
        There is none, it is damaged and there is no copy of it, or a newer bench made the run.
    """
    path = folder / RUN_FILE
    data = _sealed(folder, RUN_FILE, tell)
    if data is None:
        raise ResultsError(f"{folder} is not the folder of a run: no {RUN_FILE} in it.")
    try:
        facts = json.loads(data.decode())
        info = RunInfo(
            folder=folder,
            run_id=str(facts["run_id"]),
            suite=str(facts["suite"]),
            created=str(facts["created"]),
            bench_version=str(facts["bench_version"]),
            schema_version=int(facts["schema_version"]),
            argv=tuple(str(word) for word in facts["argv"]),
        )
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
    return sorted(path.name for path in root.iterdir() if (path / RUN_FILE).is_file())


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
        if (folder / RUN_FILE).is_file():
            return folder
    for folder in (Path(given), root / given):
        if folder.is_dir():
            inside = _run_names(folder)
            shown = ", ".join(inside[:5]) + (", ..." if len(inside) > 5 else "")
            hint = f" It holds runs; name one of them: {shown}." if inside else ""
            raise ResultsError(f"{folder} is not the folder of a run: no {RUN_FILE} in it.{hint}")
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
        problems: list[str] = []
        try:
            info = open_run(root / name, problems.append)
        except ResultsError as error:
            runs.append(RunSummary(name=name, problem=str(error)))
            continue
        statuses: Counter[str] = Counter()
        try:
            for _, table in stream(info.folder, ["trials"], ["status"], tell=problems.append):
                statuses.update(
                    {
                        row["values"]: row["counts"]
                        for row in table["status"].value_counts().to_pylist()
                    }
                )
        except ResultsError as error:
            problems.append(str(error))
        runs.append(
            RunSummary(
                name=name,
                suite=info.suite,
                created=info.created,
                statuses=dict(statuses),
                problem="\n".join(problems),
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
        Another process holds it, or it cannot be held.
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
        except OSError as error:
            raise ResultsError(
                f"{path} cannot be locked: {error.strerror}. Write to a folder of another file "
                "system."
            ) from error
        with suppress(OSError):  # a full disk: whose it is stands in messages only
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        if descriptor in _lock_descriptors:
            _lock_descriptors.discard(descriptor)
            os.close(descriptor)

"""The leaderboard as Markdown, JSON and CSV: clean text for a file, a pull request, a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.report import markup
from bench.report.contest import alike, between, percent, rating
from bench.report.notes import board_notes, dataset_notes, environment, noise_notes, subtitle
from bench.report.text import clean, decimals, endings, figure, in_unit, markdown, seconds, signed
from bench.report.verdicts.sentence import sentence
from bench.report.verdicts.several import to_object

if TYPE_CHECKING:
    from bench.analysis.board import Board, Standing
    from bench.analysis.by_dataset import DatasetBoard, DatasetPoint
    from bench.analysis.intervals import Interval
    from bench.analysis.verdict import Verdict
    from bench.report.contents import Contents

JSON_VERSION = 1


def to_json(contents: Contents) -> str:
    """Return the leaderboard as JSON; what is not known is null.

    Top level: ``version`` (of this layout), ``tasks`` (when asked by task), ``datasets`` (when
    asked by dataset), ``verdicts`` (when asked for, widest scope first: the fields of
    `bench.analysis.verdict.Verdict` and ``sentence``), ``noise``, ``machines`` (processor by
    environment id), ``unknown_tasks`` and ``unpooled_metrics`` (what is not shown).

    An entry of ``tasks``: ``task, metrics, unit, size_unit, by_skill, failures, size, datasets,
    ranked_on, sizes ({dataset: [smallest, largest]}), n_seeds ([fewest, most]), without_baseline,
    without_ideal, candidates ({family: n}), comparison, standings``; a standing: ``name, model,
    family, tuning, n_candidates, place, skill, skill_interval ([low, high]), value,
    value_interval, complete_skill, rank, rank_interval, worst_rank, elo, elo_interval, win_rate,
    improvability, n_datasets, n_datasets_measured, n_units, n_units_missing, n_trials, n_failed,
    n_failed_ranked, statuses ({status: n}), times`` (a list of ``environment_id, warm_seconds,
    cold_seconds, predict_seconds, latency_1_seconds, at_least, n_trials``). Their meaning:
    `bench.analysis.board`.

    A comparison: ``names, ranks, n_datasets, least_datasets, alpha, friedman_p, pairs, groups (of
    names that cannot be told apart), reason``; a pair: ``first, second, gain, wins, ties, losses,
    p_value, p_adjusted, is_different, chances ({better, equal, worse})``. Their meaning:
    `bench.analysis.distinctions`.

    An entry of ``datasets``: ``task, dataset, metric, unit, size_unit, baseline, has_skill,
    failures, sizes, models``; a model: ``name, model, family, points``; a point: ``n_train, value,
    spread, skill, difference, n_seeds, n_trials, n_failed, statuses``. Their meaning:
    `bench.analysis.by_dataset`.

    An entry of ``noise``: ``environment_id, spread, n_sentinels, slot_spread``.
    """
    top: dict[str, Any] = {"version": JSON_VERSION}
    if contents.boards or not contents.dataset_boards:
        top["tasks"] = [_board_object(board) for board in contents.boards]
    if contents.dataset_boards:
        top["datasets"] = [_dataset_object(board) for board in contents.dataset_boards]
    if contents.verdicts:
        top["verdicts"] = [to_object(verdict) for verdict in contents.verdicts]
    top["noise"] = [asdict(noise) for noise in contents.noise]
    top["machines"] = dict(contents.machines)
    top["unknown_tasks"] = list(contents.unknown_tasks)
    top["unpooled_metrics"] = list(contents.unpooled_metrics)
    return json.dumps(top, indent=2, allow_nan=False) + "\n"


def _board_object(board: Board) -> dict[str, Any]:
    kept = {name: value for name, value in vars(board).items() if name != "standings"}
    kept["comparison"] = None if board.comparison is None else asdict(board.comparison)
    return kept | {"standings": [_standing_object(line) for line in board.standings]}


def _standing_object(line: Standing) -> dict[str, Any]:
    entry = dict(vars(line)) | {"times": [asdict(times) for times in line.times]}
    for name in ("skill_interval", "value_interval", "rank_interval", "elo_interval"):
        entry[name] = _pair(entry[name])
    return entry | {"n_failed": line.n_failed}


def _dataset_object(board: DatasetBoard) -> dict[str, Any]:
    kept = {name: value for name, value in vars(board).items() if name != "lines"}
    models = [
        {
            "name": line.name,
            "model": line.model,
            "family": line.family,
            "points": [{"n_train": n} | vars(point) for n, point in line.points.items()],
        }
        for line in board.lines
    ]
    return kept | {"models": models}


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def to_csv(contents: Contents) -> str:
    """Return the leaderboard as CSV: a row per contender (and environment, and size)."""
    rows = [row for board in contents.boards for row in _board_rows(board)]
    rows += [row for board in contents.dataset_boards for row in _dataset_rows(board)]
    stream = io.StringIO()
    # Without a row there is still a header.
    fields = list(rows[0]) if rows else ["task", "place", "name", "model", "family", "skill"]
    writer = csv.DictWriter(stream, fields, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: clean(v) if isinstance(v, str) else v for k, v in row.items()})
    return stream.getvalue()


def _board_rows(board: Board) -> Iterable[dict[str, Any]]:
    letters = alike(board)
    for line in board.standings:
        skill, rank = _pair(line.skill_interval), _pair(line.rank_interval)
        elo, value = _pair(line.elo_interval), _pair(line.value_interval)
        row: dict[str, Any] = {
            "task": board.task,
            "place": line.place,
            "name": line.name,
            "model": line.model,
            "family": line.family,
            "tuning": line.tuning,
            "n_candidates": line.n_candidates,
            "skill": line.skill,
            "skill_low": skill and skill[0],
            "skill_high": skill and skill[1],
            "value": line.value,
            "value_low": value and value[0],
            "value_high": value and value[1],
            "complete_skill": line.complete_skill,
            "rank": line.rank,
            "rank_low": rank and rank[0],
            "rank_high": rank and rank[1],
            "worst_rank": line.worst_rank,
            "elo": line.elo,
            "elo_low": elo and elo[0],
            "elo_high": elo and elo[1],
            "win_rate": line.win_rate,
            "improvability": line.improvability,
            "alike": letters.get(line.name, "") if line.place else "",
            "n_datasets": line.n_datasets,
            "n_datasets_measured": line.n_datasets_measured,
            "n_datasets_of_task": len(board.datasets),
            "n_units": line.n_units,
            "n_units_missing": line.n_units_missing,
            "n_trials": line.n_trials,
            "n_failed": line.n_failed,
            "n_failed_ranked": line.n_failed_ranked,
        }
        for times in line.times or (None,):
            yield row | {
                name: times and getattr(times, name)
                for name in (
                    "environment_id",
                    "warm_seconds",
                    "cold_seconds",
                    "predict_seconds",
                    "latency_1_seconds",
                    "at_least",
                )
            }


def _dataset_rows(board: DatasetBoard) -> Iterable[dict[str, Any]]:
    for line in board.lines:
        for n, point in line.points.items():
            figures = {name: value for name, value in vars(point).items() if name != "statuses"}
            yield {
                "task": board.task,
                "dataset": board.dataset,
                "metric": board.metric,
                "name": line.name,
                "model": line.model,
                "family": line.family,
                "n_train": n,
                **figures,
                "statuses": endings(point.statuses, sorted(point.statuses)),
            }


def to_markdown(contents: Contents) -> str:
    """Return the verdict as a list, the leaderboard as tables, and notes as lists below."""
    parts = []
    if contents.verdicts:
        parts.append(f"### Verdict\n\n{_verdict_markdown(contents.verdicts)}")
    parts += [_board_markdown(board, contents.machines) for board in contents.boards]
    parts += [_dataset_markdown(board) for board in contents.dataset_boards]
    notes = dataset_notes(contents.dataset_boards) if contents.dataset_boards else []
    notes += noise_notes(contents.noise, dict(contents.machines)) if contents.boards else []
    notes += contents.unread
    if notes:
        parts.append(markup.bullets(notes))
    return "\n\n".join(parts) + "\n"


def _verdict_markdown(verdicts: Sequence[Verdict]) -> str:
    """Return a line per verdict, widest scope first."""
    lines = [
        f"- **{markdown(verdict.name)}** ({verdict.scope}): {markdown(sentence(verdict))}"
        for verdict in verdicts
    ]
    return "\n".join(lines)


def _board_markdown(board: Board, machines: Mapping[str, str]) -> str:
    has_failures = any(line.n_failed for line in board.standings)
    letters = alike(board)
    measured = in_unit(" / ".join(board.metrics), board.unit)
    by_value = any(line.value is not None for line in board.standings)
    is_measured = by_value or board.by_skill
    header = [
        "#",
        "model",
        "family",
        *([measured if by_value else "skill", "90 %"] if is_measured else []),
        "rank",
        *(["alike"] if letters else []),
        *("Elo", "Elo 90 %", "wins"),
        *(["gap"] if board.by_skill else []),
        "data",
    ]
    if has_failures:
        header += ["skill without failed", "failed"]
    several = len(board.environments) > 1
    for key in board.environments:
        where = f" on {environment(key, dict(machines))}" if several else ""
        header += [f"fit{where}", f"cold{where}"]
    places = decimals(line.value or 0.0 for line in board.standings)
    rows = []
    for line in board.standings:
        n_sets = line.n_datasets if line.place else line.n_datasets_measured
        row = [
            "" if line.place is None else str(line.place),
            line.name,
            line.family,
            *(_measured(line, by_value, places) if is_measured else []),
            "" if line.rank is None else figure(line.rank, 2),
            *([letters.get(line.name, "") if line.place else ""] if letters else []),
            rating(line.elo),
            between(line.elo_interval, rating),
            percent(line.win_rate),
            *([percent(line.improvability)] if board.by_skill else []),
            f"{n_sets}/{len(board.datasets)}",
        ]
        if has_failures:
            complete = "" if line.complete_skill is None else figure(line.complete_skill)
            row += [complete, f"{line.n_failed}/{line.n_trials}" if line.n_failed else ""]
        for key in board.environments:
            own = next((times for times in line.times if times.environment_id == key), None)
            bound = ">" if own is not None and own.at_least else ""
            for value in (own.warm_seconds, own.cold_seconds) if own else (None, None):
                row.append("" if value is None else bound + seconds(value))
        rows.append(row)
    aligned = [at for at, name in enumerate(header) if name not in ("model", "family", "alike")]
    title = f"### {markdown(board.task)}\n\n{markdown(subtitle(board))}"
    return "\n\n".join(
        [title, markup.table(header, rows, aligned), markup.bullets(board_notes(board))]
    )


def _measured(line: Standing, by_value: bool, places: int) -> list[str]:
    """Return what a contender is shown by, and its interval."""
    said = figure(line.value, places) if by_value else figure(line.skill)
    if line.n_failed_ranked:
        said += " ✗"
    interval = line.value_interval or line.skill_interval
    return [said, between(interval, lambda x: figure(x, places))]


def _dataset_markdown(board: DatasetBoard) -> str:
    points = [point for line in board.lines for point in line.points.values()]
    places = decimals(point.value or 0.0 for point in points)
    header = ["model", *(f"{n:,} {board.size_unit}" for n in board.sizes)]
    rows = [
        [line.name, *(_point(line.points[n], places) for n in board.sizes)] for line in board.lines
    ]
    subtitle = f"{in_unit(board.metric, board.unit)} · {board.task}"
    title = f"### {markdown(board.dataset)}\n\n{markdown(subtitle)}"
    return "\n\n".join([title, markup.table(header, rows, range(1, len(header)))])


def _point(point: DatasetPoint, places: int) -> str:
    if not point.n_trials or (point.value is None and not point.n_failed):
        return "skipped" if point.statuses.get("skipped") else "—"
    words = [] if point.value is None else [figure(point.value, places)]
    if point.spread is not None:
        words.append(f"±{figure(point.spread, places)}")
    if point.skill is not None:
        words.append(f"(skill {figure(point.skill)})")
    if point.difference is not None:
        words.append(f"({signed(point.difference, places)} from the baseline)")
    if point.n_failed:
        words.append(f"✗ {point.n_failed} of {point.n_trials} failed")
    return " ".join(words)

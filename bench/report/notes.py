"""What a reader must know beside a leaderboard, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.board import Board, Standing
from bench.analysis.by_dataset import DatasetBoard
from bench.analysis.intervals import LEVEL, MIN_UNITS
from bench.analysis.sides import FAMILIES, UNRANKED
from bench.analysis.timing import Noise
from bench.report.contest import contest_notes
from bench.report.text import clean, endings, in_unit, listed, plural, span
from bench.spec.outcome import FAILED

_FAILED_COUNT = {
    "baseline": "the baseline's score (skill 0)",
    "drop": "if they had not been run",
    "worst": "the worst score on the same split",
}
_UNSCALED_COUNT = "the worst score on the same split, for want of a baseline"

_SIZES = {
    "common": "the largest size that all contenders share",
    "largest": "the largest size",
    "all": "all sizes that the contenders share, averaged",
}


def board_notes(board: Board) -> list[str]:
    """Return what is to be said of one task's leaderboard, the most important first."""
    notes = [_how_formed(board), *_intervals(board), *contest_notes(board), *_left_out(board)]
    notes += [*_failures(board), *_families(board), *_tuned(board)]
    if board.without_baseline:
        names = listed(map(clean, board.without_baseline))
        notes.append(f"Left out for want of a baseline (add the model 'dummy'): {names}.")
    if board.by_skill and board.without_ideal:
        names = listed(map(clean, board.without_ideal))
        notes.append(f"Left out, for their metric has no ideal value and so no skill: {names}.")
    controls = [clean(line.name) for line in board.standings if line.family == "control"]
    if controls:
        notes.append(f"Controls, for comparison and outside the ranking: {listed(controls)}.")
    if len(board.environments) > 1:
        notes.append(
            f"Times of {len(board.environments)} environments, never pooled: they stand apart."
        )
    if any(times.at_least for line in board.standings for times in line.times):
        notes.append("> before a time: trials ran into their limit, it would have taken longer.")
    return notes


def noise_notes(noise: Sequence[Noise], names: dict[str, str] | None = None) -> list[str]:
    """Return how much of a difference in time is noise, a sentence per environment."""
    notes = []
    for one in noise:
        where = "on this machine" if len(noise) == 1 else f"on {environment(one, names)}"
        parts = []
        if one.spread is not None:
            parts.append(
                f"±{one.spread:.1%} ({plural(one.n_sentinels, 'sentinel')})".replace("%", " %")
            )
        if one.slot_spread is not None:
            parts.append(f"slots differ by {one.slot_spread:.1%}".replace("%", " %"))
        text = f"Timing noise {where}: {', '.join(parts)}"
        notes.append(text + "; differences smaller than that are noise.")
    return [note for note in notes if ": ;" not in note]


def environment(one: Noise | str, names: dict[str, str] | None = None) -> str:
    """Return the short name of an environment: its processor and the start of its id."""
    key = one if isinstance(one, str) else one.environment_id
    name = clean((names or {}).get(key, ""))
    return f"{name} ({clean(key[:8])})" if name else clean(key[:12])


def subtitle(board: Board) -> str:
    """Return what was measured, in a few words."""
    n, total = len(board.ranked_on), len(board.datasets)
    sets = plural(n, "dataset") if n == total else f"{n} of {plural(total, 'dataset')}"
    spans = [board.sizes[name] for name in board.ranked_on if name in board.sizes]
    parts = [clean(in_unit(" / ".join(board.metrics), board.unit)), sets]
    if board.n_seeds[1]:
        parts.append(plural(board.n_seeds[1], "seed"))
    if spans:
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
        parts.append(f"{span(low, high).replace(' to ', '–')} {clean(board.size_unit)}")
    return " · ".join(parts)


def _how_formed(board: Board) -> str:
    size = board.size if isinstance(board.size, int) else None
    at = f"size {size:,}" if size is not None else _SIZES[str(board.size)]
    if board.has_no_ideal:
        names = listed(map(clean, board.metrics))
        has = "has" if len(board.metrics) == 1 else "have"
        return (
            f"No skill, for {names} {has} no ideal value: contenders stand by their mean rank, at "
            f"{at}."
        )
    if not board.by_skill and any(line.family == "baseline" for line in board.standings):
        return f"No skill, for the baseline has no score: contenders stand by mean rank, at {at}."
    if not board.by_skill:
        return (
            f"No baseline in this run, so no skill: contenders stand by their mean rank, at {at}. "
            'Add one to the suite: [[models]] name = "dummy".'
        )
    return (
        "Skill: 0 is the baseline, 1 is perfect; mean over datasets of the mean over outer seeds, "
        f"at {at}. Rank: mean over datasets."
    )


def notes_of_boards(boards: Sequence[Board]) -> tuple[list[list[str]], list[str]]:
    """Return the notes of each board, and apart those of all boards: these are said once."""
    found = [board_notes(board) for board in boards]
    shared = [note for note in found[0] if all(note in own for own in found)] if found else []
    return [[note for note in own if note not in shared] for own in found], shared


def _intervals(board: Board) -> list[str]:
    if not board.ranked_on:
        return []
    if board.enough_seeds:
        return [
            f"{LEVEL:.0%}".replace("%", " %")
            + " interval: bootstrap over outer seeds (percentiles, "
            "widened for few), the same draws for all; the datasets are taken as they are."
        ]
    fewest = plural(board.n_seeds[0], "outer seed")
    return [f"No interval: not enough measured ({fewest}, an interval needs {MIN_UNITS})."]


def _left_out(board: Board) -> list[str]:
    notes = []
    rivals = [line for line in board.standings if line.family not in UNRANKED]
    ranked = [line for line in rivals if line.place is not None]
    missing = [name for name in board.datasets if name not in board.ranked_on]
    missing = [name for name in missing if name not in board.without_baseline]
    partly = [line for line in ranked if line.n_units_missing]
    if ranked and missing:
        notes.append(
            f"Ranked on what all {plural(len(ranked), 'ranked contender')} have: "
            f"{len(board.ranked_on)} of {plural(len(board.datasets), 'dataset')}, "
            f"without {listed(map(clean, missing))}."
        )
    elif partly:
        notes.append(
            "Ranked on the dataset and seed pairs that all ranked contenders have; missing: "
            + listed(f"{clean(line.name)} {line.n_units_missing}" for line in partly)
            + "."
        )
    outside = [line for line in rivals if line.place is None]
    if outside:
        names = listed((_coverage(line, board) for line in outside), most=8)
        notes.append(
            f"Without a place, for missing what the ranked ones have: {names}. Their skill is a "
            "mean over what they have, not comparable with the others'."
        )
    return notes


def _coverage(line: Standing, board: Board) -> str:
    sets = f"{line.n_datasets_measured} of {plural(len(board.datasets), 'dataset')}"
    skipped = endings(line.statuses, ["skipped"])
    also = f", {skipped}" if skipped else ""
    return f"{clean(line.name)} ({sets}, {plural(line.n_units, 'seed')} in all{also})"


def _failures(board: Board) -> list[str]:
    failed = [line for line in board.standings if line.n_failed]
    if not failed:
        return []
    rule = _FAILED_COUNT[board.failures]
    has_yardstick = any(line.family == "baseline" for line in board.standings)
    if not board.by_skill and not has_yardstick and board.failures == "baseline":
        rule = _UNSCALED_COUNT
    who = "; ".join(
        f"{clean(line.name)} {line.n_failed:,} of {line.n_trials:,} "
        f"({endings(line.statuses, FAILED)})"
        for line in failed[:6]
    )
    more = f"; {len(failed) - 6} more" if len(failed) > 6 else ""
    return [f"✗ failed trials count as {rule}: {who}{more}."]


def _families(board: Board) -> list[str]:
    counts = {family: board.candidates.get(family, 0) for family in FAMILIES}
    counts |= board.candidates
    if len(set(counts.values())) < 2:
        return []
    words = listed(f"{n} {family}" for family, n in counts.items())
    return [f"The families have unequal numbers of contenders: {words}."]


def _tuned(board: Board) -> list[str]:
    tuned = [line for line in board.standings if line.tuning == "tuned"]
    if not tuned:
        return []
    words = listed(f"{clean(line.name)} up to {line.n_candidates:,}" for line in tuned)
    return [
        f"Tuned, trying so many sets of parameters on the training part, in training time: {words}."
    ]


def dataset_notes(boards: Sequence[DatasetBoard]) -> list[str]:
    """Return what is to be said of the tables of datasets."""
    cell = (
        "Each cell: mean of the metric over outer seeds (± standard deviation, where there is room)"
    )
    notes = [f"{cell}, and skill: 0 is the baseline, 1 is perfect."]
    if not any(board.has_skill for board in boards):
        notes = [f"{cell}."]
    without = [board for board in boards if not board.has_skill and board.baseline]
    if without:
        names = listed(dict.fromkeys(clean(board.metric) for board in without))
        notes.append(
            f"No skill where a metric has no ideal value ({names}): below it stands its difference "
            "from the baseline."
        )
    points = [point for board in boards for line in board.lines for point in line.points.values()]
    if any(point.n_failed for point in points):
        rule = _FAILED_COUNT[boards[0].failures]
        notes.append(f"✗ a of b trials failed; in skill they count as {rule}.")
    if any(not point.n_trials for point in points):
        notes.append("— not run, or too large for the data.")
    if any(point.statuses.get("skipped") for point in points):
        notes.append("skipped: the model said beforehand that it does not do this.")
    if any(not board.baseline for board in boards):
        notes.append('No skill without a baseline: add [[models]] name = "dummy" to the suite.')
    return notes

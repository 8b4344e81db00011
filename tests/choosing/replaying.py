"""Recorded trials played again under a simulated clock: what the schedule would have done."""

import heapq
from dataclasses import dataclass

from bench.choosing.schedule import State, Wanted, next_trials
from bench.choosing.so_far import Entrant, Seen, SoFar


@dataclass(frozen=True)
class Recorded:
    """What a trial would give: a validation score, a test score, and seconds."""

    score: float
    test: float
    fit_seconds: float
    other_seconds: float = 0.2
    compile_seconds: float = 0.0


@dataclass(frozen=True)
class Played:
    """What was seen until the end, when each trial began, and how long it took in all."""

    seen: tuple[Seen, ...]
    began: tuple[tuple[float, Wanted], ...]
    seconds: float


def play(entrants, table, sizes, seeds, *, seconds, n_slots=2, skipped=frozenset()):
    """Run the schedule on recorded trials; `table` maps (entrant, size, seed) to `Recorded`.

    A cell that the table lacks ends as `skipped`; compiling is paid once for each entrant.
    """
    entrants = tuple(Entrant(*entrant) for entrant in entrants)
    clock, seen, began, compiled = 0.0, [], [], set()
    running = []
    while True:
        state = State(
            entrants=entrants,
            sizes=tuple(sizes),
            seeds=tuple(seeds),
            seen=tuple(seen),
            running=tuple(wanted for _, _, wanted, _ in running),
            n_slots=n_slots,
            left_seconds=seconds - clock,
            grace_seconds=0.1 * seconds,
        )
        for wanted in next_trials(state):
            began.append((clock, wanted))
            ended = _run(wanted, table, compiled)
            taken = min(ended.seconds, wanted.limit_seconds)
            heapq.heappush(running, (clock + taken, len(began), wanted, ended))
        if not running:
            return Played(tuple(seen), tuple(began), clock)
        clock, _, _, ended = heapq.heappop(running)
        seen.append(ended)


def _run(wanted, table, compiled):
    cell = (wanted.entrant, wanted.size, wanted.seed)
    if cell not in table:
        return Seen(entrant=cell[0], size=cell[1], seed=cell[2], status="skipped")
    found = table[cell]
    cold = 0.0 if wanted.entrant in compiled else found.compile_seconds
    compiled.add(wanted.entrant)
    whole = found.fit_seconds + found.other_seconds + cold
    is_late = whole > wanted.limit_seconds
    return Seen(
        entrant=cell[0],
        size=cell[1],
        seed=cell[2],
        status="timeout" if is_late else "ok",
        score=None if is_late else found.score,
        fit_seconds=found.fit_seconds if not is_late else wanted.limit_seconds,
        other_seconds=found.other_seconds,
        compile_seconds=cold,
    )


def largest_size(played, n_seeds=1):
    """Return the largest size at which both families have so many seeds."""
    cells = {}
    for seen in played.seen:
        if seen.score is not None:
            cells.setdefault(seen.size, {}).setdefault(seen.entrant, set()).add(seen.seed)
    return max(size for size, by in cells.items() if max(map(len, by.values())) >= n_seeds)


def pick(entrants, played, size):
    """Return whom the validation rows at a size name."""
    evidence = SoFar([Entrant(*entrant) for entrant in entrants], played.seen)
    return evidence.standings(size)[0].entrant

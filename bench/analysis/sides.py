"""Where a contender stands: in a family, as the yardstick of the others, or beside them."""

FAMILIES = ("classical", "deep")
"""The two that are compared."""
SIDES = ("classical", "deep", "control", "baseline")
UNRANKED = ("control", "baseline")
"""What no ranking, rating or contrast looks at; on boards it stands below all else, in this order.
"""


def board_group(side: str, place: int | None = None) -> int:
    """Return the group of a line on a board: with a place, without one, controls, baselines."""
    return 2 + UNRANKED.index(side) if side in UNRANKED else int(place is None)

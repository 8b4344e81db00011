"""Where a contender stands: in a family, as the yardstick of the others, or beside them."""

FAMILIES = ("classical", "deep")
"""The two that are compared."""
SIDES = ("classical", "deep", "control", "baseline")
UNRANKED = ("control", "baseline")
"""What no ranking, rating or contrast looks at."""

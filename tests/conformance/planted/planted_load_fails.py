"""Its loader fails."""

import planted_parts

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__)


def load():
    raise KeyError("column 7")

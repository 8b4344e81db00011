"""Some of the planted plugins as a distribution of their own: all of them take seconds to find."""

import os
from pathlib import Path

PLANTED = Path(__file__).parent / "planted"


def variables(folder, *plugins):
    """Make a folder of installed packages that declares these; return what to run bench with."""
    facts = folder / "site" / "planted-1.0.dist-info"
    facts.mkdir(parents=True, exist_ok=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    lines = [f"planted-{name} = planted_{name.replace('-', '_')}\n" for name in plugins]
    (facts / "entry_points.txt").write_text("[bench]\n" + "".join(lines))
    # Of two distributions of one name, the first in the path is the one that is found.
    return {"PYTHONPATH": os.pathsep.join([str(facts.parent), str(PLANTED)])}

"""The extensions of the documentation can be imported."""

import sys

from code_blocks import ROOT

sys.path.append(str(ROOT / "docs" / "_ext"))

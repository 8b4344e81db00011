"""The frozen records that plugins yield, that a trial receives and that a task passes on.

Nothing here imports a numerical library: listing what is installed must stay instant.
"""

from bench.spec.conditions import (
    Change,
    ChangeFacts,
)
from bench.spec.datasets import (
    Column,
    Dataset,
    DatasetSpec,
    Rows,
    Target,
)
from bench.spec.fields import (
    CHANGED,
    COLUMN_KINDS,
    DEVICES,
    DIRECTIONS,
    FAMILIES,
    FEATURES,
    FIT_PARAMS,
    MODALITIES,
    PARTS,
    PHASES,
    TARGET_KINDS,
    Changed,
    ColumnKind,
    Direction,
    Family,
    Phase,
    TargetKind,
)
from bench.spec.metrics import (
    Metric,
)
from bench.spec.models import (
    ModelContext,
    ModelSpec,
)
from bench.spec.parts import (
    Cell,
    Output,
    Part,
    Parts,
    Split,
    SplitProtocol,
)
from bench.spec.probes import (
    Probe,
    ProbeSpec,
)
from bench.spec.tasks import (
    AcrossRow,
    Control,
    Figure,
    MetricFunction,
    Task,
)

__all__ = [
    "CHANGED",
    "COLUMN_KINDS",
    "DEVICES",
    "DIRECTIONS",
    "FAMILIES",
    "FEATURES",
    "FIT_PARAMS",
    "MODALITIES",
    "PARTS",
    "PHASES",
    "TARGET_KINDS",
    "AcrossRow",
    "Cell",
    "Change",
    "ChangeFacts",
    "Changed",
    "Column",
    "ColumnKind",
    "Control",
    "Dataset",
    "DatasetSpec",
    "Direction",
    "Family",
    "Figure",
    "Metric",
    "MetricFunction",
    "ModelContext",
    "ModelSpec",
    "Output",
    "Part",
    "Parts",
    "Phase",
    "Probe",
    "ProbeSpec",
    "Rows",
    "Split",
    "SplitProtocol",
    "Target",
    "TargetKind",
    "Task",
]

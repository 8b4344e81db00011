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
    COLUMN_KINDS,
    DEVICES,
    FAMILIES,
    FEATURES,
    FIT_PARAMS,
    MODALITIES,
    PARTS,
    TARGET_KINDS,
    ColumnKind,
    Direction,
    Family,
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
    "COLUMN_KINDS",
    "DEVICES",
    "FAMILIES",
    "FEATURES",
    "FIT_PARAMS",
    "MODALITIES",
    "PARTS",
    "TARGET_KINDS",
    "AcrossRow",
    "Cell",
    "Change",
    "ChangeFacts",
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
    "Probe",
    "ProbeSpec",
    "Rows",
    "Split",
    "SplitProtocol",
    "Target",
    "TargetKind",
    "Task",
]

"""Classical machine learning or deep learning, which fits this task? Answered by measurement.

Everything that a plugin, a notebook or a script needs is named here; all else is internal.
"""

from typing import TYPE_CHECKING, Any

from bench.spec import (
    AcrossRow,
    Cell,
    Change,
    ChangeFacts,
    Column,
    ColumnKind,
    Control,
    Dataset,
    DatasetSpec,
    Figure,
    Metric,
    ModelContext,
    ModelSpec,
    Output,
    Part,
    Parts,
    Probe,
    ProbeSpec,
    Rows,
    Split,
    SplitProtocol,
    Target,
    Task,
)
from bench.spec.errors import (
    BenchDeprecationWarning,
    BenchError,
    DatasetError,
    InvalidAnswer,
    ParameterError,
    PluginError,
    RecordError,
    ResultsWarning,
    Skip,
    nearest,
)
from bench.spec.hooks import HOOK_API, hookimpl
from bench.tasks.chance import Chance, Scale
from bench.tasks.episode_task import EpisodeTask
from bench.tasks.row_task import RowTask
from bench.tasks.stream_task import StreamTask
from bench.tasks.views import RowsView

if TYPE_CHECKING:
    from bench.notebook.measure import run
    from bench.notebook.results import load
    from bench.registry.configuration import cache_folder

__version__ = "0.1.0"

__all__ = [
    "HOOK_API",
    "AcrossRow",
    "BenchDeprecationWarning",
    "BenchError",
    "Cell",
    "Chance",
    "Change",
    "ChangeFacts",
    "Column",
    "ColumnKind",
    "Control",
    "Dataset",
    "DatasetError",
    "DatasetSpec",
    "EpisodeTask",
    "Figure",
    "InvalidAnswer",
    "Metric",
    "ModelContext",
    "ModelSpec",
    "Output",
    "ParameterError",
    "Part",
    "Parts",
    "PluginError",
    "Probe",
    "ProbeSpec",
    "RecordError",
    "ResultsWarning",
    "RowTask",
    "Rows",
    "RowsView",
    "Scale",
    "Skip",
    "Split",
    "SplitProtocol",
    "StreamTask",
    "Target",
    "Task",
    "cache_folder",
    "hookimpl",
    "load",
    "nearest",
    "run",
]


def __getattr__(name: str) -> Any:
    """Import what needs more than the records do only when it is used."""
    if name == "cache_folder":
        from bench.registry.configuration import cache_folder

        return cache_folder
    if name == "load":
        from bench.notebook.results import load

        return load
    if name == "run":
        from bench.notebook.measure import run

        return run
    raise AttributeError(f"module 'bench' has no attribute {name!r}")

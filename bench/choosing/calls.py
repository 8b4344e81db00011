"""What a fresh process is asked before anything is measured: the facts of a table, and findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.choosing.checks import check
from bench.planning import describing, loading
from bench.planning.source import Source
from bench.spec import SplitProtocol
from bench.spec.errors import BenchError

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def examine(
    argument: Mapping[str, Any],
    registry: Registry,
    announce: Callable[[str, int], None],
    scratch: Path,
) -> bytes:
    """Load a table; return its facts and what is noteworthy, or the message of what is wrong.

    Tables and facts are kept, so that planning and trials find them.
    """
    announce("load", 0)
    entry = registry.dataset(argument["dataset"])
    source = Source(entry.record, entry.version, argument["params"], argument["path"])
    tasks = [registry.task(name).record for name in argument["tasks"]]
    try:
        facts = describing.describe(source, tasks, SplitProtocol(**argument["protocol"]))
        findings = check(loading.load(source).dataset)
    except BenchError as error:
        return json.dumps({"message": str(error)}).encode()
    answer = {"facts": facts.to_json(), "findings": [finding.to_json() for finding in findings]}
    return json.dumps(answer).encode()

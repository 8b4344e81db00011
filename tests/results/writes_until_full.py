"""Write runs under limits on the size of a file, as on a disk that is full, each in a process.

Called with the folder of the runs and the limits in bytes; prints how each ended.
"""

import json
import os
import resource
import sys
from pathlib import Path

from result_makers import failed, make_outcome, make_trial

from bench.results import store
from bench.results.journal import Journal
from bench.spec.errors import ResultsError, UnwritableError

TRIALS = [make_trial(str(number)) for number in range(12)]


def ended(trial):
    """Return how a trial ends, always the same."""
    is_failed = int(trial.trial_id[:4], 16) % 4 == 0
    return failed(trial, "crashed", "killed") if is_failed else make_outcome(trial)


def one_session(folder: Path) -> None:
    """Do what a session does: go on, measure what is missing, and put it into the tables."""
    if (folder / "run.json").exists():
        store.consolidate(folder, verify=True)
    else:
        store.create_run(folder, "quick", "[suite]\nname = 'quick'\n", ["bench", "run", "quick"])
    with store.lock(folder):
        environment_id = store.write_environment(folder, {"cpu_model": "Z80", "n_cores": 1})
        finished = store.done(folder)
        with Journal.open(folder, store.open_run(folder).run_id, environment_id) as journal:
            for trial in TRIALS:
                if trial.trial_id not in finished:
                    journal.append(trial, ended(trial))
        store.consolidate(folder)


def limited(folder: Path, limit: int) -> int:
    """Do it under a limit in a process of its own; return how that ended."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        code = 9
        try:
            one_session(folder)
            code = 0
        except UnwritableError:
            code = 2
        except ResultsError:
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    root = Path(sys.argv[1])
    codes = [limited(root / str(number), int(n)) for number, n in enumerate(sys.argv[2:])]
    print(json.dumps(codes))

"""Plugins that live in a Python environment of their own: read there, and run there.

In such an environment run `describe.py`, which says what a plugin offers, and `worker.py`, which
makes, fits and asks its estimators; `codec.py` is how both sides speak. These three import nothing
of bench, whose version there may be another one. On our side, `reading.py` asks the first and
`remote.py` speaks with the second, which `bench.execution.workers` starts.
"""

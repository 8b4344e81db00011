"""Conditions: one in order, one whose key is a table of others, one that is bench's, one wrong."""

import bench

HOOK_API = 2


@bench.hookimpl
def bench_conditions():
    for key, changes in (("aged", "X"), ("noise", "y"), ("missing", "X"), ("drift", "time")):
        yield bench.Change(
            key=key, label=key, default=0.0, changes=changes, apply="acme_conditions:apply"
        )

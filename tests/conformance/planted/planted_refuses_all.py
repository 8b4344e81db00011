"""It claims a pair, and refuses it whatever comes."""

import planted_parts

import bench

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    raise bench.Skip("not on Sundays")

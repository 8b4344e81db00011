"""Its probe knows the fit alone."""

import bench

HOOK_API = 2


@bench.hookimpl
def bench_probes():
    yield bench.ProbeSpec(name="planted-joules", factory="planted_probe_fails:Joules")


class Joules:
    def start(self, phase):
        self.phase = {"fit": 1}[phase]

    def stop(self, phase):
        return {"joules": (self.phase, "J")}

"""An engine of several nodes, as one on a cluster would be: it only forwards bytes."""

from bench.execution.engine import Call, Needs, Report
from bench.execution.local import LocalEngine


class ForwardingEngine:
    """Nodes that each hold a local engine; calls and reports reach them and come back as bytes.

    `changes` says what happens after so many reports: ``"-b"`` takes a node away with whatever it
    does, ``"+c"`` brings one.
    """

    def __init__(self, nodes=("a", "b"), changes=()):
        self.nodes = {}
        self.places = {}
        self.running = {}
        self.needs = None
        self.n_reports = 0
        self.changes = dict(changes)
        self.calls = []
        later = [change[1:] for change in self.changes.values() if change.startswith("+")]
        self.coming = {node: LocalEngine(1, node=node) for node in (*nodes, *later)}
        for node in nodes:
            self.add(node)

    def add(self, node):
        self.nodes[node] = self.coming.pop(node)
        self.places[len(self.places)] = node

    def prepare(self, needs):
        assert isinstance(needs, Needs)
        self.needs = needs
        for engine in (*self.nodes.values(), *self.coming.values()):
            engine.prepare(needs)

    def start(self):
        for engine in (*self.nodes.values(), *self.coming.values()):
            engine.start()

    @property
    def slots(self):
        if self.needs is None:
            return {}
        there = {place: node for place, node in self.places.items() if node in self.nodes}
        return {place: self.nodes[node].slots[0] for place, node in there.items()}

    @property
    def idle(self):
        return [place for place in self.slots if place not in self.running]

    def submit(self, slot, call):
        self.running[slot] = call.id
        self.calls.append((slot, call))
        self.nodes[self.places[slot]].submit(0, Call.from_bytes(call.to_bytes()))

    def wait(self, timeout=None):
        reports = []
        for slot in list(self.running):
            for report in self.nodes[self.places[slot]].wait(0.02):
                arrived = Report.from_bytes(report.to_bytes())
                reports.append(Report(**{**vars(arrived), "slot": slot}))
                del self.running[slot]
        for _ in reports[:]:
            self.n_reports += 1
            change = self.changes.pop(self.n_reports, "")
            if change.startswith("+"):
                self.add(change[1:])
            elif change:
                reports += self.remove(change[1:])
        return reports

    def remove(self, node):
        self.nodes.pop(node).close()
        gone = [slot for slot, there in self.places.items() if there == node]
        return [Report(slot=slot, id=self.running.pop(slot), lost=True)
                for slot in gone if slot in self.running]  # fmt: skip

    def close(self):
        for engine in (*self.nodes.values(), *self.coming.values()):
            engine.close()

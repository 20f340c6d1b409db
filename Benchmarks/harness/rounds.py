"""The engines in turn, round after round, so that whatever else the machine does meets all of them."""
import time

from . import load
from .peer import Refused
from .workloads import FIRST_TOKEN, GROUPS, MEMORY

STRANGERS = "something else"


class Rounds:
    """Measures one model. `tests` are the names of what is wanted."""

    def __init__(self, engines: list, tests: set, repetitions: int, progress):
        self.engines, self.tests, self.repetitions, self.progress = engines, tests, repetitions, progress
        self.values = {}  # {test: {engine: [a value a round]}}
        self.refusals = {}  # {engine: why}
        self.busy = {}  # {who: [processors used during a turn of another]}

    def run(self) -> None:
        groups = [tuple(test for test in group if test.name in self.tests) for group in GROUPS]
        for group in filter(None, groups):
            self.alternate(group, lambda engine, seed: engine.measure(group, seed))
        for engine in self.engines:
            engine.close()
        start = tuple(test for test in (FIRST_TOKEN, MEMORY) if test.name in self.tests)
        if start:
            self.alternate(start, lambda engine, seed: cold(engine, start))

    def alternate(self, tests: tuple, measure) -> None:
        refused = set()
        for turn in range(-1, self.repetitions):  # Turn -1 warms the page cache and is not counted.
            for engine in self.engines:
                if engine.name in refused:
                    continue
                self.progress(f"{tests[0].title}, round {turn + 1} of {self.repetitions}, {engine.name}")
                try:
                    found = self.watched(engine, lambda: measure(engine, turn + 2))
                except Refused as why:
                    refused.add(engine.name)
                    self.refusals.setdefault(engine.name, f"{tests[0].title}: {why}")
                    continue
                if turn >= 0:
                    for test, value in zip(tests, found):
                        self.values.setdefault(test.name, {}).setdefault(engine.name, []).append(value)

    def watched(self, engine, work):
        """Does an engine's work and sees how much else the machine did: the other engines, and strangers."""
        others = [other for other in self.engines if other is not engine]
        idle, all_processes, start = [other.used_seconds() for other in others], load.machine_seconds(), self.known()
        begin = time.perf_counter()
        result = work()
        elapsed = max(time.perf_counter() - begin, 1)
        for other, seconds in zip(others, idle):
            self.note(other.name, (other.used_seconds() - seconds) / elapsed)
        strangers = load.machine_seconds() - all_processes - (self.known() - start)
        self.note(STRANGERS, strangers / elapsed)
        return result

    def known(self) -> float:
        """Processor time of everything that belongs to the comparison."""
        return load.own_seconds() + sum(engine.used_seconds() for engine in self.engines)

    def note(self, name: str, share: float) -> None:
        self.busy.setdefault(name, []).append(share)


def cold(engine, tests: tuple) -> list:
    seconds, peak = engine.start()
    return [seconds if test is FIRST_TOKEN else peak / 1e6 for test in tests]

"""The parts of the comparison that compute and print. Run: python3 -m unittest discover Benchmarks"""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import child, ratios, report  # noqa: E402
from harness.minke import Engine as Minke, speed  # noqa: E402
from harness.peer import Refused  # noqa: E402
from harness.rounds import Rounds  # noqa: E402
from harness.workloads import CROWD, DECODE, DEEP_PREFILL, ENGINE, PREFILL  # noqa: E402


class Ratios(unittest.TestCase):
    def test_rounds_are_compared_one_by_one(self):
        # The quotient of the medians would be 2; of the rounds it is 3, 1 and 2.5.
        found = ratios.ratio([30, 10, 20], [10, 10, 8], larger_is_better=True)
        self.assertEqual((found.median, found.least, found.greatest), (2.5, 1, 3))

    def test_less_time_is_a_ratio_above_one(self):
        found = ratios.ratio([0.5, 0.25], [1.0, 1.0], larger_is_better=False)
        self.assertEqual((found.least, found.greatest), (2, 4))

    def test_rounds_without_a_figure_are_left_out(self):
        self.assertEqual(ratios.ratio([None, 8], [1, 4], True).median, 2)
        self.assertIsNone(ratios.ratio([8], [None], True))
        self.assertIsNone(ratios.ratio([], [1], True))
        self.assertEqual(ratios.median([None, 3]), 3)
        self.assertIsNone(ratios.median([None]))

    def test_numbers_have_three_digits(self):
        self.assertEqual([ratios.number(value) for value in (1234.5, 99.94, 9.994, 0.104, None)],
                         ["1,234", "99.9", "9.99", "0.104", "–"])


class Table(unittest.TestCase):
    RESULTS = {
        "engines": ["Minke", "A", "B"],
        "machine": {"processor": "P"}, "threads": 2, "repetitions": 2, "versions": {"A": "1"},
        "models": [{
            "name": "m", "title": "M",
            "tests": {"prefill": {"Minke": [300, 100], "A": [100, 100]}, "memory": {"Minke": [50], "B": [200]}},
            "refusals": {"B": "cannot"},
        }],
        "busy": {"A": [0.25, 0.75], "B": [0.01]},
    }

    def test_every_figure_is_in_its_cell(self):
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in report.table(self.RESULTS).split("\n")]
        self.assertEqual(cells[2], ["M", "prefill 512", "tokens/s", "200", "100", "2.00 (1.00–3.00)", "–", "–"])
        self.assertEqual(
            cells[3], ["", "peak memory of that process", "MB", "50.0", "–", "–", "200", "4.00 (4.00–4.00)"])

    def test_columns_are_aligned(self):
        self.assertEqual(len({len(line) for line in report.table(self.RESULTS).split("\n")}), 1)

    def test_notes_name_refusals_and_who_was_not_idle(self):
        notes = report.notes(self.RESULTS)
        self.assertIn("B, M: cannot", notes)
        self.assertIn("A used 50% of a processor while an engine was measured (at most 75%)", notes)
        self.assertNotIn("B used", notes)


class Speeds(unittest.TestCase):
    REPORT = {"results": [
        {"test": kind, "prompt": 512, "depth": depth, "batch": batch, "tokens_per_second": value}
        for kind, depth, batch, value in [
            ("prefill", 0, 1, 1), ("decode", 0, 1, 2), ("decode", 0, 16, 3), ("prefill", 4096, 1, 4)]]}

    def test_each_workload_finds_its_own(self):
        self.assertEqual([speed(self.REPORT, test) for test in (PREFILL, DECODE, CROWD, DEEP_PREFILL)], [1, 2, 3, 4])

    def test_conversations_go_through_the_engine(self):
        class Command:
            def json(self, *words):
                self.words = words
                return {"results": [{"conversations": 16, "engine_tokens_per_second": 7.5}]}

        command = Command()
        self.assertEqual(Minke(command, "m.gguf", 2).measure((ENGINE,), 1), [7.5])
        self.assertIn("--engine", command.words)

    def test_a_missing_result_is_an_error(self):
        with self.assertRaises(RuntimeError):
            speed({"results": []}, PREFILL)


class Engine:
    def __init__(self, name, calls, refuses=False):
        self.name, self.calls, self.refuses = name, calls, refuses

    def measure(self, group, seed):
        if self.refuses:
            raise Refused("not this file")
        self.calls.append((self.name, seed))
        return [seed] * len(group)

    def start(self):
        return 0.5, 2_000_000

    def used_seconds(self):
        return 0

    def close(self):
        pass


class Turns(unittest.TestCase):
    def test_engines_alternate_with_fresh_seeds_and_a_round_to_warm_up(self):
        calls = []
        rounds = Rounds([Engine("a", calls), Engine("b", calls)], {"prefill", "decode", "memory"}, 2, lambda step: None)
        rounds.run()
        self.assertEqual(calls, [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3), ("b", 3)])
        self.assertEqual(rounds.values["decode"], {"a": [2, 3], "b": [2, 3]})
        self.assertEqual(rounds.values["memory"], {"a": [2.0, 2.0], "b": [2.0, 2.0]})

    def test_a_refusal_is_kept_and_the_others_go_on(self):
        rounds = Rounds([Engine("a", []), Engine("b", [], refuses=True)], {"prefill"}, 1, lambda step: None)
        rounds.run()
        self.assertEqual(rounds.values, {"prefill": {"a": [2]}})
        self.assertEqual(rounds.refusals, {"b": "prefill 512: not this file"})


class Children(unittest.TestCase):
    def test_a_process_is_measured_and_its_failure_told(self):
        program = "import sys; data = bytearray(80_000_000); print(sys.stdin.read()); sys.exit('a\\nwhy')"
        done = child.run([sys.executable, "-c", program], "ab")
        self.assertEqual((done.status, done.output), (1, "ab\n"))
        self.assertGreater(done.peak_bytes, 80_000_000)
        self.assertGreater(done.seconds, 0)
        with self.assertRaisesRegex(RuntimeError, "it: status 1: why"):
            done.checked("it")


if __name__ == "__main__":
    unittest.main()

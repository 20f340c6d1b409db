"""The figures of quantised models. Run: python3 -m unittest discover Benchmarks"""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import quantizer_report as report  # noqa: E402


def row(ours=20.0, theirs=20.0, product_error=0.9, types=(), same=8, divergence=0.005):
    def engine(perplexity):
        return {"bytes": 1_000_000, "seconds": 2.0, "perplexity": perplexity, "divergence": divergence}

    return {"Minke": engine(ours), "llama.cpp": engine(theirs), "product_error": product_error,
            "other_types": list(types), "tokens": 8, "same_tokens": same}


def results(*rows):
    return [{"title": "Model", "runs": [
        {"bytes": 4_000_000, "perplexity": 19.0, "tokens": 1000, "types": {"Q4_0": row}} for row in rows]}]


class Failures(unittest.TestCase):
    def test_good_files_are_no_failure(self):
        self.assertEqual(report.failures(results(row(), row(product_error=1.0005))), [])

    def test_larger_errors_are(self):
        (line,) = report.failures(results(row(product_error=1.01)))
        self.assertIn("1.010", line)

    def test_a_perplexity_is_judged_by_what_chance_explains(self):
        # Two runs of 1,000 tokens: the square root of 2 · 0.01 / 2,000 is 0.32 %.
        self.assertEqual(report.failures(results(row(ours=20.1), row(ours=20.1))), [])
        self.assertEqual(len(report.failures(results(row(ours=20.2), row(ours=20.2)))), 1)
        # Over runs the ratios' mean counts.
        self.assertEqual(report.failures(results(row(ours=20.2), row(theirs=20.2))), [])

    def test_other_types_and_answers_are(self):
        self.assertEqual(len(report.failures(results(row(types=["a: Q4_0, Q5_0"], same=3)))), 2)
        self.assertEqual(report.failures(results(row(same=0), row(same=8))), [])

    def test_the_table_has_a_row_a_type(self):
        lines = report.table(results(row())).splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("+0.00% ± 0.45%", lines[3])


if __name__ == "__main__":
    unittest.main()

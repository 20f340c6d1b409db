"""The figures of `quantizers` as a table, and what is wrong with them."""
import math

from .report import aligned

TOLERANCE = 0.001  # of errors and perplexities

# results: [{"title", "runs": [{"bytes", "perplexity", "tokens", "types": {type: row}}]}], a run for each seed;
# row: {engine: {"bytes", "seconds", "perplexity", "divergence"}, "product_error", "other_types", "tokens", "same_tokens"}.


class Summary:
    """One type over the runs of a model."""

    def __init__(self, runs: list, kind: str):
        self.rows = [run["types"][kind] for run in runs]
        self.tokens = sum(run["tokens"] for run in runs)

    def mean(self, engine: str, figure: str) -> float:
        return sum(row[engine][figure] for row in self.rows) / len(self.rows)

    def perplexity(self, engine: str) -> float:
        return math.exp(sum(math.log(row[engine]["perplexity"]) for row in self.rows) / len(self.rows))

    @property
    def difference(self) -> float:
        """By how much Minke's perplexity is larger."""
        return self.perplexity("Minke") / self.perplexity("llama.cpp") - 1

    @property
    def chance(self) -> float:
        """What two models as far from the floats may differ by, in two of three samples: where a distribution is changed
        by a small divergence KL, the loss of a token varies by about 2 KL."""
        divergences = self.mean("Minke", "divergence") + self.mean("llama.cpp", "divergence")
        return math.sqrt(2 * divergences / self.tokens)

    @property
    def product_error(self) -> float:
        return math.exp(sum(math.log(row["product_error"]) for row in self.rows) / len(self.rows))


def summaries(results: list):
    """(model, type, summary) of all."""
    for model in results:
        for kind in model["runs"][0]["types"]:
            yield model, kind, Summary([run for run in model["runs"] if kind in run["types"]], kind)


def failures(results: list) -> list:
    """What is wrong, a line each."""
    lines = []
    for model, kind, found in summaries(results):
        def fail(what: str) -> None:
            lines.append(f"{model['title']}, {kind}: {what}")

        if found.product_error > 1 + TOLERANCE:
            fail(f"the errors of products are {found.product_error:.3f} of llama.cpp's")
        if found.difference > TOLERANCE + 2 * found.chance:
            fail(f"the perplexity is {found.difference:+.2%} of llama.cpp's, of which chance explains {2 * found.chance:.2%}")
        for row in found.rows:
            if row["other_types"]:
                fail(f"other element types than llama.cpp's: {row['other_types'][0]}")
    for model in results:
        rows = [row for run in model["runs"] for row in run["types"].values()]
        # A near tie, which rounding decides, may end one answer's likeness early, but not all of them.
        if rows and sum(row["same_tokens"] for row in rows) * 2 < sum(row["tokens"] for row in rows):
            lines.append(f"{model['title']}: llama.cpp's greedy answers from Minke's files are others than Minke's")
    return lines


def table(results: list) -> str:
    rows = [["model", "type", "MB", "perplexity", "llama.cpp", "difference", "divergence", "llama.cpp", "product error",
             "same tokens", "seconds", "llama.cpp"]]
    title = None
    for model, kind, found in summaries(results):
        if model["title"] != title:
            title = model["title"]
            runs = model["runs"]
            exact = math.exp(sum(math.log(run["perplexity"]) for run in runs) / len(runs))
            rows.append([title, "F32", f"{runs[0]['bytes'] / 1e6:.0f}", f"{exact:.3f}", *[""] * 8])
        rows.append([
            "", kind, f"{found.mean('Minke', 'bytes') / 1e6:.1f}", f"{found.perplexity('Minke'):.3f}",
            f"{found.perplexity('llama.cpp'):.3f}", f"{found.difference:+.2%} ± {found.chance:.2%}",
            f"{found.mean('Minke', 'divergence'):.4f}", f"{found.mean('llama.cpp', 'divergence'):.4f}",
            f"{found.product_error:.3f}",
            f"{min(row['same_tokens'] for row in found.rows)} of {found.rows[0]['tokens']}",
            f"{found.mean('Minke', 'seconds'):.1f}", f"{found.mean('llama.cpp', 'seconds'):.1f}"])
    return aligned(rows)

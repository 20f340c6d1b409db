"""Figures of several rounds, and their ratios round by round."""
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How many times better than a peer, in rounds in which both ran one after the other."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.least)}–{number(self.greatest)})"


def ratio(ours: list, peers: list, larger_is_better: bool) -> Ratio | None:
    """The ratios of rounds in which both have a figure; more than 1: ours is better."""
    pairs = [(a, b) for a, b in zip(ours, peers) if a and b]
    if not pairs:
        return None
    ratios = [a / b if larger_is_better else b / a for a, b in pairs]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def median(values: list) -> float | None:
    found = [value for value in values if value is not None]
    return statistics.median(found) if found else None


def number(value: float | None) -> str:
    """Three significant digits, thousands apart."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3}f}"

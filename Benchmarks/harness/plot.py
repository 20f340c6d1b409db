"""The picture of the results: a panel a model, bars as high as their speed relative to llama.cpp."""
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from .ratios import median, number, ratio
from .workloads import TESTS

COLOURS = {"Minke": "#1f6f8b", "llama.cpp": "#c9a25f", "OpenVINO GenAI": "#9aa5b1"}
BASE = "llama.cpp"
SHORT = {
    "prefill": "prefill\n512", "decode": "decode\n128", "crowd": "decode,\n16 sequences",
    "engine": "16 conver-\nsations,\nengine",
    "deep-prefill": "prefill at\ndepth 4,096", "deep-decode": "decode at\ndepth 4,096",
    "first-token": "cold process\nto first\ntoken, s", "memory": "peak\nmemory,\nMB",
}


def draw(results: dict, path) -> None:
    models = results["models"]
    rows = (len(models) + 1) // 2
    pyplot.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10})
    figure, axes = pyplot.subplots(rows, min(len(models), 2), figsize=(15, 1 + 4.2 * rows), squeeze=False)
    for axis, model in zip(axes.flat, models):
        panel(axis, model, results["engines"])
    for axis in list(axes.flat)[len(models):]:
        axis.axis("off")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=len(labels), frameon=False)
    figure.suptitle(
        f"How many times as fast (or as small) as {BASE}, and tokens a second, seconds or megabytes",
        x=0.01, ha="left", fontsize=13)
    machine = results["machine"]["processor"]
    figure.text(
        0.01, 0.005, f"{machine}, {results['threads']} threads; medians of {results['repetitions']} rounds in turn",
        fontsize=9, color="#555555")
    figure.tight_layout(rect=(0, 0.02, 1, 0.97))
    figure.savefig(path, dpi=110, facecolor="white")


def panel(axis, model: dict, engines: list) -> None:
    tests = list(model["tests"])
    width = 0.8 / len(engines)
    tallest = 1.0
    for place, engine in enumerate(engines):
        for column, test in enumerate(tests):
            values = model["tests"][test]
            height = relative(values, engine, TESTS[test].larger_is_better)
            if height is None:
                continue
            tallest = max(tallest, height)
            bar = axis.bar(
                column + (place - (len(engines) - 1) / 2) * width, height, width * 0.94, color=COLOURS[engine],
                label=engine if engine not in axis.get_legend_handles_labels()[1] else None)
            axis.bar_label(bar, [number(median(values[engine]))], fontsize=8, padding=2, color="#222222")
    axis.axhline(1, color="#888888", linewidth=0.8, linestyle=":", zorder=0)
    axis.set_title(model["title"], loc="left", fontsize=11, fontweight="bold")
    axis.set_xticks(range(len(tests)), [SHORT[test] for test in tests], fontsize=8.5)
    axis.set_ylim(0, tallest * 1.12)
    axis.tick_params(axis="x", length=0)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.grid(axis="y", color="#eeeeee")
    axis.set_axisbelow(True)


def relative(values: dict, engine: str, larger_is_better: bool) -> float | None:
    """How many times better than llama.cpp; nothing to compare with: 1."""
    if median(values.get(engine, [])) is None:
        return None
    if median(values.get(BASE, [])) is None or engine == BASE:
        return 1.0
    return ratio(values[engine], values[BASE], larger_is_better).median


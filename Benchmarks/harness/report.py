"""The results as JSON holds them, and the table of them."""
from .ratios import median, number, ratio
from .workloads import TESTS

OURS = "Minke"

# results: {"engines": […], "models": [{"name", "title", "tests": {test: {engine: [value or None a round]}},
#           "refusals": {engine: why}}], …}


def table(results: dict) -> str:
    """A Markdown table that reads well as plain text: medians, and the ratio to each peer."""
    peers = [engine for engine in results["engines"] if engine != OURS]
    rows = [["model", "", "unit", OURS, *(cell for peer in peers for cell in (peer, "ratio (least–greatest)"))]]
    for model in results["models"]:
        title = model["title"]
        for name, values in model["tests"].items():
            rows.append([title, TESTS[name].title, TESTS[name].unit, *figures(TESTS[name], values, peers)])
            title = ""
    return aligned(rows)


def figures(test, values: dict, peers: list) -> list:
    ours = values.get(OURS, [])
    cells = [number(median(ours))]
    for peer in peers:
        theirs = values.get(peer, [])
        found = ratio(ours, theirs, test.larger_is_better)
        cells += [number(median(theirs)), str(found) if found else "–"]
    return cells


def aligned(rows: list) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = 2  # the first columns are words

    def line(row):
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))]
        return "| " + " | ".join(cells) + " |"

    rule = ["-" * width if column < left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([line(rows[0]), "| " + " | ".join(rule) + " |", *map(line, rows[1:])])


def notes(results: dict) -> str:
    """What the table does not say: refusals, versions, machine."""
    machine = results["machine"]
    lines = [
        f"{machine['processor']}, {results['threads']} threads, {results['repetitions']} rounds; "
        + ", ".join(f"{name} of {package}" for name, package in results["versions"].items()),
        "Medians; a ratio above 1 means that Minke is faster, or smaller, than the peer next to it in the same round.",
    ]
    for model in results["models"]:
        for engine, why in model["refusals"].items():
            lines.append(f"{engine}, {model['title']}: {why}")
    for name, shares in results["busy"].items():
        if (share := sum(shares) / len(shares)) > 0.05:
            lines.append(
                f"NOT ALONE: {name} used {share:.0%} of a processor while an engine was measured "
                f"(at most {max(shares):.0%}); measure again on a quiet machine")
    return "\n".join(lines)

"""Comparing traces: how often it is wrong, what it finds, and what it costs.

In: the tools, and how large and how often. Out: `Result`s. Not here: the made-up traces, which `diff-bench` makes.
"""

import json
import subprocess

from .measure import alternate, process, warm
from .scenarios import Result
from .tools import say

# Comparisons, traces a side, and by how much the p95 of one span name of twelve grows.
NULL = ("null", 2_000, 2_000)
POWER = [("power", 500, 2_000, 40), ("power", 200, 20_000, 10)]
# In per cent: false alarms, others blamed, found.
ALARMS, BLAMED, FOUND = 5, 5, 90
# Of two files of a million spans.
SECONDS, MEGABYTES = 3, 600


def comparing(tools, spans, rounds, patience, quick):
    """Runs both scenarios."""
    return [right_and_wrong(tools, 50 if quick else 1), cost(tools, spans, rounds, patience)]


def right_and_wrong(tools, part):
    result = Result("comparing made-up traces, twelve span names")
    result.columns = ["", "comparisons", "alarms", "found", "another blamed"]
    alarms = said(tools, NULL, part)
    result.rows.append(row("the same with the same, 2,000 traces a side", alarms))
    result.reach("comparisons of the same with the same that alarm", percent(alarms, "alarms"), "≤", ALARMS, " %")
    for case in POWER:
        _, _, traces, growth = case
        figures = said(tools, case, part)
        what = f"p95 of one name {growth} % longer, {traces:,} traces a side"
        result.rows.append(row(what, figures))
        result.reach(f"{what}: found", percent(figures, "found"), "≥", FOUND, " %")
        result.reach(f"{what}: another blamed", percent(figures, "blamed"), "≤", BLAMED, " %")
    return result


def said(tools, case, part):
    what, comparisons, *rest = case
    say(f"comparing: {what} {' '.join(map(str, rest))}")
    command = [tools.diff_bench, what, str(comparisons // part), *map(str, rest)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def percent(figures, which):
    return 100 * figures[which] / figures["comparisons"]


def row(what, figures):
    found = ["found", "blamed"] if figures["percent"] else []
    cells = [f"{percent(figures, which):.1f} %" for which in ["alarms", *found]]
    return [what, f"{figures['comparisons']:,}", *cells, *["–"] * (3 - len(cells))]


def cost(tools, spans, rounds, patience):
    """Two files compared, beside a summary of one."""
    path = tools.spans(spans)
    warm(path)
    contenders = {
        "`trace diff`": run_of([tools.glyphctl, "trace", "diff", path, path, "--format", "json"]),
        "`trace summarize` of one": run_of([tools.glyphctl, "trace", "summarize", path, "--format", "json"]),
    }
    took, answers = alternate(rounds, patience, contenders)
    diff, size = took["`trace diff`"], path.stat().st_size
    result = Result(f"comparing two files of {spans:,} spans")
    result.figures = [(name, took[name], size * files) for name, files in zip(took, (2, 1))]
    if answers["`trace diff`"]["failed"]:
        result.differences.append("comparing: a file differs from itself")
    result.reach("comparing two files of a million spans, CPU time", diff.cpu, "≤", SECONDS, " s")
    result.reach("the same, wall", diff.wall, "≤", SECONDS, " s")
    result.reach("the same, peak memory", diff.memory / 1e6, "≤", MEGABYTES, " MB")
    return result


def run_of(argv):
    def run():
        took, out = process(argv)
        return took, json.loads(out)

    return run

"""What sanitizing costs: a small exchange, and texts of five kinds, beside regular expressions for the same keys.

In: the tools, and how large. Out: `Result`s. Not here: the measuring, which `sanitize-bench` does.
"""

import json
import subprocess

from .measure import wait_for_quiet
from .plugins import middle
from .scenarios import Result
from .tools import REPOSITORY, say

TRAFFIC = REPOSITORY / "testdata/flows/ordinary"
# What is to be reached: CPU time of an exchange, and the speed on text on one core.
MICROSECONDS, MEGABYTES = 5, 300


def sanitizing(tools, rounds, patience, quick):
    """Runs both scenarios."""
    small = 10 if quick else 1

    def medians(*args):
        said = []
        for _ in range(rounds):
            wait_for_quiet(patience)
            command = [tools.sanitize_bench, *map(str, args)]
            said.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        return middle(said)

    return [exchange(medians, 200_000 // small), bodies(medians, 200_000_000 // small)]


def exchange(medians, count):
    say("a small exchange through the sanitizer")
    figures = medians("exchange", count)
    result = Result("sanitizing a JSON exchange: URL, 18 headers, a body of a kilobyte; CPU time")
    result.columns = ["", "exchange"]
    took = figures["cpu_ns"] / 1e3
    result.rows.append(["the sanitizer", f"{took:.2f} µs"])
    result.reach("a 1 KB JSON exchange through the sanitizer, CPU time", took, "≤", MICROSECONDS, " µs")
    return result


def bodies(medians, size):
    say("texts through the sanitizer")
    figures = medians("bodies", TRAFFIC, size)
    result = Result("sanitizing bodies of 256 KB, on one core")
    result.columns = ["", "regular expressions", "the sanitizer", ""]
    for name, row in figures.items():
        theirs, ours = row["regex_mb_s"], row["glyph_mb_s"]
        result.rows.append([name, f"{theirs:,.0f} MB/s", f"{ours:,.0f} MB/s", f"{ours / theirs:.1f}×"])
    slowest = min(row["glyph_mb_s"] for row in figures.values())
    result.reach("text bodies through the sanitizer, the slowest kind", slowest, "≥", MEGABYTES, " MB/s")
    return result

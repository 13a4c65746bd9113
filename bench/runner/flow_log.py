"""What the flow log holds, what it costs, and what `kill -9` takes from it.

In: the tools, and how large. Out: `Result`s. Not here: the measuring, which `plugin-bench` does.
"""

from .plugins import Bench, us
from .scenarios import Result
from .tools import say

# Flows a second that are to get into the log.
FLOWS = 10_000
# Kills, and glyphd's own flush interval.
KILLS, INTERVAL_MS = 100, 200


def flow_log(tools, rounds, patience, quick):
    """Runs both scenarios."""
    bench = Bench(tools, rounds, patience)
    return [sustained(bench, 5 if quick else 30), crash(bench, 10 if quick else KILLS)]


def sustained(bench, seconds):
    say("flows into the log")
    result = Result(f"flows of 3.4 KB into the flow log, {FLOWS:,} a second for {seconds} s, and as fast as they go")
    result.columns = ["", "flows/s", "dropped", "CPU of a flow"]
    for fsync in ["never", "interval", "always"]:
        for label, rate in [(f"--fsync {fsync}", [FLOWS]), (f"--fsync {fsync}, as fast as they go", [])]:
            flows = FLOWS * seconds
            row = bench.medians("flow-log", flows, fsync, *rate, rounds=1 if rate else bench.rounds)
            cells = [f"{row['flows_per_second']:,.0f}", f"{row['dropped']:,.0f}", us(row["cpu_ns_per_flow"])]
            result.rows.append([label, *cells])
            if row["in_the_log"] + row["dropped"] != flows:
                result.differences.append(f"{label}: {row['in_the_log']} of {flows} flows are in the log")
            if rate:
                kept = row["in_the_log"] / row["seconds"] / 1e3
                result.reach(f"flows a second kept in the log with --fsync {fsync}, in thousands", kept, "≥", 9.9, "")
                result.reach(f"flows lost at that rate with --fsync {fsync}", row["dropped"], "≤", 0, "")
    return result


def crash(bench, kills):
    say(f"{kills} times kill -9 under load")
    row = bench.medians("crash", bench.tools.glyphd, kills, rounds=1)
    result = Result(f"{kills} × kill -9 of a daemon under load, flush interval {INTERVAL_MS} ms; every line but the last is whole")
    result.columns = ["answered", "of these lost", "most in one kill", "oldest of them, before the kill", "torn last lines"]
    cells = [f"{row[key]:,.0f}" for key in ("answered", "lost", "most_lost")]
    result.rows.append([*cells, f"{row['oldest_lost_ms']:.0f} ms", f"{row['torn_last_lines']:.0f}"])
    # A flow is on its way to the log's thread before its interval begins.
    result.reach("age of the oldest lost flow, of the flush interval", row["oldest_lost_ms"] / INTERVAL_MS, "≤", 1.25)
    return result

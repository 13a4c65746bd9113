#!/usr/bin/env python3
"""Measures `glyphctl trace summarize`, against DuckDB and against what it is to reach, PromQL and scraping beside
Prometheus, what plugins and sanitizing cost, flows beside jq, what the flow log holds, capture beside other proxies, what
telemetry costs, artifacts beside tar and zstd, recorded requests sent again beside wrk and mitmproxy, and how fast recorded
responses are served, and what the gate takes.

Exits with 0 if all is well, with 1 if an answer differs or a reach is missed, with 2 if something did not work.
"""

import argparse
import os
import pathlib
import subprocess
import sys

from runner import report
from runner.artifacts import artifacts
from runner.capture import capture
from runner.checking import checking
from runner.comparing import comparing
from runner.flow_log import flow_log
from runner.flows import flows
from runner.measure import Failed
from runner.metrics_reading import metrics_reading
from runner.plugins import plugins
from runner.replay import replay
from runner.rule_testing import rule_testing
from runner.sanitizing import sanitizing
from runner.scenarios import Scenarios
from runner.scraping import scraping
from runner.serving import serving
from runner.telemetry import telemetry
from runner.tools import Tools, say

SCENARIOS = [
    *["self-time", "plain", "tenfold", "cores", "chrome", "formats", "jq"],
    *["queries", "metrics-reading", "scraping", "rule-testing", "plugins", "sanitizing", "flows", "flow-log", "capture"],
    *["telemetry", "artifacts", "replay", "serve", "comparing", "checking"],
]


def main():
    args = arguments()
    tools = Tools(args.cache, args.glyphctl, args.duckdb, args.glyphd)
    scenarios, results = Scenarios(tools, args.spans, args.rounds, args.patience, args.quick), []
    for name in args.only or [*SCENARIOS, *(["huge"] if args.huge else [])]:
        say(name)
        if name == "metrics-reading":
            results.append(metrics_reading(tools, args.spans // 200, args.rounds, args.patience))
        elif name == "scraping":
            results.append(scraping(tools, args.quick))
        elif name == "rule-testing":
            results += rule_testing(tools, args.rounds, args.patience, args.quick)
        elif name == "flows":
            results += flows(tools, args.spans * 520, args.rounds, args.patience)
        elif name == "artifacts":
            results += artifacts(tools, args.spans * 1_040, args.rounds, args.patience)
        elif name == "plugins":
            results += plugins(tools, args.rounds, args.patience, args.quick)
        elif name == "flow-log":
            results += flow_log(tools, args.rounds, args.patience, args.quick)
        elif name == "capture":
            results += capture(tools, args.rounds, args.patience, args.quick, args.soak_seconds)
        elif name == "replay":
            results += replay(tools, args.rounds, args.patience, args.quick)
        elif name == "serve":
            results += serving(tools, args.rounds, args.patience, args.quick)
        elif name == "comparing":
            results += comparing(tools, args.spans, args.rounds, args.patience, args.quick)
        elif name == "checking":
            results.append(checking(tools, args.spans, args.rounds, args.patience))
        elif name == "telemetry":
            results += telemetry(tools, args.rounds, args.patience, args.quick)
        elif name == "sanitizing":
            results += sanitizing(tools, args.rounds, args.patience, args.quick)
        else:
            results.append(getattr(scenarios, name.replace("-", "_"))())
    versions = ", ".join(filter(None, [tools.version(), f"DuckDB {args.duckdb}", tools.prometheus()]))
    text = report.markdown(results, versions, args.rounds)
    print(text)
    if args.markdown:
        report.write(args.markdown, text)
    return verdict(results, judged=not args.quick)


def verdict(results, judged):
    differences = [difference for result in results for difference in result.differences]
    missed = [reach for result in results for reach in result.reaches if not reach.met()]
    for difference in differences[:20]:
        print(f"run.py: {difference}", file=sys.stderr)
    if differences:
        print(f"run.py: {len(differences)} differences", file=sys.stderr)
    if judged and missed:
        print(f"run.py: {len(missed)} of the reaches missed", file=sys.stderr)
    return 1 if differences or (judged and missed) else 0


def arguments():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "glyph-bench"
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    option = parser.add_argument
    option("--glyphctl", type=pathlib.Path, help="the program to measure; built if none is given")
    option("--glyphd", type=pathlib.Path, help="the daemon to measure; built if none is given")
    option("--spans", type=int, help="how many (1,000,000; with --quick 100,000)")
    option("--rounds", type=int, help="how often each is run, to take the medians (5; with --quick 3)")
    option("--quick", action="store_true", help="smaller; answers are compared, reaches are not judged")
    option("--huge", action="store_true", help="also 24 times the spans, through a pipe")
    option("--only", action="append", choices=[*SCENARIOS, "huge"], help="only this; may be repeated")
    option("--soak-seconds", type=int, metavar="SECONDS", help="how long bad weather lasts (180; with --quick 20)")
    option("--duckdb", default="2.0.0", metavar="VERSION", help="of the PyPI package (%(default)s)")
    patience = "wait up to so long before each run for a moment in which nothing else works (0)"
    option("--patience", type=float, default=0, metavar="SECONDS", help=patience)
    option("--cache", type=pathlib.Path, default=cache, help="where everything is kept (%(default)s)")
    place = "also write the figures there; in docs/performance.md, in their place"
    option("--markdown", type=pathlib.Path, metavar="FILE", help=place)
    args = parser.parse_args()
    args.spans = args.spans or (100_000 if args.quick else 1_000_000)
    args.rounds = args.rounds or (3 if args.quick else 5)
    return args


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        sys.exit(2)

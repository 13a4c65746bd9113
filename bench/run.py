#!/usr/bin/env python3
"""Measures `glyphctl trace summarize`, against DuckDB and against what it is to reach.

Exits with 0 if all is well, with 1 if an answer differs or a reach is missed, with 2 if something did not work.
"""

import argparse
import os
import pathlib
import subprocess
import sys

from runner import report
from runner.measure import Failed
from runner.scenarios import Scenarios
from runner.tools import Tools, say

SCENARIOS = ["self-time", "plain", "tenfold", "cores", "chrome", "formats", "jq"]


def main():
    args = arguments()
    tools = Tools(args.cache, args.glyphctl, args.duckdb)
    scenarios, results = Scenarios(tools, args.spans, args.rounds, args.patience), []
    for name in args.only or [*SCENARIOS, *(["huge"] if args.huge else [])]:
        say(name)
        results.append(getattr(scenarios, name.replace("-", "_"))())
    versions = f"{tools.version()} and DuckDB {args.duckdb}"
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
    parser.add_argument("--glyphctl", type=pathlib.Path, help="the program to measure; built if none is given")
    parser.add_argument("--spans", type=int, help="how many (1,000,000; with --quick 100,000)")
    parser.add_argument("--rounds", type=int, help="how often each is run, to take the medians (5; with --quick 3)")
    parser.add_argument("--quick", action="store_true", help="smaller; answers are held against each other, reaches are not judged")
    parser.add_argument("--huge", action="store_true", help="also 24 times the spans through a pipe")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS", help="wait so long before each run for a moment in which nothing else works (0)")
    parser.add_argument("--only", action="append", choices=[*SCENARIOS, "huge"], help="only this; may be repeated")
    parser.add_argument("--duckdb", default="2.0.0", metavar="VERSION", help="of the PyPI package (%(default)s)")
    parser.add_argument("--cache", type=pathlib.Path, default=cache, help="where spans, DuckDB and builds are kept (%(default)s)")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="also write the figures there; in docs/performance.md, in their place")
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

"""Tests of rules: glyphctl beside `promtool test rules`.

In: the tools, and how large and how often. Out: `Result`s, of a large file and of a small one. Not here: what is tested.
"""

import shutil

from .measure import Failed, alternate, process, warm
from .rules import rule_tests, series_of
from .scenarios import Reach, Result
from .tools import say

# Twenty applications have 200 rules; sixty tests have 8,640 series.
LARGE = (20, 60)
QUICK = (4, 8)
SMALL = (1, 2)


def rule_testing(tools, rounds, patience, quick):
    """Runs a large and a small test file with either, in turns; both have to find that all tests pass."""
    if not shutil.which("promtool"):
        say("rule-testing: skipped, promtool is not installed")
        return [Result("tests of rules")]
    # promtool takes most of a minute for the large one.
    large = measured(tools, QUICK if quick else LARGE, min(rounds, 3), patience)
    took = dict((name, took) for name, took, _ in large.figures)
    large.reach("tests of rules, promtool's wall of glyphctl's", took["promtool"].wall / took["glyphctl"].wall, "≥", 20)
    large.reach("the same, CPU time", took["promtool"].cpu / took["glyphctl"].cpu, "≥", 20)
    small = measured(tools, SMALL, rounds, patience)
    took = dict((name, took) for name, took, _ in small.figures)
    small.reach("a small file, wall, of promtool's", took["glyphctl"].wall / took["promtool"].wall, "≤", 1)
    return [large, small]


def measured(tools, size, rounds, patience):
    apps, tests = size
    path = rule_tests(tools.cache, apps, tests)
    warm(path)
    contenders = {
        "glyphctl": glyphctl([tools.glyphctl, "alerts", "test", path], tests),
        "promtool": promtool(["promtool", "test", "rules", path]),
    }
    took, _ = alternate(rounds, patience, contenders)
    title = f"{tests} tests of {10 * apps} rules with {series_of(tests):,} series"
    return Result(title, [(name, took[name], None) for name in took])


def glyphctl(argv, tests):
    def run():
        took, out = process(argv)
        said = out.decode().splitlines()[-1]
        if said != f"{tests} passed, 0 failed, 0 skipped":
            raise Failed(f"glyphctl says: {said}")
        return took, said

    return run


def promtool(argv):
    def run():
        took, out = process(argv)
        if "SUCCESS" not in out.decode():
            raise Failed(f"promtool says: {out.decode()}")
        return took, "SUCCESS"

    return run

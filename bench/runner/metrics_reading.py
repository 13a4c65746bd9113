"""How fast metrics are read: glyphctl beside `promtool tsdb create-blocks-from openmetrics`.

In: the tools, and how large and how often. Out: a `Result`. Not here: queries.
"""

import json
import shutil
import subprocess
import tempfile

from .measure import Failed, alternate, process, warm
from .scenarios import Reach, Result
from .tools import say

# Of the generator: 5,000 scrapes are 72 MB.
SERIES = 200
# Seconds: the first scrape, cut off, and from one to the next.
FIRST, INTERVAL = 1_700_000_000, 15


def metrics_reading(tools, scrapes, rounds, patience):
    """Reads a file of scrapes with either, in turns; both have to find every sample."""
    title = f"{SERIES * scrapes:,} samples of OpenMetrics text, read"
    if not shutil.which("promtool"):
        say("metrics-reading: skipped, promtool is not installed")
        return Result(title)
    path = scrapes_file(tools, scrapes)
    warm(path)
    took, said = alternate(rounds, patience, {"glyphctl": glyphctl(tools, path, scrapes), "promtool": promtool(path)})
    size = path.stat().st_size
    glyph, prom = took["glyphctl"], took["promtool"]
    result = Result(title, [(name, took[name], size) for name in took])
    result.reaches = [
        Reach("metrics read, promtool's wall of glyphctl's", prom.wall / glyph.wall, "≥", 20),
        Reach("metrics read, promtool's CPU time of glyphctl's", prom.cpu / glyph.cpu, "≥", 20),
    ]
    result.differences = [
        f"metrics-reading: {name} found {found:,} samples, not {SERIES * scrapes:,}"
        for name, found in said.items()
        if found != SERIES * scrapes
    ]
    return result


def scrapes_file(tools, scrapes):
    """A file of so many scrapes, made if it is not there."""
    path = tools.cache / f"scrapes-{scrapes}-{tools.generation}.om"
    if not path.exists():
        say(f"writing {scrapes:,} scrapes")
        unfinished = path.with_suffix(".part")
        generator = tools.generator.with_name("metrics-gen")
        subprocess.run([generator, "--scrapes", str(scrapes), "--out", unfinished], check=True)
        unfinished.rename(path)
    return path


def glyphctl(tools, path, scrapes):
    """Reads all of it and counts its samples, which takes next to no time beside."""
    expression = f'sum(count_over_time({{__name__=~"delivery.+"}}[{INTERVAL * scrapes}s]))'
    last = str(FIRST + INTERVAL * (scrapes - 1) + 1)
    argv = [tools.glyphctl, "metrics", "query", "--data", path, expression, "--time", last, "--delayed-name-removal", "--format", "json"]

    def run():
        took, out = process(argv)
        return took, int(json.loads(out)["data"]["result"][0]["value"][1])

    return run


def promtool(path):
    """Makes blocks of it in a folder that is thrown away; how many samples these have is what it lists."""

    def run():
        with tempfile.TemporaryDirectory(dir=path.parent) as blocks:
            took, out = process(["promtool", "tsdb", "create-blocks-from", "openmetrics", path, blocks])
            lines = [line.split() for line in out.decode().splitlines()]
            # ULID, from, to, duration, samples, …
            counts = [int(line[4]) for line in lines if len(line) > 4 and line[4].isdigit()]
            if not counts:
                raise Failed(f"promtool made no blocks of {path}")
            return took, sum(counts)

    return run

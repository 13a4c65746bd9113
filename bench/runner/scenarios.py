"""What is measured.

In: the tools, and how large and how often. Out: of each scenario a `Result`: the figures, the reaches with whether they
were met, and differences between answers. Not here: how it is printed.
"""

import json
import os
import subprocess
from dataclasses import dataclass, field, replace

from . import answers, queries
from .measure import Took, alternate, process, warm
from .tools import BENCH, say


@dataclass
class Reach:
    """A ratio or a figure that is to be met."""

    what: str
    measured: float
    # "≤" or "≥", and what is wanted.
    side: str
    wanted: float
    unit: str = "×"

    def met(self):
        return self.measured <= self.wanted if self.side == "≤" else self.measured >= self.wanted


@dataclass
class Result:
    title: str
    # Label, what it took, bytes read or written (to tell a speed) or none.
    figures: list[tuple[str, Took, int | None]] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    # A table of its own kind: what stands over the columns, and the cells.
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def reach(self, *args):
        self.reaches.append(Reach(*args))


class Scenarios:
    def __init__(self, tools, spans, rounds, patience, quick):
        self.tools = tools
        self.count = spans
        self.quick = quick
        self.rounds = rounds
        self.patience = patience
        self.cpus = sorted(os.sched_getaffinity(0))

    def turns(self, contenders):
        return alternate(self.rounds, self.patience, contenders)

    # The two contenders: functions that run once.

    def glyphctl(self, spans, *options, cpus=None):
        argv = [self.tools.glyphctl, "trace", "summarize", spans, "--format", "json", *options]

        def run():
            took, out = process(argv, cpus)
            return took, json.loads(out)

        return run

    def duckdb(self, spans, query, cpus=None):
        threads = len(cpus or self.cpus)
        argv = [self.tools.python, BENCH / "runner/duck.py", str(threads), spans, BENCH / "queries" / query]

        def run():
            took, out = process(argv, cpus)
            answer = json.loads(out)
            return replace(took, wall=answer["wall"], cpu=answer["cpu"]), answer

        return run

    def spans(self, count=None, form="glyph"):
        path = self.tools.spans(count or self.count, form)
        warm(path)
        return path

    # The scenarios.

    def self_time(self):
        took, result = self.side_by_side("with self time", "summary_self_time.sql", answers.SELF_TIME)
        glyph, duck = took["glyphctl"], took["DuckDB"]
        result.reaches = [
            Reach("wall, of DuckDB's with self time", glyph.wall / duck.wall, "≤", 0.5),
            Reach("peak memory, of DuckDB's with self time", glyph.memory / duck.memory, "≤", 1.0),
        ]
        return result

    def plain(self):
        took, result = self.side_by_side("DuckDB without self time", "summary.sql", answers.EXACT)
        ratio = took["glyphctl"].wall / took["DuckDB"].wall
        result.reaches = [Reach("wall, of DuckDB's without self time", ratio, "≤", 1.0)]
        return result

    def side_by_side(self, what, query, columns):
        spans = self.spans()
        took, said = self.turns({"glyphctl": self.glyphctl(spans), "DuckDB": self.duckdb(spans, query)})
        figures = [(name, took[name], spans.stat().st_size) for name in took]
        result = Result(f"{self.count:,} spans, {what}", figures)
        result.differences = answers.differences(what, said["glyphctl"]["rows"], said["DuckDB"]["rows"], columns)
        return took, result

    def tenfold(self):
        once, tenfold = self.spans(), self.spans(10 * self.count)
        took, said = self.turns(
            {
                "glyphctl": self.glyphctl(once),
                "glyphctl, tenfold": self.glyphctl(tenfold),
                "DuckDB, tenfold": self.duckdb(tenfold, "summary_self_time.sql"),
            },
        )
        one, ten = took["glyphctl"], took["glyphctl, tenfold"]
        sizes = [once.stat().st_size, tenfold.stat().st_size, tenfold.stat().st_size]
        return Result(
            f"{10 * self.count:,} spans, with self time",
            [(name, took[name], size) for name, size in zip(took, sizes)],
            # CPU time: the wall time of a longer run has more of the neighbours in it.
            [Reach("CPU time for ten times the spans", ten.cpu / one.cpu, "≤", 10.5)],
            answers.differences(
                "tenfold", said["glyphctl, tenfold"]["rows"], said["DuckDB, tenfold"]["rows"], answers.SELF_TIME
            ),
        )

    def cores(self):
        title = f"{self.count:,} spans, one core and two"
        if len(self.cpus) < 2:
            say("cores: skipped, there is only one")
            return Result(title)
        spans, one, two = self.spans(), self.cpus[:1], self.cpus[:2]
        took, _ = self.turns(
            {
                "glyphctl, one core": self.glyphctl(spans, cpus=one),
                "glyphctl, two cores": self.glyphctl(spans, cpus=two),
                "DuckDB, one core": self.duckdb(spans, "summary_self_time.sql", cpus=one),
                "DuckDB, two cores": self.duckdb(spans, "summary_self_time.sql", cpus=two),
            },
        )
        gain = took["glyphctl, one core"].wall / took["glyphctl, two cores"].wall
        return Result(
            title,
            [(name, took[name], spans.stat().st_size) for name in took],
            [Reach("two cores against one", gain, "≥", 1.7)],
        )

    def chrome(self):
        spans, out = self.spans(), self.tools.cache / "chrome.json"
        took, _ = self.turns(
            {"summary": self.glyphctl(spans), "summary and Chrome JSON": self.glyphctl(spans, "-o", out)},
        )
        size, drawn = out.stat().st_size, occurrences(out, b'"ph":"X"')
        out.unlink()
        both, without = took["summary and Chrome JSON"], took["summary"]
        wall = both.wall - without.wall
        # Noise can make the larger work the shorter one; that is no speed.
        speed = size / wall / 1e6 if wall > 0 else 0
        only = replace(both, wall=wall, cpu=both.cpu - without.cpu)
        return Result(
            f"Chrome JSON of {self.count:,} spans",
            [("summary", without, None), ("summary and Chrome JSON", both, None), ("difference", only, size)],
            [Reach("Chrome JSON written", speed, "≥", 200, " MB/s")],
            [] if drawn == self.count else [f"chrome: {drawn} spans were drawn, not {self.count}"],
        )

    def formats(self):
        files = {form: self.spans(form=form) for form in ["glyph", "otlp", "jaeger", "zipkin"]}
        took, said = self.turns({form: self.glyphctl(path) for form, path in files.items()})
        expected = said["glyph"]["rows"]
        micros = [
            difference
            for form in ["jaeger", "zipkin"]
            for difference in answers.differences(form, said[form]["rows"], expected, answers.MICROSECONDS, 1000)
        ]
        return Result(
            f"{self.count:,} spans in other formats",
            [(form, took[form], path.stat().st_size) for form, path in files.items()],
            differences=answers.differences("otlp", said["otlp"]["rows"], expected, answers.SELF_TIME) + micros,
        )

    def queries(self):
        scrapes = 500 if self.quick else 5_000
        count = len(queries.BOUNDS) * queries.PLUGINS
        title = f"{count} series of {scrapes:,} samples in memory, a step every {queries.SCRAPE} s"
        result = Result(title, columns=queries.COLUMNS)
        queries.measure(self, result, scrapes)
        return result

    def jq(self):
        title = f"{self.count:,} spans, counted by jq"
        if not self.tools.jq():
            say("jq: skipped, it is not installed")
            return Result(title)
        spans = self.spans()
        program = (BENCH / "queries/summary.jq").read_text(encoding="utf-8")
        took, out = process([self.tools.jq(), "-n", "-c", program, spans])
        _, expected = self.glyphctl(spans)()
        return Result(
            title,
            [("jq, once", took, spans.stat().st_size)],
            differences=answers.differences("jq", json.loads(out), expected["rows"], ["count", "errors"]),
        )

    def huge(self):
        count = 24 * self.count
        generate = self.tools.generate(count)
        argv = [self.tools.glyphctl, "trace", "summarize", "-", "--format", "json"]
        say(f"{count:,} spans through a pipe, once")
        with subprocess.Popen(generate, stdout=subprocess.PIPE) as generator:
            took, out = process(argv, stdin=generator.stdout)
        found = json.loads(out)["spans"]
        return Result(
            f"{count:,} spans through a pipe, as they are generated",
            # To the machine the generator is another program.
            [("glyphctl, once", replace(took, others=None), None)],
            [Reach("peak memory", took.memory / 1e6, "≤", 1600, " MB")],
            [] if found == count else [f"huge: {found} spans were counted, not {count}"],
        )


def occurrences(path, text):
    """How often a file says something; in pieces, for the runner's own memory would count as its children's."""
    count, kept = 0, b""
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            piece = kept + piece
            count += piece.count(text)
            # Too short to hold the text once more.
            kept = piece[-(len(text) - 1) :]
    return count

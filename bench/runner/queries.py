"""PromQL over series in memory, beside Prometheus.

In: the tools, how many scrapes, how often. Out: a `Result` with a row for each query. Not here: the servers themselves.
"""

import json
import math

from .measure import median, process, wait_for_quiet, warm
from .series import BEGIN, BOUNDS, PLUGINS, SCRAPE, end, openmetrics
from .servers import Glyph, Prometheus
from .tools import say

# Not where a scrape is: at the left edge of a window Prometheus 2 sees a sample that Prometheus 3, and we, don't.
OFF = 7
P95 = "histogram_quantile(0.95, sum(rate(x_bucket[5m])) by (le,plugin))"
RANGES = [
    P95,
    "sum by (plugin) (rate(x_bucket{le='+Inf'}[5m]))",
    "rate(x_bucket[1h])",
    "topk(3, rate(x_bucket{le='+Inf'}[5m]))",
    "sum_over_time(sum by (plugin) (rate(x_bucket{le='+Inf'}[5m]))[30m:1m])",
    "x_bucket{le='0.1'} / ignoring (le) x_bucket{le='+Inf'}",
    "max_over_time(x_bucket[10m]) > 100",
]
INSTANTS = [P95, "sum by (plugin) (rate(x_bucket[5m]))", "topk(3, x_bucket)", "rate(x_bucket[1h])", "x_bucket"]
# A tick of the CPU clock is 10 ms.
LONG_ENOUGH = 0.4


def measure(scenarios, result, scrapes):
    """Fills a result in."""
    if not scenarios.tools.prometheus():
        say("queries: skipped, Prometheus is not installed")
        return
    series = openmetrics(scenarios.tools.cache, scrapes)
    warm(series)
    say("loading the series")
    servers = {"Prometheus": Prometheus(scenarios.tools.cache, series), "Glyph": Glyph(scenarios.tools.queries, series)}
    try:
        last = end(scrapes) + OFF
        ratios = {}
        for kind, times, exprs in [("range", [BEGIN + OFF, last, SCRAPE], RANGES), ("instant", [last], INSTANTS)]:
            for expr in exprs:
                say(f"{kind}: {expr}")
                took = beside(scenarios, result, servers, times, expr)
                whole = whole_process(scenarios, series, times, expr)
                result.rows.append(row(kind, expr, took, whole))
                theirs, ours = took["Prometheus"], took["Glyph"]
                ratios[kind, expr] = (ours.wall / theirs.wall, ours.cpu / theirs.cpu)
    finally:
        for server in servers.values():
            server.stop()
    wall, cpu = ratios["range", P95]
    result.reach("histogram_quantile over 5,000 steps, wall, of Prometheus'", wall, "≤", 0.25)
    result.reach("the same, CPU time", cpu, "≤", 0.25)
    instants = [ratio for (kind, _), ratio in ratios.items() if kind == "instant"]
    result.reach("the slowest of the instant queries, wall, of Prometheus'", max(wall for wall, _ in instants), "≤", 0.5)
    result.reach("the same, CPU time", max(cpu for _, cpu in instants), "≤", 0.5)


def beside(scenarios, result, servers, times, expr):
    """Both take turns; medians by name."""
    counts, data = {}, {}
    for name, server in servers.items():
        # Also warms it up.
        took, _ = server.repeat(times, expr, 3)
        counts[name] = max(1, math.ceil(LONG_ENOUGH / took.wall))
    took = {name: [] for name in servers}
    for _ in range(scenarios.rounds):
        for name, server in servers.items():
            wait_for_quiet(scenarios.patience)
            figures, data[name] = server.repeat(times, expr, counts[name])
            took[name].append(figures)
    theirs, ours = json.loads(data["Prometheus"])["data"], json.loads(data["Glyph"])
    result.differences += [f"{expr}: {what}" for what in differences(theirs, ours)]
    return {name: median(figures) for name, figures in took.items()}


def whole_process(scenarios, series, times, expr):
    """`glyphctl metrics query`, which reads the file first; once."""
    names = ["--time"] if len(times) == 1 else ["--start", "--end", "--step"]
    options = [word for name, time in zip(names, times) for word in (name, str(time))]
    argv = [scenarios.tools.glyphctl, "metrics", "query", "--data", series, *options, "--format", "json", expr]
    return process(argv)[0]


def differences(theirs, ours):
    """What is not the same in two answers, to a millionth."""
    if theirs["resultType"] != ours["resultType"]:
        return [f"it is a {ours['resultType']}, not a {theirs['resultType']}"]
    theirs, ours = by_labels(theirs), by_labels(ours)
    if theirs.keys() != ours.keys():
        return [f"other series: {sorted(theirs.keys() ^ ours.keys())[:3]}"]
    other = [labels for labels in theirs if not same(theirs[labels], ours[labels])]
    return [f"{labels}: {ours[labels][:3]}…, not {theirs[labels][:3]}…" for labels in other]


def by_labels(data):
    points = {}
    for element in data["result"]:
        labels = json.dumps(element["metric"], sort_keys=True)
        points[labels] = element["values"] if "values" in element else [element["value"]]
    return points


def same(theirs, ours):
    def almost(a, b):
        a, b = float(a), float(b)
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)

    return len(theirs) == len(ours) and all(a[0] == b[0] and almost(a[1], b[1]) for a, b in zip(theirs, ours))


def row(kind, expr, took, whole):
    theirs, ours = took["Prometheus"], took["Glyph"]
    return [
        f"{kind} `{expr}`",
        told(theirs.wall),
        told(ours.wall),
        f"{ours.wall / theirs.wall:.2f}×",
        told(theirs.cpu),
        told(ours.cpu),
        f"{ours.cpu / theirs.cpu:.2f}×",
        f"{theirs.others:.0%}, {ours.others:.0%}",
        told(whole.wall),
    ]


def told(seconds):
    """A time with as many digits as it is worth."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


COLUMNS = [
    "", "Prometheus, wall", "Glyph, wall", "", "Prometheus, CPU", "Glyph, CPU", "", "others", "`glyphctl metrics query`, wall",
]  # fmt: skip

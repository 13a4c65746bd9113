"""What the daemon's telemetry costs: spans into a file, a scrape of its metrics, and whether spans are lost under load.

In: the tools, how large and how often. Out: `Result`s. Not here: what other proxies cost, which is `capture`'s.
"""

import http.client
import http.server
import re
import statistics
import threading
import time

from . import proxies
from .capture import BOTH, FLOWS, Bench, table
from .measure import Failed
from .scenarios import Result
from .tools import say

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
SERIES = 10_000
# Of a histogram: its buckets, sum and count.
PER_HISTOGRAM = 19
METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]
MILLION = 1e6


def telemetry(tools, rounds, patience, quick):
    """Runs every scenario."""
    with proxies.Origin(tools) as origin:
        bench = Bench(tools, origin, max(3, rounds), patience)
        return [tracing(bench, 6_000 if quick else 60_000), scrape(bench), sustained(bench, 5 if quick else 60)]


def tracing(bench, requests):
    say("spans into a file")
    result = Result(f"{requests:,} plain requests for 1 KB, by the share of traces that go into the file, CPU time")
    contenders = {
        "flows, no spans": bench.start(proxies.Glyphd, FLOWS),
        "every trace": bench.start(proxies.Glyphd, BOTH),
        "a trace in a hundred": bench.start(proxies.Glyphd, BOTH, False, ["--trace-sample-ratio", "0.01"]),
    }
    figures = bench.turns(contenders, f"{bench.origin.http}/1k", requests, result=result)
    table(result, figures)
    off = figures["flows, no spans"]["cpu"]
    for name, wanted in [("every trace", 1.25), ("a trace in a hundred", 1.03)]:
        result.reach(f"{name} into the file, CPU time, of that without", figures[name]["cpu"] / off, "≤", wanted)
    return result


def scrape(bench):
    """A daemon with so many series, scraped again and again."""
    say(f"a scrape of {SERIES:,} series")
    result = Result(f"/metrics with {SERIES:,} series and their exemplars")
    result.columns = ["", "series", "bytes", "p50", "p99", "CPU"]
    with Statuses() as statuses, proxies.Glyphd(bench.tools, bench.origin, BOTH) as proxy:
        host, port = proxy.address.split(":")
        client = http.client.HTTPConnection(host, int(port))
        for n in range(SERIES // PER_HISTOGRAM + 1):
            client.request(METHODS[n % len(METHODS)], f"{statuses.url}/{200 + n // len(METHODS)}")
            client.getresponse().read()
        for name, accept in [("OpenMetrics", OPENMETRICS), ("classic", "text/plain")]:
            took, before = [], proxy.cpu()
            for _ in range(100):
                began = time.monotonic()
                text = proxy.metrics(accept)
                took.append((time.monotonic() - began) * 1e3)
            cpu = (proxy.cpu() - before) * 1e3 / len(took)
            series = sum(1 for line in text.splitlines() if not line.startswith("#"))
            if series < SERIES:
                raise Failed(f"only {series} series came of it")
            p99 = statistics.quantiles(took, n=100)[98]
            times = [f"{ms:.1f} ms" for ms in (statistics.median(took), p99, cpu)]
            result.rows.append([name, f"{series:,}", f"{len(text):,}", *times])
            result.reach(f"a scrape of {SERIES:,} series, {name}", statistics.median(took), "≤", 10, " ms")
    return result


def sustained(bench, seconds):
    """Traffic as fast as it goes, every span of it into the file, for so long."""
    say(f"every span of {seconds} s of traffic")
    result = Result(f"traffic as fast as it goes for {seconds} s, flows and every span into files")
    result.columns = ["", "a minute", "lost"]
    # One file each, to be counted.
    whole = ["--rotate-bytes", "1TiB"]
    with proxies.Glyphd(bench.tools, bench.origin, BOTH, False, whole) as proxy:
        began, requests = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            said = bench.load(proxy, f"{bench.origin.http}/1k", "--requests", 20_000)
            requests += 20_000
            if said["failures"]:
                result.differences.append(f"{said['failures']} requests failed: {said['why']}")
        took = time.monotonic() - began
        proxy.cpu()
        text = proxy.metrics(OPENMETRICS)
        counts = {what: counted(text, "glyph_trace_spans_total", "file", what) for what in ("exported", "dropped")}
        with open(proxy.files_kept["trace"], "rb") as file:
            lines = sum(1 for _ in file)
        if lines != counts["exported"]:
            result.differences.append(f"{lines} spans are in the file, {counts['exported']} are counted")
        result.differences += proxy.wrong(requests)
    minutes = took / 60
    result.rows.append(["requests", f"{requests / minutes:,.0f}", ""])
    result.rows.append(["spans", f"{counts['exported'] / minutes:,.0f}", f"{counts['dropped']:,}"])
    result.reach("spans a minute into the file while traffic flows, in millions", lines / minutes / MILLION, "≥", 1, "")
    result.reach("spans lost meanwhile", counts["dropped"], "≤", 0, "")
    return result


def counted(text, metric, exporter, outcome):
    found = re.search(rf'^{metric}{{exporter="{exporter}",outcome="{outcome}"}} (\d+)', text, re.MULTILINE)
    if not found:
        raise Failed(f"no {metric} of {exporter}, {outcome}")
    return int(found[1])


class Statuses:
    """A server that answers with the status that the path names."""

    def __enter__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.send_response(int(self.path[1:]))
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


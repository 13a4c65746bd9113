"""What it costs to record a target: `glyphctl metrics record` beside Prometheus, which both scrape it at the same time.

In: the tools, and for how long. Out: a `Result`. Not here: what is made of the files.
"""

import http.server
import itertools
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

from .measure import Failed, process
from .scenarios import Result
from .servers import Server
from .tools import say

FAMILIES, METHODS, ROUTES, CODES = 100, ["GET", "POST", "PUT", "DELETE"], range(5), [200, 201, 404, 500, 503]
SERIES = FAMILIES * len(METHODS) * len(ROUTES) * len(CODES)
# Seconds: from scrape to scrape, and until what each has to do once is done.
INTERVAL, WARM = 1, 5


def scraping(tools, quick):
    """Has all of them scrape one target for a while."""
    seconds = 10 if quick else 60
    result = Result(f"a target of {SERIES:,} series, scraped every second for {seconds} s by all at the same time")
    if not shutil.which("prometheus"):
        say("scraping: skipped, prometheus is not installed")
        return result
    with tempfile.TemporaryDirectory(dir=tools.cache) as folder, Target() as target:
        folder = pathlib.Path(folder)
        scrapers = contenders(tools, folder, target.address)
        try:
            took = measured(scrapers, target, seconds)
        finally:
            for scraper in scrapers.values():
                scraper.end()
        sizes = {name: size_of(scraper.place) for name, scraper in scrapers.items()}
        result.differences = [told for scraper in scrapers.values() if (told := scraper.lacks(tools))]
    result.columns = ["", "CPU time of a scrape", "peak memory", "on the disk, for a sample"]
    for name, (cpu, memory, samples) in took.items():
        row = [f"{cpu / seconds * 1e3:.2f} ms", f"{memory / 1e6:.0f} MB", f"{sizes[name] / samples:.2f} B"]
        result.rows.append([name, *row])
    prom, ours = took["Prometheus"], took["glyphctl, .zst"]
    result.reach("CPU time for recording a target, of Prometheus'", ours[0] / prom[0], "≤", 0.5)
    result.reach("peak memory for it, of Prometheus'", ours[1] / prom[1], "≤", 0.6)
    return result


def measured(scrapers, target, seconds):
    """Of each: CPU time, peak memory, and how many samples it has taken in all."""
    time.sleep(WARM)
    before = {name: scraper.cpu() for name, scraper in scrapers.items()}
    time.sleep(seconds)
    scrapes = target.scrapes() / len(scrapers)
    return {name: (s.cpu() - before[name], s.memory(), scrapes * SERIES) for name, s in scrapers.items()}


def contenders(tools, folder, address):
    config = folder / "prometheus.yml"
    target = f"static_configs: [{{targets: ['{address}']}}]"
    config.write_text(
        f"global: {{scrape_interval: {INTERVAL}s}}\nscrape_configs: [{{job_name: app, {target}}}]\n", encoding="ascii"
    )
    prometheus = ["prometheus", f"--config.file={config}", "--web.listen-address=127.0.0.1:0"]
    record = [tools.glyphctl, "metrics", "record", address, "--interval", f"{INTERVAL}s", "-o"]
    return {
        "Prometheus": Scraper([*prometheus, f"--storage.tsdb.path={folder / 'tsdb'}"], folder / "tsdb"),
        "Prometheus, as an agent": Scraper(
            [*prometheus, "--enable-feature=agent", f"--storage.agent.path={folder / 'agent'}"], folder / "agent"
        ),
        "glyphctl": Recorder([*record, folder / "run.om"], folder / "run.om"),
        "glyphctl, .zst": Recorder([*record, folder / "run.om.zst"], folder / "run.om.zst"),
    }


class Scraper(Server):
    """A program that scrapes, and where it puts what it finds."""

    def __init__(self, argv, place):
        super().__init__(subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        self.place = place

    def cpu(self):
        if self.child.poll() is not None:
            raise Failed(f"{self.child.args[0]} has ended")
        return self._cpu()

    def memory(self):
        return self._memory()

    def end(self):
        self.child.terminate()
        self.child.wait()

    def lacks(self, tools):
        """What is missing in what it found, if it can be asked."""


class Recorder(Scraper):
    def lacks(self, tools):
        up, samples = (self.ask(tools, f"sum(count_over_time({of}[1h]))") for of in ["up", "{__name__=~'app_.+'}"])
        return None if samples == up * SERIES else f"{self.place.name}: {samples:,} samples in {up} scrapes"

    def ask(self, tools, expr):
        argv = [tools.glyphctl, "metrics", "query", "--data", self.place, expr, "--delayed-name-removal"]
        _, out = process([*argv, "--format", "json"])
        return int(json.loads(out)["data"]["result"][0]["value"][1])


class Target:
    """A program with that many counters, which grow from scrape to scrape."""

    def __init__(self):
        self.answers = itertools.count(1)
        self.last = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler(list(families())))
        self.address = f"127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def scrapes(self):
        return self.last

    def handler(self, families):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target.last = number = next(target.answers)
                body = exposition(families, number)
                self.send_response(200)
                self.send_header("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def exposition(families, number):
    """What the target answers to the scrape of that number."""
    lines = []
    for head, series in families:
        lines += [head, *(f"{name} {number * i}\n" for i, name in enumerate(series))]
    return "".join([*lines, "# EOF\n"]).encode()


def families():
    """Of each family what stands above it, and its series."""
    for number in range(FAMILIES):
        name = f"app_requests_{number}"
        labels = itertools.product(METHODS, ROUTES, CODES)
        series = [f'{name}_total{{method="{m}",route="/api/v{r}/items",code="{c}"}}' for m, r, c in labels]
        yield f"# HELP {name} Requests of kind {number} that were answered.\n# TYPE {name} counter\n", series


def size_of(place):
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file())

"""What the proxy costs beside a bare one, beside hudsucker, mitmproxy and nginx: plain, and with TLS looked into.

In: the tools, and how large. Out: `Result`s. Not here: the load, which is `capture-bench`'s; bodies and bad weather,
which have modules of their own.
"""

import json
import subprocess

from . import proxies
from .capture_bodies import bodies
from .capture_soak import soak
from .measure import Failed, wait_for_quiet
from .plugins import middle
from .scenarios import Result
from .tools import say

CONNECTIONS = 32
FLOWS, BOTH = ("flow",), ("flow", "trace")


def capture(tools, rounds, patience, quick, soak_seconds):
    """Runs every scenario."""
    with proxies.Origin(tools) as origin:
        bench, small = Bench(tools, origin, max(3, rounds), patience), 10 if quick else 1
        results = [plain(bench, 60_000 // small)]
        if tools.glyphd_takes("--ca-dir", "--upstream-ca"):
            results += [intercepted(bench, 60_000 // small), handshakes(bench, 6_000 // small)]
            results.append(http2(bench, 60_000 // small))
        else:
            say("TLS looked into: skipped, this glyphd has no --ca-dir and --upstream-ca")
        results += bodies(bench, 10_000_000 if quick else 100_000_000)
        results.append(soak(bench, soak_seconds or (20 if quick else 180)))
        return results


class Bench:
    """An origin, and clients that ask it through proxies."""

    def __init__(self, tools, origin, rounds, patience):
        self.tools, self.origin, self.rounds, self.patience = tools, origin, rounds, patience

    def load(self, proxy, url, *options):
        """What clients saw."""
        command = [self.tools.capture_bench, "load", proxy.address, url, *map(str, options)]
        if proxy.direct:
            command.append("--direct")
        if url.startswith("https"):
            command += ["--ca", proxy.ca]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            raise Failed(f"{' '.join(map(str, command))}: {ran.stderr[-2000:]}")
        return json.loads(ran.stdout)

    def turns(self, contenders, url, requests, *options, result):
        """The proxies take turns, each time as new processes, every other time the other way round. Of each the CPU seconds
        for 1,000 requests in its quickest round, since whatever else a machine does only adds to them; and the medians of
        requests a second and of latency."""
        figures = {name: [] for name in contenders}
        for turn in range(self.rounds):
            for name, start in list(contenders.items())[:: -1 if turn % 2 else 1]:
                wait_for_quiet(self.patience)
                with start() as proxy:
                    warm, count = (n // proxy.slower for n in (requests // 10, requests))
                    said = [self.load(proxy, url, "--requests", warm, *options)]
                    before = proxy.cpu()
                    said.append(self.load(proxy, url, "--requests", count, *options))
                    used = proxy.cpu() - before
                    result.differences += [f"{name}: {what}" for what in proxy.wrong(warm + count)]
                failures = sum(each["failures"] for each in said)
                if failures:
                    # What did not do its work has no figures.
                    why = said[1]["why"] or said[0]["why"]
                    result.differences.append(f"{name}: {failures} requests failed: {why}")
                    continue
                took = {"cpu": used * 1000 / count, "rate": count / said[1]["wall_seconds"]}
                figures[name].append({**took, **said[1]["latency_us"]})
        for name, rounds in figures.items():
            if not rounds:
                raise Failed(f"{name}: {result.differences[-1]}")
        return {
            name: {**middle(rounds), "cpu": min(each["cpu"] for each in rounds)} for name, rounds in figures.items()
        }

    def start(self, kind, *options):
        return lambda: kind(self.tools, self.origin, *options)

    def others(self, secured=False):
        """The peers that may not be there."""
        found = {}
        if self.tools.mitmdump_if_any:
            found["mitmdump -w"] = self.start(proxies.Mitmdump)
        else:
            say("mitmdump: skipped, neither $GLYPH_MITMDUMP nor PATH has it")
        if self.tools.nginx:
            found["nginx, reverse proxy"] = self.start(proxies.Nginx, secured)
        else:
            say("nginx: skipped, it is not installed")
        return found


def table(result, figures):
    """CPU time and the rest; ratios are to the first line."""
    result.columns = ["", "CPU of 1,000", "", "requests/s", "p50", "p99"]
    first = next(iter(figures.values()))["cpu"]
    for name, row in figures.items():
        latencies = [f"{row[key] / 1e3:.1f} ms" for key in ("p50", "p99")]
        result.rows.append(
            [name, f"{row['cpu'] * 1e3:.1f} ms", f"{row['cpu'] / first:.2f}×", f"{row['rate']:,.0f}", *latencies]
        )


def plain(bench, requests):
    say("plain requests")
    result = Result(f"{requests:,} plain requests for 1 KB over {CONNECTIONS} connections, CPU time of the proxy (the least)")
    glyphd = proxies.Glyphd
    contenders = {
        "bare": bench.start(proxies.Bare),
        # As hyper's own example of a proxy does, and glyphd.
        "bare, keeping the case of names": bench.start(proxies.Bare, "--keep-case"),
        "glyphd, nothing recorded": bench.start(glyphd),
        "glyphd, flows": bench.start(glyphd, FLOWS),
        "glyphd, flows and every span": bench.start(glyphd, BOTH),
        **bench.others(),
    }
    figures = bench.turns(contenders, f"{bench.origin.http}/1k", requests, result=result)
    table(result, figures)
    cpu = {name: row["cpu"] for name, row in figures.items()}
    for name, wanted in [("nothing recorded", 1.1), ("flows", 1.5), ("flows and every span", 1.9)]:
        ratio = cpu[f"glyphd, {name}"] / cpu["bare"]
        result.reach(f"plain requests, {name}, CPU time, of the bare proxy's", ratio, "≤", wanted)
    beside_mitmproxy(result, cpu, "plain requests")
    return result


def intercepted(bench, requests):
    say("requests within TLS")
    result = Result(f"{requests:,} requests for 1 KB within TLS over {CONNECTIONS} connections, CPU time of the proxy (the least)")
    contenders = {
        "hudsucker": bench.start(proxies.Hudsucker),
        # As hudsucker does.
        "glyphd, nothing recorded": bench.start(proxies.Glyphd, (), True),
        "glyphd, flows": bench.start(proxies.Glyphd, FLOWS, True),
        **bench.others(secured=True),
    }
    figures = bench.turns(contenders, f"{bench.origin.https}/1k", requests, result=result)
    table(result, figures)
    cpu = {name: row["cpu"] for name, row in figures.items()}
    for name in "nothing recorded", "flows":
        ratio = cpu[f"glyphd, {name}"] / cpu["hudsucker"]
        result.reach(f"requests within TLS, {name}, CPU time, of hudsucker's", ratio, "≤", 1.2)
    beside_mitmproxy(result, cpu, "requests within TLS")
    return result


def handshakes(bench, connections):
    say("new TLS connections")
    result = Result(f"{connections:,} new connections through CONNECT and TLS, a full handshake and a request each")
    contenders = {
        "hudsucker": bench.start(proxies.Hudsucker),
        "glyphd, flows": bench.start(proxies.Glyphd, FLOWS, True),
    }
    figures = bench.turns(contenders, f"{bench.origin.https}/1k", connections, "--reconnect", result=result)
    table(result, figures)
    # By CPU time: what a second of a core does is the same whatever else the machine does.
    ratio = figures["hudsucker"]["cpu"] / figures["glyphd, flows"]["cpu"]
    result.reach("new TLS connections a second of CPU time, of hudsucker's", ratio, "≥", 1)
    return result


def http2(bench, requests):
    say("requests over HTTP/2")
    result = Result(f"{requests:,} requests for 1 KB over 8 connections of HTTP/2, 4 at a time on each")
    url, options = f"{bench.origin.https}/1k", ["--http2", "--connections", 8, "--streams", 4]
    glyphd = bench.start(proxies.Glyphd, FLOWS, True)
    try:
        with glyphd() as proxy:
            bench.load(proxy, url, "--requests", 100, *options)
    except Failed as e:
        say(f"HTTP/2: skipped, glyphd does not: {str(e).splitlines()[-1]}")
        return result
    contenders = {"hudsucker": bench.start(proxies.Hudsucker, "--http2"), "glyphd, flows": glyphd}
    table(result, bench.turns(contenders, url, requests, *options, result=result))
    return result


def beside_mitmproxy(result, cpu, what):
    if "mitmdump -w" in cpu:
        ratio = cpu["mitmdump -w"] / cpu["glyphd, flows"]
        result.reach(f"{what}, mitmdump's CPU time of glyphd's", ratio, "≥", 40)

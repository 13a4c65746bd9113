"""What plugins cost: dispatch, the bus, the proxy with and without them.

In: the tools, and how large. Out: `Result`s. Not here: the measuring, which `plugin-bench` does.
"""

import json
import pathlib
import socket
import statistics
import subprocess
import tempfile
import time

from .measure import Failed, wait_for_quiet
from .scenarios import Result
from .tools import say

# Flow events a second that are to get through, and the rate at which their delay is looked at.
EVENTS = 20_000
# What is to be reached of a fetch, beyond a bare client's CPU time, and of a decision of the rate limits; in microseconds.
FETCH, DECISION = 60, 1
# What a plugin may need from its start to its hello, with the walls around it; in milliseconds.
HELLO = 50
# How many fetches are under way when that is looked at: with one, most of it is what it takes to wake who sleeps.
AT_A_TIME = 32
# What passive-headers does first, as an addon.
ADDON = """
def response(flow):
    headers = flow.response.headers
    if "x-content-type-options" not in headers or "content-security-policy" not in headers:
        print("missing")
"""


def plugins(tools, rounds, patience, quick):
    """Runs every scenario."""
    bench = Bench(tools, rounds, patience)
    small = 10 if quick else 1
    return [
        dispatch(bench, 100_000 // small),
        throughput(bench, 200_000 // small, 5 if quick else 10),
        stalled(bench, 100 if quick else 200, 2 if quick else 20),
        price(bench, 20_000 // small),
        fetching(bench, 20_000 // small),
        limiting(bench, 10_000, 3_000_000 // small),
        starting(bench, 4 if quick else 20),
    ]


class Bench:
    """Runs `plugin-bench` several times."""

    def __init__(self, tools, rounds, patience):
        self.tools, self.rounds, self.patience = tools, rounds, patience

    def medians(self, *args, rounds=None):
        """The figures of a scenario, each the median of all rounds."""
        said = []
        for _ in range(rounds or self.rounds):
            wait_for_quiet(self.patience)
            command = [self.tools.plugin_bench, *map(str, args)]
            said.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        return middle(said)


def middle(figures):
    """One figure for several, at every place of the same shape."""
    if isinstance(figures[0], dict):
        return {key: middle([each[key] for each in figures]) for key in figures[0]}
    return statistics.median(figures)


def starting(bench, starts):
    say("a plugin, from its start to its hello")
    figures = bench.medians("start", bench.tools.glyphd, starts, rounds=1)
    result = Result("a plugin in Rust, from the start of its process to the end of its handshake; medians")
    result.columns = ["", "without walls", "with all that there are here"]
    result.rows.append(["passive-headers", *(f"{figures[key]:.1f} ms" for key in ("without_ms", "with_ms"))])
    result.reach("a sandboxed plugin, from its start to its hello", figures["with_ms"], "≤", HELLO, " ms")
    return result


def dispatch(bench, flows):
    say("a flow to eight subscribers")
    figures = bench.medians("dispatch", flows)
    result = Result(f"{flows:,} flows through dispatch to 8 subscribers, CPU time of a flow")
    result.columns = ["", "p50", "", "p99", "with all threads, mean"]
    first = figures["bare"]["p50_ns"]
    for name, label in [
        ("bare", "eight bare channels"),
        ("plain", "dispatch, without spans"),
        ("traced", "dispatch, every span into a file"),
    ]:
        row = figures[name]
        ratio = f"{row['p50_ns'] / first:.2f}×"
        result.rows.append([label, us(row["p50_ns"]), ratio, us(row["p99_ns"]), us(row["process_mean_ns"])])
    traced = figures["traced"]["p50_ns"] / 1e3
    result.reach("a flow through dispatch to 8 subscribers, with spans, p50 of CPU time", traced, "≤", 10, " µs")
    return result


def throughput(bench, flows, seconds):
    say("flow events to a plugin's process")
    fast = bench.medians("throughput", flows)
    paced = bench.medians("pace", EVENTS // 2, seconds)
    result = Result("flow events to a plugin's process in Rust, and its answers back")
    result.columns = ["", "events/s", "delay, p50", "delay, p99", "CPU of an event, daemon", "plugin"]
    for label, row in [("as fast as they go", fast), (f"{EVENTS // 2:,} a second", paced)]:
        cpu = [us(row["daemon_cpu_ns_per_event"]), us(row["plugin_cpu_ns_per_event"])]
        rate = f"{row['events_per_second']:,.0f}"
        result.rows.append([label, rate, ms(row["p50_ns"]), ms(row["p99_ns"]), *cpu])
    result.reach("flow events a second, in thousands", fast["events_per_second"] / 1e3, "≥", EVENTS / 1e3, "")
    result.reach("their delay at half that rate, p99", paced["p99_ns"] / 1e6, "≤", 5, " ms")
    return result


def stalled(bench, rate, seconds):
    say("32 plugins, one of them stalled")
    figures = bench.medians("stalled", bench.tools.glyphd, rate, seconds, rounds=1)
    well, one = figures["well"], figures["stalled"]
    result = Result(f"32 plugins at {rate} requests a second: delay of an event, and the daemon's CPU time")
    result.columns = ["", "p50", "p99", "", "CPU", ""]
    for label, row in [("all well", well), ("one stalled, of the others", one)]:
        ratios = [f"{row[key] / well[key]:.2f}×" for key in ("p99_ns", "cpu_ns")]
        cpu = f"{row['cpu_ns'] / 1e9:.2f} s"
        result.rows.append([label, ms(row["p50_ns"]), ms(row["p99_ns"]), ratios[0], cpu, ratios[1]])
    result.reach("the others' p99 with one of 32 plugins stalled", one["p99_ns"] / well["p99_ns"], "≤", 1.2)
    result.reach("the daemon's CPU time for it", one["cpu_ns"] / well["cpu_ns"], "≤", 1.05)
    return result


def price(bench, requests):
    say("the proxy with and without plugins")
    figures = bench.medians("price", bench.tools.glyphd, requests, rounds=1)
    result = Result(f"{requests:,} requests through a recording proxy, CPU time of 1,000")
    result.columns = ["", "proxy", "", "plugins"]
    without, with_two = figures["without_ms_per_1000"], figures["with_ms_per_1000"]
    rows = [("glyphd, no plugins", without, "–")]
    rows.append(("glyphd, two plugins", with_two, f"{figures['plugins_ms_per_1000']:.0f} ms"))
    for label, addons in [("mitmdump, no addon", 0), ("mitmdump, two addons", 2)]:
        rows.append((label, mitmdump(bench, requests // 10, addons), "within"))
    for label, took, of_plugins in rows:
        result.rows.append([label, f"{took:.0f} ms", f"{took / without:.2f}×", of_plugins])
    return result


def fetching(bench, requests):
    say("a plugin's own requests")
    result = Result(f"{requests:,} requests for a kilobyte: CPU time of each")
    result.columns = ["", "who sends", "more than bare", "the plugin", "wall"]
    for at_a_time in [1, AT_A_TIME]:
        figures = bench.medians("fetch", bench.tools.glyphd, requests, at_a_time)
        bare, daemon = figures["bare_cpu_ns"], figures["glyphd_cpu_ns"]
        label = f"{at_a_time} at a time"
        result.rows.append([f"a bare hyper client, {label}", us(bare), "–", "–", us(figures["bare_ns"])])
        plugin = us(figures["plugin_cpu_ns"])
        more = us(daemon - bare)
        result.rows.append([f"glyphd's netgate, {label}", us(daemon), more, plugin, us(figures["netgate_ns"])])
    what = f"CPU time of a fetch, more than a bare client's, {AT_A_TIME} at a time"
    result.reach(what, (daemon - bare) / 1e3, "≤", FETCH, " µs")
    return result


def limiting(bench, hosts, decisions):
    say("decisions of the rate limits")
    figures = bench.medians("limiter", hosts, decisions)
    result = Result(f"{decisions:,} decisions of the rate limits, with {hosts:,} hosts in the window: CPU time of each")
    result.columns = ["", "decision", "hosts known"]
    took = figures["decision_ns"]
    result.rows.append(["sliding window", f"{took:.0f} ns", f"{figures['hosts']:,.0f}"])
    result.reach(f"a decision of the rate limits at {hosts:,} hosts, CPU time", took / 1e3, "≤", DECISION, " µs")
    return result


def mitmdump(bench, requests, addons):
    """The CPU time of mitmproxy for 1,000 of the same requests, in milliseconds, with its flows written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        port = free_port()
        command = [bench.tools.mitmdump, "--quiet", "--listen-host", "127.0.0.1", "--listen-port", str(port)]
        command += ["--set", f"confdir={folder}", "--save-stream-file", folder / "flows"]
        for n in range(addons):
            copy = folder / f"addon{n}.py"
            copy.write_text(ADDON, encoding="utf-8")
            command += ["--scripts", copy]
        with subprocess.Popen(command) as proxy:
            try:
                listens(port)
                drive = [bench.tools.plugin_bench, "drive", f"127.0.0.1:{port}"]
                subprocess.run([*drive, str(requests // 10)], check=True, capture_output=True)
                before = cpu(proxy.pid)
                subprocess.run([*drive, str(requests)], check=True, capture_output=True)
                return (cpu(proxy.pid) - before) * 1e6 / requests
            finally:
                proxy.terminate()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Waits until somebody does, for half a minute."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Failed("mitmdump does not listen")


def cpu(pid):
    """User and system time of a process, in seconds. Its clock goes in ns, where /proc counts in steps of 10 ms; this is the
    number that clock_getcpuclockid(3) makes of the process's."""
    return time.clock_gettime((~pid << 3) | 2)


def us(nanoseconds):
    return f"{nanoseconds / 1e3:.1f} µs"


def ms(nanoseconds):
    return f"{nanoseconds / 1e6:.2f} ms"

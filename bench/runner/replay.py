"""How fast recorded requests are sent again, beside wrk and mitmproxy's client replay; how well times are kept; memory.

In: the tools, and how large. Out: `Result`s. Not here: the server, which is nginx with a page of a kilobyte.
"""

import itertools
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import time

from .measure import Failed, process, wait_for_quiet
from .plugins import free_port, listens, middle
from .proxies import Process
from .scenarios import Result
from .tools import say

CONNECTIONS = 32
# Requests a second whose times are to be kept, and over how many connections they were recorded.
RATE, CLIENTS = 5_000, 64
PAGE = 1024

NGINX = """
daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    default_type text/plain;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


def replay(tools, rounds, patience, quick):
    """Runs every scenario."""
    if not tools.nginx:
        say("replay: skipped, nginx is not installed")
        return []
    with Server(tools) as server:
        recording = server.recorded(tools, 3_000)
        results = [speed(tools, server, recording, rounds, patience, quick)]
        results.append(pace(tools, server, recording, rounds, patience, 2 if quick else 10))
        results.append(memory(tools, server, recording, 200 if quick else 2_000))
        return results


class Server(Process):
    """nginx, until the end."""

    def __init__(self, tools):
        folder, port = tempfile.TemporaryDirectory(), free_port()
        at = pathlib.Path(folder.name)
        # nginx's workers are nobody.
        at.chmod(0o755)
        (at / "www").mkdir()
        (at / "www/index.html").write_text("x" * PAGE, encoding="ascii")
        (at / "nginx.conf").write_text(NGINX.format(folder=at, port=port), encoding="ascii")
        super().__init__([tools.nginx, "-c", at / "nginx.conf", "-e", at / "error.log"], folder=folder)
        self.url, self.at = f"http://127.0.0.1:{port}", at
        listens(port)

    def __exit__(self, *_):
        # Its workers end with it only if it is asked.
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(20)
        super().__exit__()

    def recorded(self, tools, flows):
        """So many flows, as glyphd records them while wrk asks."""
        path, port = self.at / "flows.jsonl", free_port()
        argv = [tools.glyphd, "--proxy-addr", f"127.0.0.1:{port}", "--metrics-addr", "127.0.0.1:0"]
        argv += ["--reverse", self.url, "--flow-file", path, "--audit-file", self.at / "audit.jsonl"]
        with Process(argv) as daemon:
            listens(port)
            wrk(f"http://127.0.0.1:{port}/", 2)
            daemon.child.send_signal(signal.SIGTERM)
            daemon.child.wait(60)
        # Not all of it: what the runner holds at most counts as its children's.
        with open(path, encoding="utf-8") as file:
            lines = list(itertools.islice(file, flows))
        if len(lines) < flows:
            raise Failed(f"{len(lines)} flows were recorded, not {flows}")
        path.write_text("".join(lines), encoding="utf-8")
        return path


def wrk(url, seconds):
    """Requests a second."""
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1])


def run(tools, server, recording, *flags):
    """What glyphctl tells of a replay, and what it took."""
    argv = [tools.glyphctl, "replay", "run", recording, "--target", server.url, "--format", "json", *map(str, flags)]
    took, out = process(argv)
    report = json.loads(out)
    if report["verdict"] != "same" or report["compared"] != report["sending"]["requests"]:
        raise Failed(f"{' '.join(map(str, argv))}: {out[:2000]}")
    return report["sending"], took


def speed(tools, server, recording, rounds, patience, quick):
    say("recorded requests as fast as they are answered")
    result = Result(f"plain requests for 1 KB over {CONNECTIONS} connections, as fast as they are answered")
    seconds, loops = (2, 20) if quick else (5, 60)

    def glyphctl():
        sending, took = run(tools, server, recording, "--speed", "max", "--concurrency", CONNECTIONS, "--loop", loops)
        requests = sending["requests"]
        return {"rate": requests / (sending["duration_ns"] / 1e9), "cpu": took.cpu / requests}

    contenders = {"wrk": lambda: {"rate": wrk(server.url + "/", seconds)}, "glyphctl replay run": glyphctl}
    if tools.mitmdump_if_any:
        replayed = mitmproxy_flows(tools, server)
        contenders["mitmdump --client-replay"] = lambda: client_replay(tools, server, replayed)
    else:
        say("mitmdump: skipped, neither $GLYPH_MITMDUMP nor PATH has it")
    figures = {name: [] for name in contenders}
    for _ in range(max(3, rounds)):
        for name, contender in contenders.items():
            wait_for_quiet(patience)
            figures[name].append(contender())
    figures = {name: middle(each) for name, each in figures.items()}
    result.columns = ["", "requests/s", "", "CPU of a request"]
    first = figures["wrk"]["rate"]
    for name, row in figures.items():
        cpu = f"{row['cpu'] * 1e6:.1f} µs" if "cpu" in row else ""
        result.rows.append([name, f"{row['rate']:,.0f}", f"{row['rate'] / first:.2f}×", cpu])
    ours = figures["glyphctl replay run"]["rate"]
    result.reach("requests a second sent again and compared, of wrk's", ours / first, "≥", 0.5)
    if other := figures.get("mitmdump --client-replay"):
        result.reach("requests a second sent again, of mitmproxy's client replay", ours / other["rate"], "≥", 20)
    return result


def mitmproxy_flows(tools, server):
    """Files of one flow and of many, as mitmproxy writes them."""
    port, files = free_port(), {}
    for count in (1, 2_000):
        path = server.at / f"{count}.mitm"
        argv = [tools.mitmdump_if_any, "--quiet", "--mode", f"reverse:{server.url}", "--listen-port", str(port)]
        argv += ["--set", f"confdir={server.at}", "-w", path]
        with Process(argv) as proxy:
            listens(port)
            for _ in range(count):
                subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://127.0.0.1:{port}/"], check=True)
            proxy.child.send_signal(signal.SIGINT)
            proxy.child.wait(60)
        files[count] = path
    return files


def client_replay(tools, server, files):
    """The time that it takes for more flows, so that its start is not in it."""
    walls = {}
    for count, path in files.items():
        argv = [tools.mitmdump_if_any, "--quiet", "--no-server", "--set", f"confdir={server.at}"]
        begin = time.perf_counter()
        subprocess.run([*argv, "--client-replay", path], check=True, stdout=subprocess.DEVNULL)
        walls[count] = time.perf_counter() - begin
    few, many = sorted(walls)
    return {"rate": (many - few) / (walls[many] - walls[few])}


def pace(tools, server, recording, rounds, patience, seconds):
    say(f"{RATE:,} requests a second, when they were sent once")
    path = server.at / "paced.jsonl"
    with open(recording, encoding="utf-8") as file:
        flow = json.loads(next(file))
    start = flow["start_time_unix_nano"]
    with open(path, "w", encoding="utf-8") as file:
        for n in range(RATE * seconds):
            flow["sequence"], flow["client"] = n + 1, f"127.0.0.1:{20_000 + n % CLIENTS}"
            flow["start_time_unix_nano"] = start + n * 1_000_000_000 // RATE
            flow["end_time_unix_nano"] = flow["start_time_unix_nano"] + 200_000
            file.write(json.dumps(flow, separators=(",", ":")) + "\n")
    rows = []
    for _ in range(max(3, rounds)):
        wait_for_quiet(patience)
        sending, _ = run(tools, server, path, "--concurrency", 2 * CLIENTS)
        rows.append({**sending["lateness"]["by"], "late": sending["lateness"]["late_for_machine"]})
    row = middle(rows)
    result = Result(f"{RATE:,} recorded requests a second for {seconds} s, at the recording's own speed: how late they are sent")
    result.columns = ["", "p50", "p90", "p99", "max", "over 1 ms"]
    cells = [f"{row[key] / 1e3:,.0f} µs" for key in ("p50_ns", "p90_ns", "p99_ns", "max_ns")]
    result.rows.append(["glyphctl replay run --speed 1", *cells, f"{row['late']:,.0f}"])
    result.reach("send times, off the recording's, p99", row["p99_ns"] / 1e6, "≤", 1, " ms")
    path.unlink()
    return result


def memory(tools, server, recording, megabytes):
    say(f"a recording of {megabytes:,} MB")
    lines = recording.read_bytes()
    result = Result("peak memory of a replay, by the size of the recording")
    peaks = {}
    for size in (10, megabytes):
        path = server.at / "large.jsonl"
        with open(path, "wb") as file:
            for _ in range(-(-size * 1_000_000 // len(lines))):
                file.write(lines)
        _, took = run(tools, server, path, "--speed", "max", "--concurrency", CONNECTIONS)
        peaks[size] = took.memory
        result.figures.append((f"{size:,} MB", took, path.stat().st_size))
        path.unlink()
    result.reach("peak memory of a large recording's replay, of that of 10 MB", peaks[megabytes] / peaks[10], "≤", 1.1)
    return result

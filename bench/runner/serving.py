"""How fast recorded responses are served: `glyphctl replay serve` beside nginx, which has the same bodies as files.

In: the tools, and how long and how often. Out: `Result`s. Not here: whether the answers are right, but for their number.
"""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from .measure import Failed, wait_for_quiet
from .scenarios import Reach, Result
from .tools import say

PAGES, BODY = 2_000, "x" * 1_000
CONNECTIONS = 32
NGINX = """worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/errors;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; sendfile on; open_file_cache max=4000; types {{ text/plain txt; }}
  server {{ listen 127.0.0.1:{port}; root {dir}/pages; }} }}
"""
WRK = 'local i = 0\nrequest = function() i = (i + 1) % {pages}; return wrk.format("GET", "/" .. i .. ".txt") end\n'


def serving(tools, rounds, patience, quick):
    """Both in turns, asked for one page after the other over connections that stay open."""
    title = f"{PAGES:,} pages of 1 KB over {CONNECTIONS} connections, served"
    programs = {name: shutil.which(name) or shutil.which(name, path="/usr/sbin") for name in ("wrk", "nginx")}
    if missing := [name for name, path in programs.items() if not path]:
        say(f"serving: skipped, {' and '.join(missing)} not installed")
        return [Result(title)]
    seconds, rates, memory = 2 if quick else 5, {"nginx, one worker": [], "glyphctl replay serve": []}, []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        flows = pages(folder)
        (folder / "wrk.lua").write_text(WRK.format(pages=PAGES), encoding="utf-8")
        for number in range(rounds + 1):
            for name, measured in rates.items():
                wait_for_quiet(patience)
                server, url = start(name, programs, tools, folder, flows)
                try:
                    rate = requests(programs["wrk"], url, folder / "wrk.lua", seconds)
                    memory += [] if name.startswith("nginx") else [high_water(server.pid)]
                finally:
                    server.terminate()
                    server.wait()
                # The first round warms up.
                measured += [rate] if number else []
    rate = {name: sorted(measured)[len(measured) // 2] for name, measured in rates.items()}
    first = rate["nginx, one worker"]
    result = Result(title, columns=["", "requests/s", "", "peak memory"])
    peak = f"{max(memory) / 1e6:,.0f} MB"
    for name, found in rate.items():
        result.rows.append([name, f"{found:,.0f}", f"{found / first:.2f}×", "" if name.startswith("nginx") else peak])
    result.reaches = [Reach("recorded responses served, of nginx's requests/s", rate["glyphctl replay serve"] / first, "≥", 0.3)]
    return [result]


def pages(folder):
    """The pages as files, and as flows."""
    (folder / "pages").mkdir(mode=0o755)
    folder.chmod(0o755)
    path = folder / "flows.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for number in range(PAGES):
            body = f"{number:05}{BODY}"
            (folder / "pages" / f"{number}.txt").write_text(body, encoding="utf-8")
            file.write(json.dumps(flow(number, body), separators=(",", ":")) + "\n")
    return path


def flow(number, body):
    """An exchange as glyphd would have recorded it."""
    url, start = f"http://pages.test/{number}.txt", 1_760_000_000_000_000_000 + number
    names = ["server", "content-type", "last-modified", "etag", "accept-ranges"]
    values = ["nginx", "text/plain", "Thu, 09 Oct 2025 08:53:20 GMT", '"5f2c-3e8"', "bytes"]
    nothing = {"size": 0, "captured_size": 0, "complete": True}
    stored = {"size": len(body), "captured_size": len(body), "utf8": body, "complete": True}
    return {
        "format": 1, "id": f"01M{number:023}", "sequence": number + 1, "trace_id": f"{number + 1:032x}",
        "span_id": f"{number + 1:016x}", "sampled": True, "start_time_unix_nano": start,
        "end_time_unix_nano": start + 1_000_000, "kind": "http", "client": "127.0.0.1:1",
        "request": {"method": "GET", "url": url, "scheme": "http", "host": "pages.test", "port": 80,
                    "version": "HTTP/1.1", "headers": [], "body": nothing},
        "response": {"status": 200, "version": "HTTP/1.1", "headers": list(zip(names, values)), "body": stored},
        "timings": {}, "redactions": [],
    }  # fmt: skip


def start(name, programs, tools, folder, flows):
    """The server, and where it listens."""
    if name.startswith("nginx"):
        port, config = 18_124, folder / "nginx.conf"
        config.write_text(NGINX.format(dir=folder, port=port), encoding="utf-8")
        server = subprocess.Popen([programs["nginx"], "-c", config], stderr=subprocess.DEVNULL)
        time.sleep(1)
        return server, f"http://127.0.0.1:{port}"
    command = [tools.glyphctl, "replay", "serve", flows, "--addr", "127.0.0.1:0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return server, server.stdout.readline().strip()


def requests(wrk, url, script, seconds):
    """Requests a second, all of which must be answered well."""
    said = subprocess.run(
        [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", script, url], check=True, capture_output=True, text=True
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said or not (found := re.search(r"Requests/sec:\s*([\d.]+)", said)):
        raise Failed(f"wrk {url}:\n{said}")
    return float(found[1])


def high_water(pid):
    """The most memory that a process has had, in bytes."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) * 1024

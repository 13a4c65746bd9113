"""Programs that hold series in memory and answer queries: Prometheus, and ours.

In: files. Out: of each query the data, as Prometheus' API writes it, and what it took. Not here: which queries.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse

from .measure import Failed, Machine, Took


class Server:
    """A child process that answers."""

    def __init__(self, child):
        self.child = child

    def query(self, times, expr):
        """The data. `times`: one time, or start, end and step."""
        raise NotImplementedError

    def repeat(self, times, expr, count):
        """What one of `count` queries took on average: the wall time of whoever waits, the CPU time of the server."""
        machine, cpu, wall = Machine(), self._cpu(), time.perf_counter()
        for _ in range(count):
            data = self.query(times, expr)
        wall, cpu = time.perf_counter() - wall, self._cpu() - cpu
        # To the machine a child that has not ended is another program.
        others = max(0.0, machine.others() - cpu / wall / os.cpu_count())
        return Took(wall / count, cpu / count, self._memory(), others), data

    def _cpu(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self):
        with open(f"/proc/{self.child.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) * 1024

    def stop(self):
        self.child.kill()
        self.child.wait()


class Glyph(Server):
    """`promql-bench`, over pipes."""

    def __init__(self, program, *files):
        super().__init__(subprocess.Popen([program, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        self._answer()

    def query(self, times, expr):
        self.child.stdin.write(json.dumps([*times, expr]).encode() + b"\n")
        self.child.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.child.stdout.readline()
        if not line:
            raise Failed("promql-bench has ended")
        return line


class Prometheus(Server):
    """Debian's Prometheus, over one HTTP connection, its data in blocks of a day."""

    def __init__(self, cache, series):
        blocks = self._blocks(cache, series)
        config = blocks / "prometheus.yml"
        config.write_text("global: {}\n", encoding="ascii")
        child = subprocess.Popen(
            [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={blocks}",
                "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0",
            ],
            stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        super().__init__(child)
        address, ready = None, False
        while not (address and ready):
            line = child.stderr.readline()
            if not line:
                raise Failed("prometheus has ended")
            found = re.search(r'"Listening on" address=(\S+)', line)
            address = found[1] if found else address
            ready = ready or "Server is ready" in line
        self.connection = http.client.HTTPConnection(address)

    @staticmethod
    def _blocks(cache, series):
        folder = cache / f"{series.stem}.tsdb"
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            make = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=24h"]
            subprocess.run([*make, series, unfinished], check=True)
            unfinished.rename(folder)
        return folder

    def query(self, times, expr):
        names = ["time"] if len(times) == 1 else ["start", "end", "step"]
        form = urllib.parse.urlencode({"query": expr, **dict(zip(names, times))})
        path = "/api/v1/query" if len(times) == 1 else "/api/v1/query_range"
        self.connection.request("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Failed(f"prometheus: {expr}: {body.decode()}")
        return body

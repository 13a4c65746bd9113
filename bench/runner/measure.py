"""What a process takes, seen from outside.

In: a command. Out: its wall time, CPU time, peak memory and output. Not here: which commands, and what is made of it.
"""

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass


class Failed(Exception):
    """A command that did not do its work."""


@dataclass
class Took:
    """Seconds, and bytes."""

    wall: float
    cpu: float
    memory: int


def process(argv, cpus=None, stdin=None):
    """Runs a command in a fresh process, on the given CPUs if any; what it took, and its standard output."""
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=errors, preexec_fn=pin)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            why = errors.read().decode(errors="replace").strip()[-2000:]
            raise Failed(f"{' '.join(map(str, argv))}: exit code {child.returncode}\n{why}")
        out.seek(0)
        # Linux counts in KiB.
        return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024), out.read()


def alternate(rounds, contenders):
    """Runs all contenders in turn, once for nothing and then `rounds` times.

    `contenders` are functions by name that run once and give what it took and an answer. What comes out is the medians
    by name, and the answers of the round that did not count.
    """
    answers = {name: run()[1] for name, run in contenders.items()}
    took = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            took[name].append(run()[0])
    return {name: median(all_of_it) for name, all_of_it in took.items()}, answers


def median(all_of_it):
    """Each figure's median by itself."""
    wall = statistics.median(took.wall for took in all_of_it)
    cpu = statistics.median(took.cpu for took in all_of_it)
    return Took(wall, cpu, int(statistics.median(took.memory for took in all_of_it)))


def warm(path):
    """Has the page cache hold a file."""
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(1 << 20)
        while file.readinto(buffer):
            pass


class Neighbours:
    """How busy the machine is with what is not ours."""

    def __init__(self):
        self.begin = self._now()

    def share(self):
        """Of all CPU time since the beginning, the part that went to others."""
        elapsed, busy, ours = (now - then for now, then in zip(self._now(), self.begin))
        return max(0.0, busy - ours) / (elapsed * os.cpu_count())

    @staticmethod
    def _now():
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _idle, _wait, irq, soft, steal = map(int, file.readline().split()[1:9])
        busy = (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")
        times = os.times()
        return time.monotonic(), busy, sum(times[:4])

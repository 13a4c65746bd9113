"""What a process takes, seen from outside.

In: a command. Out: its wall time, CPU time, peak memory and output. Not here: which commands, and what is made of it.
"""

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import astuple, dataclass


class Failed(Exception):
    """A command that did not do its work."""


@dataclass
class Took:
    """Seconds, bytes, and of the machine's CPU time meanwhile the share that went to other programs."""

    wall: float
    cpu: float
    memory: int
    others: float | None


def process(argv, cpus=None, stdin=None):
    """Runs a command in a fresh process, on the given CPUs if any; what it took, and its standard output."""
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        machine, begin = Machine(), time.perf_counter()
        child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=errors, preexec_fn=pin)
        _, status, usage = os.wait4(child.pid, 0)
        wall, others = time.perf_counter() - begin, machine.others()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            why = errors.read().decode(errors="replace").strip()[-2000:]
            raise Failed(f"{' '.join(map(str, argv))}: exit code {child.returncode}\n{why}")
        out.seek(0)
        # In KiB on Linux, where it begins with what the runner itself had at most: a dozen megabytes.
        return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, others), out.read()


def alternate(rounds, patience, contenders):
    """Runs all contenders in turn, once for nothing and then `rounds` times.

    `contenders` are functions by name that run once and give what it took and an answer. Before each run at most
    `patience` seconds are spent on waiting for a quiet moment. What comes out is the medians by name, and the answers
    of the round that did not count.
    """
    answers = {name: run()[1] for name, run in contenders.items()}
    took = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            wait_for_quiet(patience)
            took[name].append(run()[0])
    return {name: median(all_of_it) for name, all_of_it in took.items()}, answers


def median(all_of_it):
    """Each figure's median by itself."""
    columns = zip(*(astuple(took) for took in all_of_it))
    return Took(*(statistics.median(column) for column in columns))


def warm(path):
    """Has the page cache hold a file."""
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(1 << 20)
        while file.readinto(buffer):
            pass


def wait_for_quiet(patience):
    """Waits until others leave the machine alone for half a second, or until patience is at its end."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        machine = Machine()
        time.sleep(0.5)
        if machine.others() < 0.05:
            break


class Machine:
    """How busy the machine is with what is not ours."""

    def __init__(self):
        self.begin = self._now()

    def others(self):
        """Of all CPU time since the beginning, the share that went to others."""
        elapsed, busy, ours = (now - then for now, then in zip(self._now(), self.begin))
        return max(0.0, busy - ours) / (elapsed * os.cpu_count())

    @staticmethod
    def _now():
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _idle, _wait, irq, soft, steal = map(int, file.readline().split()[1:9])
        busy = (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")
        times = os.times()
        return time.monotonic(), busy, sum(times[:4])

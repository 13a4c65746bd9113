"""Some minutes of bad weather: whether memory and open files stay as they are.

In: a bench, for how long. Out: a `Result`. Not here: the weather, which is `capture-bench soak`'s.
"""

import json
import statistics
import subprocess
import tempfile
import time

from . import proxies
from .measure import Failed
from .scenarios import Result
from .tools import say

# Of the samples, the first that are not looked at: pools fill, the allocator finds its size.
WARM_UP = 0.2
# What the last quarter may be above the first: the noise of an allocator, and of connections that come and go.
MEGABYTES, FILES = 4, 8


def soak(bench, seconds):
    say(f"bad weather for {seconds} s")
    result = Result(f"{seconds} s of clients and origins that break off, are slow or not there; medians of quarters")
    result.columns = ["", "first quarter", "last quarter", "most", "after it"]
    intercepts = bench.tools.glyphd_takes("--ca-dir", "--upstream-ca")
    with proxies.Glyphd(bench.tools, bench.origin, ("flow",), intercepts) as proxy, tempfile.TemporaryFile() as out:
        ca = proxy.ca or bench.origin.ca
        command = [bench.tools.capture_bench, "soak", proxy.address, bench.origin.http, bench.origin.https]
        with subprocess.Popen([*command, "--ca", ca, "--seconds", str(seconds)], stdout=out) as clients:
            memory, files = [], []
            while clients.poll() is None:
                time.sleep(seconds / 200)
                memory.append(proxy.memory() / 1e6)
                files.append(proxy.files())
        if clients.returncode != 0:
            raise Failed("the clients of the soak failed")
        # What clients have left has ended by then; idle connections to the origin may stay.
        proxy.cpu()
        after = proxy.memory() / 1e6, proxy.files()
        out.seek(0)
        manners = json.load(out)
    judge(result, "memory", memory, after[0], " MB", MEGABYTES)
    judge(result, "open files", files, after[1], "", FILES)
    for name, count in manners.items():
        result.rows.append([f"{name}: done", f"{count['done']:,}", "", "", ""])
        if count["unexpected"]:
            result.differences.append(f"soak: {name}: {count['unexpected']} did not end as they should: {count['why']}")
        elif not count["done"]:
            result.differences.append(f"soak: {name}: none came to its end")
    return result


def judge(result, what, samples, after, unit, margin):
    """Whether it is flat."""
    kept = samples[int(len(samples) * WARM_UP) :]
    quarter = len(kept) // 4
    first, last = statistics.median(kept[:quarter]), statistics.median(kept[-quarter:])
    result.rows.append([what, *(f"{figure:,.1f}{unit}" for figure in (first, last, max(samples), after))])
    result.reach(f"soak, {what} in the last quarter, more than in the first", last - first, "≤", margin, unit)

"""Large bodies: what memory they take while they pass, and how long their first byte does.

In: a bench, how large. Out: `Result`s. Not here: the load, which is `capture-bench`'s.
"""

from . import proxies
from .plugins import middle
from .scenarios import Result
from .tools import say

# Of the bodies whose first byte is timed: large enough not to be there at once, small enough for many.
TIMED, TIMES = 1_000_000, 400


def bodies(bench, size):
    """Runs both scenarios."""
    contenders = {
        "bare": bench.start(proxies.Bare),
        "glyphd, flows": bench.start(proxies.Glyphd, ("flow",)),
    }
    return [memory(bench, contenders, size), first_byte(bench, contenders, size)]


def memory(bench, contenders, size):
    say("memory for large bodies")
    result = Result(f"bodies of {size / 1e6:.0f} MB: by how much peak memory is above the memory before")
    result.columns = ["", "before", "one down", "one up and down", "eight down at once"]
    down, up = f"{bench.origin.http}/big/{size}", f"{bench.origin.http}/echo"
    ways = [
        (down, "--connections", 1, "--requests", 2),
        (up, "--connections", 1, "--requests", 2, "--post", size),
        (down, "--connections", 8, "--requests", 8),
    ]
    for name, start in contenders.items():
        rounds = []
        for _ in range(bench.rounds):
            grown = {}
            for n, way in enumerate(ways):
                # A process for each: what was most once does not go away.
                with start() as proxy:
                    seen = [bench.load(proxy, f"{bench.origin.http}/1k", "--requests", 1000)]
                    before = proxy.memory()
                    seen.append(bench.load(proxy, *way))
                    grown |= {"before": before, n: proxy.memory("VmHWM") - before}
                    failures = sum(each["failures"] for each in seen)
                    requests = sum(each["requests"] for each in seen)
                    result.differences += [f"{name}: {failures} of these requests failed"] if failures else []
                    result.differences += [f"{name}: {what}" for what in proxy.wrong(requests)]
            rounds.append(grown)
        row = middle(rounds)
        result.rows.append([name, *(f"{row[key] / 1e6:.1f} MB" for key in ("before", 0, 1, 2))])
    for n, way in enumerate(["down", "up and down"]):
        what = f"memory for a body of {size / 1e6:.0f} MB {way}"
        result.reach(what, row[n] / 1e6, "≤", 10, " MB")
    return result


def first_byte(bench, contenders, size):
    say("first bytes of large bodies")
    result = Result(f"time to the first byte of a body over one connection, p50 of {TIMES} of {TIMED / 1e6:.0f} MB")
    result.columns = ["", "first byte", "whole", f"first byte of 10 of {size / 1e6:.0f} MB"]
    rounds = {name: [] for name in contenders}
    for _ in range(bench.rounds):
        for name, start in contenders.items():
            with start() as proxy:
                ask = [bench.origin.http, "--connections", 1, "--requests"]
                many = bench.load(proxy, f"{ask[0]}/big/{TIMED}", *ask[1:], TIMES)
                few = bench.load(proxy, f"{ask[0]}/big/{size}", *ask[1:], 10)
            times = {"first": many["first_byte_us"], "whole": many["latency_us"], "few": few["first_byte_us"]}
            rounds[name].append({key: each["p50"] for key, each in times.items()})
    figures = {name: middle(each) for name, each in rounds.items()}
    for name, row in figures.items():
        result.rows.append([name, *(f"{row[key] / 1e3:.2f} ms" for key in ("first", "whole", "few"))])
    bare, ours = figures["bare"], figures["glyphd, flows"]
    later = max(ours[key] - bare[key] for key in ("first", "few"))
    result.reach("first byte of a large body, later than through the bare proxy", later / 1e3, "≤", 2, " ms")
    return result

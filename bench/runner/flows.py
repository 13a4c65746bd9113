"""How fast flows are listed, searched and counted: glyphctl beside jq, ripgrep and grep, over the same file.

In: the tools, and how large and how often. Out: `Result`s. Not here: what the commands print for people.
"""

import json
import pathlib
import random
import shutil

from .measure import alternate, process, warm
from .scenarios import Reach, Result
from .tools import say

SHOP = pathlib.Path(__file__).parents[2] / "testdata" / "recordings" / "shop" / "flows.jsonl"
LIST = "[.sequence, .start_time_unix_nano, .response.status, .error.kind, .request.method, .request.url] | @tsv"


def flows(tools, size, rounds, patience):
    """Lists, searches and counts a file of so many bytes, in turns."""
    if not shutil.which("jq"):
        say("flows: skipped, jq is not installed")
        return []
    path, count, needle = flows_file(tools, size)
    warm(path)
    return [
        listing(tools, path, count, rounds, patience),
        searching(tools, path, needle, rounds, patience),
        counting(tools, path, count, rounds, patience),
    ]


def flows_file(tools, size):
    """The committed flows again and again, with ids, numbers, times and bodies of their own; made if it is not there."""
    path = tools.cache / f"flows-{size}.jsonl"
    number, needle = 0, None
    chance = random.Random(7)
    words = [f"{chance.getrandbits(40):010x}" for _ in range(500)]
    shop = [json.loads(line) for line in SHOP.read_text(encoding="utf-8").splitlines()]
    for flow in shop:
        flow["took"] = flow["end_time_unix_nano"] - flow["start_time_unix_nano"]
    say(f"writing {size / 1e6:,.0f} MB of flows")
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < size:
            for flow in shop:
                number += 1
                start = flow["start_time_unix_nano"] + number * 1_000_000
                ids = {"id": f"01M{number:023}", "trace_id": f"{chance.getrandbits(128):032x}", "sequence": number}
                times = {"start_time_unix_nano": start, "end_time_unix_nano": start + flow["took"]}
                fresh = {name: value for name, value in flow.items() if name != "took"} | ids | times
                if "response" in flow and number % 2:
                    items = [{"sku": number * 12 + i, "name": " ".join(chance.choices(words, k=6))} for i in range(12)]
                    text, needle = json.dumps({"items": items}), f'"sku": {number * 12},'
                    body = {"size": len(text), "captured_size": len(text), "utf8": text, "complete": True}
                    fresh["response"] = flow["response"] | {"body": body}
                file.write(json.dumps(fresh, separators=(",", ":")) + "\n")
    return path, number, needle


def listing(tools, path, count, rounds, patience):
    """A line a flow; both have to list all."""

    def lines(argv, heads):
        def run():
            took, out = process(argv)
            return took, out.count(b"\n") - heads

        return run

    contenders = {
        "glyphctl flows ls": lines([tools.glyphctl, "flows", "ls", path], 1),
        "jq, six fields of each": lines(["jq", "-r", LIST, path], 0),
    }
    result = measured(f"{count:,} flows, listed", path, contenders, rounds, patience, count)
    result.reaches = [against_jq(result, "flows listed")]
    return result


def searching(tools, path, needle, rounds, patience):
    """Text that stands in one body. ripgrep and grep search the line as it is stored, and find it escaped."""
    stored = json.dumps(needle)[1:-1]

    def run_of(argv):
        def run():
            took, out = process(argv)
            return took, len(out.splitlines())

        return run

    contenders = {
        "glyphctl flows grep": run_of([tools.glyphctl, "flows", "grep", path, needle, "--ids"]),
        "jq, contains": run_of(
            ["jq", "-r", "--arg", "text", needle, "select(.response.body.utf8 // \"\" | contains($text)) | .id", path]
        ),
        "grep, the stored line": run_of(["grep", "-F", stored, path]),
    }
    if shutil.which("rg"):
        contenders["ripgrep, the stored line"] = run_of(["rg", "-F", stored, path])
    result = measured("text in a body", path, contenders, rounds, patience, 1)
    result.reaches = [against_jq(result, "text found")]
    return result


def counting(tools, path, count, rounds, patience):
    """Figures by route, for which jq has nothing that is comparable."""

    def run():
        took, out = process([tools.glyphctl, "flows", "stats", path, "--format", "json"])
        return took, json.loads(out)["flows"]

    return measured(f"{count:,} flows, counted by route", path, {"glyphctl flows stats": run}, rounds, patience, count)


def measured(title, path, contenders, rounds, patience, expected):
    """What they took, and whether they found what they had to."""
    took, said = alternate(rounds, patience, contenders)
    result = Result(title, [(name, took[name], path.stat().st_size) for name in took])
    result.differences = [
        f"flows: {name} found {found:,}, not {expected:,}" for name, found in said.items() if found != expected
    ]
    return result


def against_jq(result, what):
    """jq has to take several times as much."""
    ours, jq = result.figures[0][1], result.figures[1][1]
    return Reach(f"{what}, jq's CPU time of glyphctl's", jq.cpu / ours.cpu, "≥", 5)

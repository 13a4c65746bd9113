"""What the gate takes: `glyphctl check` over a recording of a million spans and a million samples, alone and with a baseline.

In: the tools, and how large and how often. Out: a `Result`. Not here: how spans and samples are made.
"""

import json
import os
import pathlib
import subprocess
import tempfile

from .measure import alternate, process, warm
from .metrics_reading import FIRST, INTERVAL, SERIES, scrapes_file
from .scenarios import Result

# Seconds, by the wall, on two cores.
ALONE, COMPARED = 3, 6
RULES = """\
groups:
  - name: deliveries
    interval: 15s
    rules:
      - alert: DeliveriesSlow
        expr: histogram_quantile(0.95, sum by (le) (rate(delivery_seconds_bucket[5m]))) > 3600
        for: 1m
"""
COMPARING = """
[baseline]
dir = "base"
[traces]
fail-on = ["p95 > 10% and > 2ms", "errors > 1pp"]
"""


def checking(tools, spans, rounds, patience):
    """Both gates in turns, over the same files."""
    with tempfile.TemporaryDirectory(prefix="glyph-bench-") as folder:
        folder = pathlib.Path(folder)
        traces, samples = tools.spans(spans), scrapes_file(tools, spans // SERIES)
        for name in ("run", "base"):
            recording(folder / name, traces, samples, spans)
        (folder / "rules.yaml").write_text(RULES)
        init = [tools.glyphctl, "check", "init", folder / "run", "-o", folder / "alone.toml"]
        subprocess.run(init, check=True, capture_output=True)
        gate = (folder / "alone.toml").read_text() + '\n[alerts]\nrules = ["rules.yaml"]\n'
        (folder / "alone.toml").write_text(gate)
        (folder / "compared.toml").write_text(gate + COMPARING)
        warm(traces)
        warm(samples)
        contenders = {
            "`check`": gate_of(tools, folder, "alone.toml"),
            "`check` with a baseline": gate_of(tools, folder, "compared.toml"),
        }
        took, said = alternate(rounds, patience, contenders)
    title = f"the gate over {spans:,} spans and {spans:,} samples"
    size = traces.stat().st_size + samples.stat().st_size if traces.exists() else None
    result = Result(title, [(name, took[name], size) for name in took])
    result.reach(f"{title}, wall", took["`check`"].wall, "≤", ALONE, " s")
    result.reach("the same with a baseline of as much, wall", took["`check` with a baseline"].wall, "≤", COMPARED, " s")
    result.differences = [f"checking: {name} says {verdict}" for name, verdict in said.items() if verdict != "pass"]
    return result


def recording(folder, traces, samples, spans):
    """A recording whose files are others."""
    folder.mkdir()
    os.symlink(traces.absolute(), folder / "traces.jsonl")
    os.symlink(samples.absolute(), folder / "metrics.om")
    start = FIRST * 10**9
    info = {"format": 1, "glyph_version": "0.1.0", "service_name": "glyphd", "start_time_unix_nano": start}
    info["end_time_unix_nano"] = start + spans // SERIES * INTERVAL * 10**9
    (folder / "recording.json").write_text(json.dumps(info))


def gate_of(tools, folder, config):
    argv = [tools.glyphctl, "check", folder / "run", "--config", folder / config, "--format", "json"]

    def run():
        took, out = process(argv)
        return took, json.loads(out)["verdict"]

    return run

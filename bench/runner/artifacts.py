"""How fast recordings are packed and unpacked: `glyphctl replay write` and `load` beside tar, zstd and sha256sum.

In: the tools, and how large and how often. Out: `Result`s. Not here: what makes the flows.
"""

import shlex
import shutil
import tempfile

from .flows import SHOP, flows_file
from .measure import alternate, process, warm
from .scenarios import Reach, Result
from .tools import say

MEMORY = 150


def artifacts(tools, size, rounds, patience):
    """A recording with so many bytes of flows, there and back."""
    if not (shutil.which("zstd") and shutil.which("tar") and shutil.which("sha256sum")):
        say("artifacts: skipped, zstd, tar or sha256sum is not installed")
        return []
    path, _, _ = flows_file(tools, size)
    with tempfile.TemporaryDirectory(dir=tools.cache) as folder:
        recording = f"{folder}/run"
        shutil.copytree(SHOP.parent, recording)
        path.rename(f"{recording}/flows.jsonl")
        warm(f"{recording}/flows.jsonl")
        return [packing(tools, folder, size, rounds, patience), loading(tools, folder, size, rounds, patience)]


def packing(tools, folder, size, rounds, patience):
    """Both read everything, hash each file, and leave one file."""
    run, theirs = (shlex.quote(f"{folder}/{name}") for name in ("run", "theirs.tar.zst"))
    ours = f"{folder}/ours.glyph.tar.zst"
    contenders = {
        "glyphctl replay write": command([tools.glyphctl, "replay", "write", f"{folder}/run", "-o", ours]),
        "tar \\| zstd -3, sha256sum": shell(f"cd {run} && tar -cf - . | zstd -q -f -3 -o {theirs} && sha256sum *"),
        "tar \\| zstd -3 -T0, sha256sum": shell(f"cd {run} && tar -cf - . | zstd -q -f -3 -T0 -o {theirs} && sha256sum *"),
    }
    return judged("a recording packed", "packed", contenders, size, rounds, patience)


def loading(tools, folder, size, rounds, patience):
    """Both decompress everything and hash each file; then the same with the files written."""
    ours, theirs, out = (f"{folder}/{name}" for name in ("ours.glyph.tar.zst", "theirs.tar.zst", "out"))
    fresh = f"rm -rf {shlex.quote(out)} && mkdir {shlex.quote(out)}"
    unpack = f"zstd -q -d -c {shlex.quote(theirs)} | tar -xf - -C {shlex.quote(out)}"

    def unpacked():
        shutil.rmtree(out, ignore_errors=True)
        return command([tools.glyphctl, "replay", "load", ours, "--out", out])()

    contenders = {
        "glyphctl replay load --verify-only": command([tools.glyphctl, "replay", "load", ours, "--verify-only"]),
        "glyphctl replay load --out": unpacked,
        "zstd -d \\| tar -x, sync, sha256sum": shell(f"{fresh} && {unpack} && cd {shlex.quote(out)} && sync -d * && sha256sum *"),
    }
    return judged("an artifact loaded", "loaded", contenders, size, rounds, patience)


def judged(title, what, contenders, size, rounds, patience):
    """What they took; the first is to be fast."""
    took, said = alternate(rounds, patience, contenders)
    result = Result(title, [(name, took[name], size) for name in took])
    ours = result.figures[0][1]
    result.reaches = [
        Reach(f"flows {what}", size / ours.wall / 1e6, "≥", 400, " MB/s"),
        Reach(f"flows {what}, peak memory", max(took[name].memory for name in took if "glyphctl" in name) / 1e6, "≤", MEMORY, " MB"),
    ]
    result.differences = [f"artifacts: {name} said nothing" for name, out in said.items() if not out.strip()]
    return result


def command(argv):
    return lambda: process(argv)


def shell(script):
    return lambda: process(["sh", "-e", "-c", script])

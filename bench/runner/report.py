"""Results as Markdown, and where they were measured.

In: results. Out: text. Not here: any measurement.
"""

import os
import platform
import re

BEGIN, END = "<!-- figures: written by bench/run.py -->", "<!-- end of the figures -->"


def markdown(results, versions, rounds):
    """Everything that was measured."""
    lines = [
        f"Measured on {machine()}, with {versions}: medians of {rounds} rounds, in which the tools took turns. "
        "*Others* is the share of the machine's CPU time that went to other programs meanwhile; "
        "ratios are to the first line of a table.",
        "",
    ]
    reaches = [reach for result in results for reach in result.reaches]
    if reaches:
        lines += ["| reach | wanted | measured | |", "| --- | ---: | ---: | --- |"]
        lines += [
            f"| {reach.what} | {reach.side} {number(reach.wanted)}{reach.unit} "
            f"| {number(reach.measured)}{reach.unit} | {'met' if reach.met() else '**missed**'} |"
            for reach in reaches
        ]
        lines.append("")
    for result in results:
        if result.rows:
            lines += [f"**{result.title}**", "", f"| {' | '.join(result.columns)} |"]
            lines.append("| --- " + "| ---: " * (len(result.columns) - 1) + "|")
            lines += [f"| {' | '.join(cells)} |" for cells in result.rows]
            lines.append("")
        if not result.figures:
            continue
        first = result.figures[0][1]
        lines += [f"**{result.title}**", "", "| | wall | | CPU | | peak memory | others | size | speed |"]
        lines.append("| --- " + "| ---: " * 8 + "|")
        lines += [row(first, *figure) for figure in result.figures]
        lines.append("")
    return "\n".join(lines)


def row(first, label, took, size):
    """A line of a table; ratios are to the table's first."""
    cells = [
        label,
        f"{took.wall:.2f} s",
        f"{took.wall / first.wall:.2f}×",
        f"{took.cpu:.2f} s",
        f"{took.cpu / first.cpu:.2f}×",
        f"{took.memory / 1e6:,.0f} MB",
        "" if took.others is None else f"{took.others:.0%}",
        f"{size / 1e6:,.0f} MB" if size else "",
        f"{size / took.wall / 1e6:,.0f} MB/s" if size and took.wall > 0 else "",
    ]
    return f"| {' | '.join(cells)} |"


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def machine():
    """The processor, how much of it, and the memory."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*:\s*(.+)", file.read())
    model = model[1] if model else platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {memory / 1e9:.0f} GB of memory, {platform.system()}"


def write(path, text):
    """Puts the figures into a document with places for them, or into a file of their own."""
    document = path.read_text(encoding="utf-8") if path.exists() else ""
    before, found, rest = document.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if found and closed:
        text = f"{before}{BEGIN}\n\n{text}\n{END}{after}"
    path.write_text(text, encoding="utf-8")

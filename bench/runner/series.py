"""Series to ask for: a histogram of request durations, of many plugins, over most of a day.

In: a folder to keep it in, how many scrapes. Out: an OpenMetrics file, the same bytes each time. Not here: who reads it.
"""

import hashlib
import pathlib
import random

# A full hour, so that what Prometheus cuts into blocks begins with one.
BEGIN = 1_700_002_800
SCRAPE = 15
PLUGINS = 20
BOUNDS = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"]


def end(scrapes):
    """When the last scrape is."""
    return BEGIN + (scrapes - 1) * SCRAPE


def openmetrics(folder, scrapes):
    """A file with a bucket of each bound for each plugin at each scrape: 66 MB for 5,000 scrapes."""
    # Another generator makes other files.
    generation = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:8]
    path = folder / f"series-{scrapes}-{generation}.om"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with open(unfinished, "w", encoding="ascii") as file:
            file.write("# TYPE x histogram\n")
            chance = random.Random(1)
            for plugin in range(PLUGINS):
                file.writelines(of_plugin(chance, plugin, scrapes))
            file.write("# EOF\n")
        unfinished.rename(path)
    return path


def of_plugin(chance, plugin, scrapes):
    """The lines of one plugin, scrape by scrape. It is restarted now and then.

    It has run for long: where a counter begins with little, Prometheus 2 and 3 extrapolate differently.
    """
    heads = [f'x_bucket{{job="glyph",instance="127.0.0.1:9464",plugin="plugin-{plugin:02}",le="{le}"}}' for le in BOUNDS]
    pace, counts = chance.uniform(1, 200), [100_000 * (i + 1) for i in range(len(BOUNDS))]
    for scrape in range(scrapes):
        if chance.random() < 0.001:
            counts = [0] * len(BOUNDS)
        share = 0.0
        for i in range(len(BOUNDS)):
            share = 1.0 if i == len(BOUNDS) - 1 else share + (1 - share) * chance.uniform(0, 0.4)
            # Buckets are cumulative, and so is what each adds.
            counts[i] += int(pace * share)
        time = BEGIN + scrape * SCRAPE
        yield from (f"{head} {count} {time}\n" for head, count in zip(heads, counts))

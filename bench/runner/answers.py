"""Whether two tools say the same of the same spans.

In: rows of both. Out: the differences, as text. Not here: where rows come from.
"""

EXACT = ["count", "errors", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns", "total_ns"]
SELF_TIME = [*EXACT, "self_ns"]
# Sums of what was rounded are not the rounded sum.
MICROSECONDS = ["count", "errors", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns"]


def differences(what, found, expected, columns, unit=1):
    """Compares rows by service and name. `unit`: what `found` has its times in, nanoseconds cut off to it."""
    found, expected = by_name(found), by_name(expected)
    if found.keys() != expected.keys():
        return [f"{what}: other rows: {sorted(found.keys() ^ expected.keys())[:5]}"]
    return [
        f"{what}: {' '.join(name)}: {column} is {found[name][column]}, not {wanted}"
        for name, row in expected.items()
        for column in columns
        if found[name][column] != (wanted := cut(row[column], column, unit))
    ]


def cut(value, column, unit):
    """A time as a coarser format holds it."""
    return value - value % unit if column.endswith("_ns") else value


def by_name(rows):
    """Rows by what names them."""
    return {(row["service"], row["name"]): row for row in rows}

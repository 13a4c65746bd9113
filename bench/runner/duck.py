"""A query in DuckDB, in a process of its own, which has the duckdb package; the runner itself hasn't.

In: THREADS SPANS QUERY.sql. Out: JSON with the rows, and what the query took, from opening the database to the last
row: Python's own start is not DuckDB's fault. Not here: peak memory, which the runner sees from outside.
"""

import json
import pathlib
import sys
import time

import duckdb

PERCENTILES = ["p50_ns", "p90_ns", "p95_ns", "p99_ns"]


def main():
    threads, spans, query = sys.argv[1:]
    query = pathlib.Path(query).read_text(encoding="utf-8")
    wall, cpu = time.perf_counter(), time.process_time()
    database = duckdb.connect(config={"threads": int(threads)})
    database.execute("set variable spans = $1", [spans])
    result = database.execute(query)
    columns = [column[0] for column in result.description]
    rows = [dict(zip(columns, row)) for row in result.fetchall()]
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    for row in rows:
        row.update(zip(PERCENTILES, row.pop("percentiles")))
    json.dump({**took, "rows": rows}, sys.stdout)


main()

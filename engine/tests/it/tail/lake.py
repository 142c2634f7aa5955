"""Reads a lake as its users do: pyarrow's dataset, DuckDB and DataFusion, each by the hive layout.

Usage: lake.py FOLDER PLATE. Prints what each found as JSON.
"""

import json
import sys
from pathlib import Path

import datafusion
import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq


def with_pyarrow(root):
    table = ds.dataset(root, partitioning="hive").to_table()
    lanes = sorted({str(lane) for lane in table["lane"].to_pylist()})
    return {
        "rows": table.num_rows,
        "ids": len(set(table["event_id"].to_pylist())),
        "lanes": lanes,
        "hours": sorted({int(hour) for hour in table["hour"].to_pylist()}),
    }


def with_duckdb(root, plate):
    db = duckdb.connect()
    lake = f"read_parquet('{root}/**/*.parquet', hive_partitioning = true, hive_types = {{'lane': VARCHAR}})"
    one = lambda query: db.execute(query).fetchone()
    files = [row[0] for row in db.execute(f"select file from glob('{root}/**/*.parquet')").fetchall()]
    probe = lambda file, text: one(f"select bool_and(bloom_filter_excludes) from parquet_bloom_probe('{file}', 'plate', '{text}')")[0]
    hold = lambda file: one(f"select count(*) from '{file}' where plate = '{plate}'")[0]
    return {
        "rows": one(f"select count(*) from {lake}")[0],
        "ids": one(f"select count(distinct event_id) from {lake}")[0],
        "lane 2": one(f"select count(*) from {lake} where lane = '2'")[0],
        "no lane": one(f"select count(*) from {lake} where lane is null")[0],
        "misplaced": one(f"select count(*) from {lake} where strftime(capture_time at time zone 'UTC', '%Y-%m-%d %H') <> strftime(date, '%Y-%m-%d') || ' ' || printf('%02d', hour::int)")[0],
        "of the plate": one(f"select count(*) from {lake} where plate = '{plate}'")[0],
        "files": len(files),
        "files the filter leaves": sum(not probe(file, plate) for file in files),
        "files with the plate": sum(hold(file) > 0 for file in files),
        "filters right": all(not (hold(file) and probe(file, plate)) for file in files),
    }


def with_datafusion(root, plate):
    context = datafusion.SessionContext()
    columns = [("date", pa.string()), ("hour", pa.string()), ("lane", pa.string())]
    context.register_parquet("lake", str(root), table_partition_cols=columns)
    one = lambda query: context.sql(query).to_pydict()["n"][0]
    return {
        "rows": one("select count(*) as n from lake"),
        "lane 2": one("select count(*) as n from lake where lane = '2'"),
        "of the plate": one(f"select count(*) as n from lake where plate = '{plate}'"),
    }


def settings(root):
    """What is in the files' footers."""
    metadata = [pq.ParquetFile(file).metadata for file in Path(root).rglob("*.parquet")]
    groups = [m.row_group(g) for m in metadata for g in range(m.num_row_groups)]
    columns = [group.column(c) for group in groups for c in range(group.num_columns)]
    return {
        "zstd": all(column.compression == "ZSTD" for column in columns),
        "statistics": all(c.is_stats_set for c in columns if c.path_in_schema in ("plate", "capture_time", "confidence")),
        "page index": all(column.has_column_index and column.has_offset_index for column in columns),
        "lane in the file": any(column.path_in_schema == "lane" for column in columns),
        "version": sorted({m.metadata[b"tollgate.schema_version"].decode() for m in metadata}),
    }


if __name__ == "__main__":
    root, plate = sys.argv[1:]
    found = {
        "pyarrow": with_pyarrow(root),
        "duckdb": with_duckdb(root, plate),
        "datafusion": with_datafusion(root, plate),
        "settings": settings(root),
    }
    print(json.dumps(found))

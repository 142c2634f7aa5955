"""Reads the outputs in a folder with pyarrow and DuckDB and checks them against the schema and each other.

Usage: readback.py OUT_DIR SCHEMA_JSON. Exits with 77 when a module is missing.
"""

import json
import sys
from pathlib import Path

try:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    print(f"this Python lacks a module: {error}", file=sys.stderr)
    sys.exit(77)

# Arrow's names in Rust to pyarrow's types.
CANDIDATE = pa.struct([pa.field("text", pa.utf8(), False), pa.field("confidence", pa.float32(), False)])
TYPES = {
    "Utf8": pa.utf8(),
    "Int32": pa.int32(),
    "Float32": pa.float32(),
    'Timestamp(µs, "UTC")': pa.timestamp("us", tz="UTC"),
    "List(non-null Float32)": pa.list_(pa.field("item", pa.float32(), False)),
    'List(non-null Struct("text": non-null Utf8, "confidence": non-null Float32))': pa.list_(
        pa.field("item", CANDIDATE, False)
    ),
}


def expected_schema(golden):
    fields = [pa.field(f["name"], TYPES[f["type"]], f["nullable"]) for f in golden["fields"]]
    return pa.schema(fields)


def check_rows(table, events):
    assert table.num_rows == len(events)
    for row, event in zip(table.to_pylist(), events):
        data = event["data"]
        assert row["event_id"] == event["id"]
        assert row["type"] == event["type"]
        assert row["plate"] == (data["licensePlateText"] or None)
        assert row["capture_time"].strftime("%Y-%m-%dT%H:%M:%S") == event["time"][:19]
        assert row["lane"] == data["lane"]
        assert len(row["candidates"]) == len(data["candidates"])
        found = data["detection"]
        assert row["corners"] == (found and [x for point in found["corners"] for x in point])
        assert row["box_w"] == (found and found["box"][2])


def check_duckdb(out, events):
    db = duckdb.connect()
    one = lambda query: db.execute(query).fetchone()
    parquet = f"'{out / 'plates.parquet'}'"
    reads = sum(e["type"] == "LicensePlate.Processed" for e in events)
    checks = sum(e["type"] == "LicensePlate.ManualCheck" for e in events)
    assert one(f"select count(*), count(distinct event_id) from {parquet}") == (len(events), len(events))
    assert one(f"select count(*) from {parquet} where band = 'read'")[0] == reads
    plate = next(e["data"]["licensePlateText"] for e in events if e["data"]["licensePlateFound"])
    assert one(f"select count(*) from {parquet} where plate = '{plate}'")[0] >= 1
    assert one(f"select count(*) from {parquet} where plate = 'NOT A PLATE'")[0] == 0
    assert one(f"select max(len(candidates)), max(len(corners)) from {parquet}") == (2, 8)
    assert one(f"select min(epoch_us(capture_time)) from {parquet}")[0] == 1714545000000000
    lines = f"read_json_auto('{out / 'events.jsonl'}')"
    joined = f"select count(*) from {parquet} p join {lines} e on p.event_id = e.id::varchar"
    assert one(joined)[0] == len(events)
    csv = f"read_csv('{out / 'export.csv'}', header = true)"
    assert one(f"select count(*) from {csv} where LicensePlateFound")[0] == reads
    assert one(f"select count(*) from {csv} where not LicensePlateFound and LicensePlateText is null")[0] == checks


def main(out, schema_path):
    golden = json.loads(schema_path.read_text(encoding="utf-8"))
    events = [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    schema = expected_schema(golden)
    parquet = pq.ParquetFile(out / "plates.parquet")
    ipc = pa.ipc.open_file(pa.memory_map(str(out / "plates.arrow")))
    for name, found in (("parquet", parquet.schema_arrow), ("ipc", ipc.schema)):
        assert found.equals(schema), f"{name}:\n{found}\nexpected:\n{schema}"
        assert found.metadata[b"tollgate.schema_version"] == b"1", name
    assert parquet.metadata.metadata[b"tollgate.schema_version"] == b"1"
    table = parquet.read()
    table.validate(full=True)
    check_rows(table, events)
    assert ipc.read_all().equals(table)
    check_duckdb(out, events)
    print(f"ok: {len(events)} rows by pyarrow (parquet, ipc) and duckdb (parquet, jsonl, csv)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

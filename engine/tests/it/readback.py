"""Reads a replay's outputs with pyarrow and DuckDB and compares them with its events. usage: readback.py OUT"""
import csv, json, pathlib, sys

import duckdb
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

out = pathlib.Path(sys.argv[1])
events = [json.loads(line) for line in open(out / "events.jsonl")]
parquet = pq.read_table(out / "plates.parquet")
arrow = pa.ipc.open_file(out / "plates.arrow").read_all()
assert parquet.num_rows == arrow.num_rows == len(events), (parquet.num_rows, arrow.num_rows, len(events))
assert parquet.schema.names == arrow.schema.names
plain = lambda table: [{k: v for k, v in row.items()} for row in table.to_pylist()]
assert plain(parquet) == plain(arrow)

for row, event in zip(parquet.to_pylist(), events):
    data = event["data"]
    assert row["event_id"] == event["id"] and row["type"] == event["type"], row
    assert (row["plate"] or "") == data["licensePlateText"], row
    assert row["capture_time"].isoformat().startswith(data["timeStamp"][:19]), (row["capture_time"], data["timeStamp"])

plates = str(out / "plates.parquet")
bands = dict(duckdb.sql(f"select band, count(*) from '{plates}' group by band").fetchall())
kinds = {"read": "LicensePlate.Processed", "manual": "LicensePlate.ManualCheck", "rejected": "Image.Rejected"}
for band, kind in kinds.items():
    assert bands.get(band, 0) == sum(e["type"] == kind for e in events), (band, bands)
read = duckdb.sql(f"select plate from '{plates}' where band = 'read' order by event_id").fetchall()
assert [p for (p,) in read] == [e["data"]["licensePlateText"] for e in sorted(events, key=lambda e: e["id"])
                                if e["type"] == kinds["read"]]

rows = list(csv.DictReader(open(out / "export.csv", newline="")))
assert list(rows[0]) == ["FileName", "LicensePlateText", "TimeStamp", "LicensePlateFound"]
assert len(rows) == bands.get("read", 0) + bands.get("manual", 0)
assert all((r["LicensePlateFound"] == "true") == bool(r["LicensePlateText"]) for r in rows)
print(f"{len(events)} events agree in four formats")

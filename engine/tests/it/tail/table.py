"""Reads plates.arrow over HTTP as a notebook does. Usage: table.py URL. Prints what was found as JSON."""

import io
import json
import sys
import urllib.request

import pandas  # noqa: F401 (to_pandas needs it)
import polars as pl
import pyarrow as pa

if __name__ == "__main__":
    with urllib.request.urlopen(sys.argv[1]) as answer:
        kind = answer.headers["content-type"]
        with pa.ipc.open_stream(answer) as reader:
            table = reader.read_all()
    table.validate(full=True)
    with urllib.request.urlopen(sys.argv[1]) as answer:
        polars = pl.read_ipc_stream(io.BytesIO(answer.read()))
    frame = table.to_pandas()
    print(
        json.dumps(
            {
                "type": kind,
                "rows": table.num_rows,
                "pandas": len(frame),
                "polars": polars.height,
                "ids": len(set(table["event_id"].to_pylist())),
                "lanes": sorted({str(lane) for lane in table["lane"].to_pylist()}),
                "first": min(table["capture_time"].to_pylist()).isoformat() if table.num_rows else None,
                "version": table.schema.metadata[b"tollgate.schema_version"].decode(),
            }
        )
    )

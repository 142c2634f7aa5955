"""Writes a table with pyarrow on one thread, once for each line `CODEC default|same` on stdin. Prints JSON lines.

Usage: parquet_writer.py TABLE.arrow FOLDER
"""

import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

# As in sinks/src/parquet.rs.
DICTIONARY = ["lane", "time_source", "band", "plate_index", "region", "reader"]
ROW_GROUP_ROWS = 64 << 10

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
table = pa.ipc.open_file(pa.memory_map(sys.argv[1])).read_all()
path = os.path.join(sys.argv[2], "pyarrow.parquet")
for line in sys.stdin:
    if line.strip() == "version":
        print(json.dumps(f"pyarrow {pa.__version__}"), flush=True)
        continue
    codec, told = line.split()
    options = {"compression": codec, "row_group_size": ROW_GROUP_ROWS, "write_page_index": True}
    if codec == "zstd":
        options["compression_level"] = 1
    if told == "same":
        options["use_dictionary"] = DICTIONARY
        options["column_encoding"] = {"capture_time": "DELTA_BINARY_PACKED"}
        options["bloom_filter_options"] = {"plate": {"ndv": ROW_GROUP_ROWS}}
    begun = time.perf_counter()
    pq.write_table(table, path, **options)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "bytes": os.path.getsize(path), "rows": table.num_rows}), flush=True)

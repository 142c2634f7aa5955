"""Reads captured files with fastavro. Usage: capture.py FOLDER. Prints every record by partition as JSON."""

import json
import sys
from datetime import datetime
from pathlib import Path

import fastavro

if __name__ == "__main__":
    root = Path(sys.argv[1])
    partitions = {}
    for path in sorted(root.rglob("*.avro")):
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            assert reader.writer_schema["name"] in ("EventData", "Microsoft.ServiceBus.Messaging.EventData")
            names = [field["name"] for field in reader.writer_schema["fields"]]
            for record in reader:
                when = datetime.strptime(record["EnqueuedTimeUtc"], "%m/%d/%Y %I:%M:%S %p")
                assert int(record["Offset"]) == record["SequenceNumber"]
                assert abs(record["SystemProperties"]["x-opt-enqueued-time"] / 1000 - (when - datetime(1970, 1, 1)).total_seconds()) < 1
                key = record["SystemProperties"].get("x-opt-partition-key")
                partitions.setdefault(path.relative_to(root).parts[2], []).append(
                    {
                        "offset": record["SequenceNumber"],
                        "file": str(path.relative_to(root)),
                        "key": key,
                        "properties": {name: str(value) for name, value in record["Properties"].items()},
                        "bytes": len(record["Body"] or b""),
                        "body": (record["Body"] or b"")[:40].decode("latin-1"),
                    }
                )
    print(json.dumps({"partitions": partitions, "fields": names if partitions else []}))

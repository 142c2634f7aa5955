"""moto's S3 server on a free port. Prints its endpoint, then answers a line for each command on stdin.

Usage: s3.py BUCKET
"""

import json
import socket
import sys
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(bucket):
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{port}"
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    s3.create_bucket(Bucket=bucket)
    print(endpoint, flush=True)

    def keys():
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    for line in sys.stdin:
        command, *rest = line.split()
        said = "ok"
        if command == "list":
            said = json.dumps(keys())
        elif command == "get":
            s3.download_file(bucket, rest[0], rest[1])
        elif command == "fetch":
            for key in keys():
                path = Path(rest[0]) / key
                path.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, key, str(path))
        elif command == "uploads":
            said = str(len(s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])))
        elif command == "down":
            server.stop()
        elif command == "up":
            server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
            server.start()
        else:
            said = f"unknown: {command}"
        print(said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

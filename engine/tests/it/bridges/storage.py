"""Reads a queue or a container of Azure Storage until it has had enough events and nothing more comes.

Usage: storage.py PORT queue|container EVENTS
Messages are deleted; the container is made if it is not there.
"""

import json
import sys
import time

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

PATIENCE_S = 100
ACCOUNT = "devstoreaccount1"
# No secret: the vendor prints it in the emulator's manual.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def connection(port, service):
    return f"AccountName={ACCOUNT};AccountKey={KEY};{service}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};"


def queue(port):
    client = QueueClient.from_connection_string(connection(port, "Queue"), "plates")

    def news():
        try:
            for message in client.receive_messages(messages_per_page=32, visibility_timeout=600):
                client.delete_message(message)
                yield message.content, {}
        except ResourceNotFoundError:
            return

    return news


def container(port):
    client = ContainerClient.from_connection_string(connection(port, "Blob"), "plates")
    try:
        client.create_container()
    except ResourceExistsError:
        pass
    read = set()

    def news():
        for blob in client.list_blobs():
            if blob.name not in read:
                read.add(blob.name)
                found = client.download_blob(blob.name)
                settings = found.properties.content_settings
                yield found.readall(), {"name": blob.name, "content_type": settings.content_type}

    return news


def main(port, kind, events):
    news = {"queue": queue, "container": container}[kind](port)
    seen, deadline = set(), time.monotonic() + PATIENCE_S
    while True:
        quiet = True
        for text, about in news():
            quiet = False
            event = json.loads(text)
            seen.add(event["id"])
            print(json.dumps({"event": event, "with": about}))
        if quiet and (len(seen) >= events or time.monotonic() > deadline):
            break
        time.sleep(0.2)


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

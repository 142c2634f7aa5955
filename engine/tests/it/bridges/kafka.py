"""Reads a topic of Kafka from its start until it has had enough events and the topic is quiet.

Usage: kafka.py PORT TOPIC EVENTS
"""

import json
import sys
import time

from confluent_kafka import Consumer

PATIENCE_S = 100


def main(port, topic, events):
    settings = {"bootstrap.servers": f"127.0.0.1:{port}", "group.id": "reader", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    seen, deadline = set(), time.monotonic() + PATIENCE_S
    while True:
        message = consumer.poll(2)
        if message is None:
            if len(seen) >= events or time.monotonic() > deadline:
                break
            continue
        if message.error():
            continue
        event = json.loads(message.value())
        seen.add(event["id"])
        headers = {name: value.decode() for name, value in message.headers()}
        print(json.dumps({"event": event, "with": {"key": message.key().decode(), "headers": headers}}))
    consumer.close()


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

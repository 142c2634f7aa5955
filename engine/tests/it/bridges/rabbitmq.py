"""Reads a queue of RabbitMQ until it has had enough events and the queue is quiet.

Usage: rabbitmq.py PORT QUEUE|"EXCHANGE PATTERN" EVENTS
With an exchange, a queue for all of its messages is made, and events of the pattern are printed.
"""

import json
import sys
import time

import pika

PATIENCE_S = 100


def main(port, source, events):
    channel = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port)).channel()
    queue, *pattern = source.split()
    if pattern:
        exchange, queue = queue, "of the pattern"
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, exchange, pattern[0])
        # What takes the others, so that none is returned.
        channel.queue_declare("all", durable=True)
        channel.queue_bind("all", exchange, "#")
    seen, deadline = set(), time.monotonic() + PATIENCE_S
    for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=2):
        if method is None:
            if len(seen) >= events or time.monotonic() > deadline:
                break
            continue
        event = json.loads(body)
        seen.add(event["id"])
        names = ("content_type", "delivery_mode", "message_id", "type")
        print(json.dumps({"event": event, "with": {name: getattr(properties, name) for name in names}}))


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

"""Reads a stream of NATS JetStream from its start until it has had enough events and the stream is quiet.

Usage: jetstream.py PORT "USER PASSWORD SUBJECT" EVENTS
"""

import asyncio
import json
import sys
import time

import nats

PATIENCE_S = 100


async def main(port, source, events):
    user, password, subject = source.split()
    client = await nats.connect(f"nats://127.0.0.1:{port}", user=user, password=password)
    subscription = await client.jetstream().subscribe(subject, ordered_consumer=True)
    seen, deadline = set(), time.monotonic() + PATIENCE_S
    while True:
        try:
            message = await subscription.next_msg(timeout=2)
        except nats.errors.TimeoutError:
            if len(seen) >= events or time.monotonic() > deadline:
                break
            continue
        event = json.loads(message.data)
        seen.add(event["id"])
        print(json.dumps({"event": event, "with": {"subject": message.subject, "headers": message.headers}}))
    await client.close()


asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

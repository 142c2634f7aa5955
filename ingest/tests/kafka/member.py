"""A member of a group that commits after each record it has seen, until it is killed. ADDRESS"""
import sys

from confluent_kafka import Consumer

consumer = Consumer({
    "bootstrap.servers": sys.argv[1],
    "group.id": "takeover",
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "session.timeout.ms": 3000,
    "heartbeat.interval.ms": 300,
})


def given(consumer, partitions):
    print("given", len(partitions), flush=True)


consumer.subscribe(["shared"], on_assign=given)
count = 0
while True:
    message = consumer.poll(1)
    if message is None or message.error():
        continue
    print("seen", message.partition(), message.offset(), flush=True)
    count += 1
    if count % 7 == 0:
        consumer.commit(message, asynchronous=False)

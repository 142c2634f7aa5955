"""A static member (KIP-345) that goes and comes back does not disturb the other. ADDRESS"""
import sys

from confluent_kafka import Consumer

given = {"a": [], "b": []}


def member(name):
    consumer = Consumer({
        "bootstrap.servers": sys.argv[1],
        "group.id": "static",
        "group.instance.id": name,
        "session.timeout.ms": 20000,
        "heartbeat.interval.ms": 300,
    })
    consumer.subscribe(["static"], on_assign=lambda _, partitions: given[name].append({one.partition for one in partitions}))
    return consumer


def poll_until(consumers, holds):
    for _ in range(300):
        for consumer in consumers:
            consumer.poll(0.05)
        if holds():
            return
    raise AssertionError(given)


a, b = member("a"), member("b")
poll_until([a, b], lambda: all(given.values()) and {len(given["a"][-1]), len(given["b"][-1])} == {2})
before = {name: list(sets) for name, sets in given.items()}
a.close()
a = member("a")
poll_until([a, b], lambda: len(given["a"]) > len(before["a"]))
assert given["a"][-1] == before["a"][-1], given
assert given["b"] == before["b"], given
b.close()
a.close()
print("all as expected")

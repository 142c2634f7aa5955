"""The original's demo: 100 messages over SASL_SSL with a connection string. ADDRESS CERTIFICATE CONNECTION_STRING"""
import sys
from datetime import datetime

from confluent_kafka import Consumer, Producer

address, certificate, password = sys.argv[1:]
common = {
    "bootstrap.servers": address,
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": certificate,
    "sasl.mechanism": "PLAIN",
    "sasl.username": "$ConnectionString",
    "sasl.password": password,
}


def delivered(error, message):
    assert error is None, error
    print("sent", message.partition(), message.offset(), message.value().decode(), flush=True)


producer = Producer(common)
for number in range(100):
    text = f"Hi, welcome at Integrate - msg # {number} at {datetime.now():%H:%M:%S}"
    producer.produce("integrate", text, on_delivery=delivered)
assert producer.flush(20) == 0

consumer = Consumer(common | {"group.id": "$Default", "auto.offset.reset": "earliest"})
consumer.subscribe(["integrate"])
for _ in range(100):
    message = consumer.poll(20)
    assert message is not None and message.error() is None, message and message.error()
    print("read", message.partition(), message.offset(), message.value().decode(), flush=True)
consumer.close()

"""A key that may only send, and one that is wrong. ADDRESS CERTIFICATE SENDER WRONG"""
import sys

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

address, certificate, sender, wrong = sys.argv[1:]


def settings(password):
    return {
        "bootstrap.servers": address,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": certificate,
        "sasl.mechanism": "PLAIN",
        "sasl.username": "$ConnectionString",
        "sasl.password": password,
    }


outcomes = []
producer = Producer(settings(sender))
for topic in ("open", "closed"):
    producer.produce(topic, b"value", on_delivery=lambda error, _: outcomes.append(error and error.name()))
assert producer.flush(20) == 0
assert sorted(map(str, outcomes)) == ["None", "TOPIC_AUTHORIZATION_FAILED"], outcomes

consumer = Consumer(settings(sender) | {"group.id": "g", "auto.offset.reset": "earliest"})
consumer.subscribe(["open"])
error = consumer.poll(20).error()
assert error.name() in ("GROUP_AUTHORIZATION_FAILED", "TOPIC_AUTHORIZATION_FAILED"), error
consumer.close()

admin = AdminClient(settings(sender))
try:
    admin.create_topics([NewTopic("mine", 1)])["mine"].result()
    raise AssertionError("created without the right")
except KafkaException as error:
    assert error.args[0].name() == "TOPIC_AUTHORIZATION_FAILED", error

errors = []
stranger = Producer(settings(wrong) | {"error_cb": lambda error: errors.append(error.name())})
for _ in range(100):
    stranger.poll(0.2)
    if "_AUTHENTICATION" in errors:
        break
assert "_AUTHENTICATION" in errors, errors
print("all as expected")

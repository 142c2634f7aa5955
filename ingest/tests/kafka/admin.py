"""What administrators do, with confluent-kafka."""
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

address = sys.argv[1]
admin = AdminClient({"bootstrap.servers": address})


def refused(future, code):
    try:
        future.result()
    except KafkaException as error:
        assert error.args[0].name() == code, error
    else:
        raise AssertionError(f"not refused with {code}")


config = {"retention.ms": "3600000", "max.message.bytes": "65536"}
for future in admin.create_topics([NewTopic("made", 2, 1, config=config)]).values():
    future.result()
refused(admin.create_topics([NewTopic("made", 2)])["made"], "TOPIC_ALREADY_EXISTS")
refused(admin.create_topics([NewTopic("many", 33)])["many"], "INVALID_PARTITIONS")
refused(admin.create_topics([NewTopic("copies", 1, 3)])["copies"], "INVALID_REPLICATION_FACTOR")
refused(admin.create_topics([NewTopic("a b", 1)])["a b"], "TOPIC_EXCEPTION")
refused(admin.create_topics([NewTopic("odd", 1, config={"no.such": "1"})])["odd"], "INVALID_CONFIG")

resource = ConfigResource(ConfigResource.Type.TOPIC, "made")
described = admin.describe_configs([resource])[resource].result()
assert described["retention.ms"].value == "3600000" and not described["retention.ms"].is_default
assert described["cleanup.policy"].value == "delete"

admin.create_partitions([NewPartitions("made", 5)])["made"].result()
refused(admin.create_partitions([NewPartitions("made", 3)])["made"], "INVALID_PARTITIONS")
assert len(admin.list_topics(timeout=10).topics["made"].partitions) == 5

cluster = admin.describe_cluster().result()
assert len(cluster.nodes) == 1 and f"{cluster.nodes[0].host}:{cluster.nodes[0].port}" == address

failures = []
producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "message.max.bytes": 200000})
for number in range(50):
    producer.produce("made", b"%d" % number, partition=4, on_delivery=lambda error, _: error and failures.append(error))
producer.produce("made", b"x" * 100000, partition=0, on_delivery=lambda error, _: error and failures.append(error))
assert producer.flush(20) == 0
assert [error.name() for error in failures] == ["MSG_SIZE_TOO_LARGE"], failures

settings = {"bootstrap.servers": address, "group.id": "group-1", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
consumer = Consumer(settings)
consumer.subscribe(["made"])
messages = []
while len(messages) < 50:
    messages += consumer.consume(50, timeout=20)
assert [int(one.value()) for one in messages] == list(range(50))
consumer.commit(asynchronous=False)
listed = {group.group_id: group.state.name for group in admin.list_consumer_groups().result().valid}
assert listed == {"group-1": "STABLE"}, listed
described = admin.describe_consumer_groups(["group-1"])["group-1"].result()
assert described.state.name == "STABLE" and len(described.members) == 1
assert len(described.members[0].assignment.topic_partitions) == 5
refused(admin.delete_consumer_groups(["group-1"])["group-1"], "NON_EMPTY_GROUP")
consumer.close()

consumer = Consumer(settings)
kept = consumer.committed([TopicPartition("made", 4), TopicPartition("made", 3)], timeout=20)
assert [one.offset for one in kept] == [50, -1001], kept
consumer.close()
admin.delete_consumer_groups(["group-1"])["group-1"].result()
assert admin.list_consumer_groups().result().valid == []
admin.delete_topics(["made"])["made"].result()
refused(admin.delete_topics(["made"])["made"], "UNKNOWN_TOPIC_OR_PART")
print("all as expected")

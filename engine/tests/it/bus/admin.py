"""The official administration client at the enterprise queues. Says what it saw as JSON."""

import datetime
import json
import sys

import requests
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.servicebus.management import CorrelationRuleFilter, ServiceBusAdministrationClient, SqlRuleFilter

base = sys.argv[1]
said = {}


class Plain(RequestsTransport):
    """The client insists on TLS, which a server on loopback does without."""

    def send(self, request, **kwargs):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **kwargs)


namespace = base.replace("http://", "sb://")
connection = f"Endpoint={namespace};SharedAccessKeyName=root;SharedAccessKey=root-key-of-the-test"
client = ServiceBusAdministrationClient.from_connection_string(connection, transport=Plain(), retry_total=0)


def refused(ask, kind):
    try:
        ask()
    except kind as error:
        return error.status_code
    return None


minutes = lambda count: datetime.timedelta(minutes=count)
created = client.create_queue(
    "orders",
    lock_duration=minutes(1),
    max_delivery_count=3,
    requires_duplicate_detection=True,
    duplicate_detection_history_time_window=minutes(5),
    default_message_time_to_live=minutes(10),
    dead_lettering_on_message_expiration=True,
    forward_to="jobs",
)
there = client.get_queue("orders")
said["queue"] = [
    there.name,
    there.lock_duration.total_seconds(),
    there.max_delivery_count,
    there.duplicate_detection_history_time_window.total_seconds(),
    there.default_message_time_to_live.total_seconds(),
    there.dead_lettering_on_message_expiration,
    there.requires_session,
    there.forward_to.rsplit("/", 1)[1],
]
there.max_delivery_count = 7
client.update_queue(there)
said["updated"] = client.get_queue("orders").max_delivery_count
said["queues"] = [queue.name for queue in client.list_queues()]
said["exists"] = refused(lambda: client.create_queue("orders"), ResourceExistsError)
requests.post(f"{base}/jobs/messages", data="x")
said["count"] = client.get_queue_runtime_properties("jobs").active_message_count
client.delete_queue("orders")
said["deleted"] = refused(lambda: client.get_queue("orders"), ResourceNotFoundError)

client.create_topic("news")
said["topics"] = [topic.name for topic in client.list_topics()]
client.create_subscription("news", "some")
client.create_subscription("news", "all", lock_duration=minutes(2))
said["subscriptions"] = [one.name for one in client.list_subscriptions("news")]
said["lock"] = client.get_subscription("news", "all").lock_duration.total_seconds()
said["default rule"] = [rule.name for rule in client.list_rules("news", "some")]
client.create_rule("news", "some", "sure", filter=SqlRuleFilter("confidence > 0.9"))
client.create_rule("news", "some", "lane", filter=CorrelationRuleFilter(label="read", properties={"lane": 7, "open": True}))
client.delete_rule("news", "some", "$Default")
said["rules"] = [rule.name for rule in client.list_rules("news", "some")]
said["filter"] = client.get_rule("news", "some", "sure").filter.sql_expression
lane = client.get_rule("news", "some", "lane").filter
said["correlation"] = [lane.label, lane.properties]
client.delete_rule("news", "some", "sure")
client.delete_rule("news", "some", "lane")
said["no rules"] = [rule.name for rule in client.list_rules("news", "some")]
requests.post(f"{base}/news/messages", data="x")
runtime = {one.name: one.active_message_count for one in client.list_subscriptions_runtime_properties("news")}
said["counts"] = runtime
client.delete_subscription("news", "some")
client.delete_topic("news")
said["gone"] = refused(lambda: client.get_subscription("news", "all"), ResourceNotFoundError)

print(json.dumps(said))

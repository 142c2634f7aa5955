"""Says what the official client sees: the same script at the vendor's emulator and at tollgate must say the same.

usage: client.py PORT

Connects by UseDevelopmentStorage=true, at another port than the emulator's own: the transport changes it.
"""

import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import (
    AccessPolicy, AccountSasPermissions, BinaryBase64DecodePolicy, BinaryBase64EncodePolicy, CorsRule, QueueAnalyticsLogging,
    QueueClient, QueueSasPermissions, QueueServiceClient, ResourceTypes, RetentionPolicy, generate_account_sas,
    generate_queue_sas)

PORT = int(sys.argv[1])
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
URL = f"http://127.0.0.1:10001/{ACCOUNT}"
NOW = datetime.now(timezone.utc)
HOUR = timedelta(hours=1)
# Tries until something that takes a second or two has come.
TRIES = 2000


class Elsewhere(RequestsTransport):
    """Goes to PORT where the client goes to 10001. Host and port are not signed."""

    def send(self, request, **kwargs):
        parts = urlsplit(request.url)
        assert parts.port == 10001, request.url
        request.url = parts._replace(netloc=f"127.0.0.1:{PORT}").geturl()
        return super().send(request, **kwargs)


HOW = {"transport": Elsewhere(), "retry_total": 0}
service = QueueServiceClient.from_connection_string("UseDevelopmentStorage=true", **HOW)
last = {}


def seen(response):
    headers = response.http_response.headers
    last["status"] = response.http_response.status_code
    for name in ("x-ms-request-id", "x-ms-version", "Date"):
        # Where its generated layer refuses, the emulator says 400 and nothing else.
        assert headers.get(name) or last["status"] == 400, (name, dict(headers))
    # The emulator does not always echo it.
    own = response.http_request.headers["x-ms-client-request-id"]
    assert headers.get("x-ms-client-request-id", own) == own, (own, dict(headers))


def say(what, call, *args, show=lambda result: "", bare=False, **kwargs):
    """Says what became of a call; `bare`: without the error's code, since the emulator sends none."""
    last.clear()
    try:
        result = call(*args, raw_response_hook=seen, **kwargs)
        # Lists ask when they are looked at.
        shown = show(result)
        print(f"{what}: {last.get('status')} {shown}".rstrip())
        return result
    except HttpResponseError as error:
        code = error.error_code
        print(f"{what}: {error.status_code} {'' if bare else getattr(code, 'value', code)}".rstrip())
    except (AzureError, ValueError) as error:
        print(f"{what}: {type(error).__name__}")
    return None


def names(pages):
    return [queue.name for queue in pages]


def texts(messages):
    return [message.content for message in messages]


def counted(messages):
    return [(message.content, message.dequeue_count) for message in messages]


def peeked(queue, **kwargs):
    return texts(queue.peek_messages(max_messages=32))


def queue_of(name, credential=None, **kwargs):
    return QueueClient(URL, name, credential=credential or KEY, **HOW, **kwargs)


def queues():
    first = service.get_queue_client("trans-a")
    say("create", first.create_queue)
    say("create the same again", first.create_queue)
    say("create with other metadata", first.create_queue, metadata={"lane": "7"})
    say("create another", service.get_queue_client("trans-b").create_queue, metadata={"lane": "7", "a_b": "x y"})
    say("create it again", service.get_queue_client("trans-b").create_queue, metadata={"a_b": "x y", "lane": "7"})
    say("create a third", service.get_queue_client("trans-c").create_queue)
    say("list", service.list_queues, name_starts_with="trans-", show=names)
    say("list others", service.list_queues, name_starts_with="none-", show=names)
    pages = service.list_queues(name_starts_with="trans-", results_per_page=2).by_page()
    print("list by page:", [names(page) for page in pages])
    say("list with metadata", service.list_queues, name_starts_with="trans-", include_metadata=True,
        show=lambda pages: [(queue.name, sorted(queue.metadata.items())) for queue in pages])
    two = service.get_queue_client("trans-b")
    both = lambda properties: (properties.approximate_message_count, sorted(properties.metadata.items()))
    say("properties", two.get_queue_properties, show=both)
    say("set metadata", two.set_queue_metadata, {"lane": "8"})
    say("properties now", two.get_queue_properties, show=both)
    say("delete", two.delete_queue)
    say("delete twice", two.delete_queue)
    say("properties of none", two.get_queue_properties)
    say("delete the third", service.get_queue_client("trans-c").delete_queue)
    for name in ("ab", "x" * 64, "Abc", "a--b", "-ab", "ab-", "a_b", "a.b"):
        say(f"create {name}", service.get_queue_client(name).create_queue)
    return first


def messages(queue):
    sent = say("put", queue.send_message, "one")
    span = sent.expires_on - sent.inserted_on
    print("lives for", span, "and is named", bool(sent.id and sent.pop_receipt))
    say("put signs and line ends", queue.send_message, "<b>&amp; \"q\" 'a' ü 中 🚗\ttab\nline</b>")
    forever = say("put for ever", queue.send_message, "three", time_to_live=-1)
    print("for ever is", forever.expires_on.isoformat())
    say("count", queue.get_queue_properties, show=lambda properties: properties.approximate_message_count)
    say("peek one", queue.peek_messages, show=counted)
    say("peek all", queue.peek_messages, max_messages=32, show=counted)
    got = say("get one", queue.receive_message, show=lambda message: (message.content, message.dequeue_count))
    print("the same id:", got.id == sent.id, "another receipt:", got.pop_receipt != sent.pop_receipt)
    print("not to be seen", peeked(queue))
    say("delete by the first receipt", queue.delete_message, sent.id, sent.pop_receipt)
    changed = say("update", queue.update_message, got.id, got.pop_receipt, content="ONE", visibility_timeout=0)
    # In what order is not said by either.
    print("after the update", sorted(peeked(queue)))
    say("update by the old receipt", queue.update_message, got.id, got.pop_receipt, visibility_timeout=5)
    say("delete by the old receipt", queue.delete_message, got.id, got.pop_receipt)
    say("renew", queue.update_message, got.id, changed.pop_receipt, visibility_timeout=0)
    again = [message for message in queue.receive_messages(max_messages=32)]
    print("get all", sorted(counted(again)))
    say("nothing is left", queue.receive_message, show=lambda message: message)
    one = next(message for message in again if message.content == "ONE")
    say("delete", queue.delete_message, one)
    say("delete twice", queue.delete_message, one)
    say("delete what never was", queue.delete_message, "00000000-0000-0000-0000-000000000000", one.pop_receipt)
    say("delete by nonsense", queue.delete_message, "nonsense", "nonsense")
    say("count with hidden ones", queue.get_queue_properties, show=lambda properties: properties.approximate_message_count)
    say("clear", queue.clear_messages)
    say("count", queue.get_queue_properties, show=lambda properties: properties.approximate_message_count)


def bounds(queue):
    say("a message of 64 KiB", queue.send_message, "x" * 65536)
    say("and a byte", queue.send_message, "x" * 65537)
    say("signs of 64 KiB", queue.send_message, "<" * 65536)
    say("and two bytes", queue.send_message, "x" * 65535 + "ü")
    print("kept", [len(text) for text in peeked(queue)])
    say("empty", queue.send_message, "")
    for seconds in (-1, 604801):
        say(f"put hidden for {seconds}", queue.send_message, "x", visibility_timeout=seconds)
    for seconds in (0, -1, 604801):
        say(f"get hidden for {seconds}", queue.receive_message, visibility_timeout=seconds)
    say("hidden for 7 days", queue.receive_message, visibility_timeout=604800, show=lambda message: len(message.content))
    for seconds in (0, -2):
        say(f"put living for {seconds}", queue.send_message, "x", time_to_live=seconds, bare=seconds < 0)
    say("hidden for longer than it lives", queue.send_message, "x", visibility_timeout=10, time_to_live=10)
    for most in (0, 33):
        say(f"peek {most}", queue.peek_messages, max_messages=most, show=texts, bare=most == 0)
    say("list none", service.list_queues, results_per_page=0, show=names, bare=True)
    none = service.get_queue_client("trans-none")
    for what, call in (("put", lambda **kw: none.send_message("x", **kw)), ("get", none.receive_message),
                       ("peek", none.peek_messages), ("clear", none.clear_messages),
                       ("delete", lambda **kw: none.delete_message("x", "x", **kw)),
                       ("update", lambda **kw: none.update_message("x", "x", content="y", **kw)),
                       ("metadata", lambda **kw: none.set_queue_metadata({}, **kw)),
                       ("policies", none.get_queue_access_policy)):
        say(f"{what} at no queue", call)
    queue.clear_messages()


def until(call):
    """Asks until there is something."""
    for _ in range(TRIES):
        if (got := call()):
            return got
    raise AssertionError("it never came")


def time_passes(queue):
    queue.send_message("late")
    first = queue.receive_message(visibility_timeout=1)
    second = until(lambda: queue.receive_message(visibility_timeout=1))
    print("back after its second:", second.content, second.dequeue_count)
    say("delete by the first holder", queue.delete_message, first)
    until(lambda: queue.peek_messages())
    say("delete by a holder whose time is over, where nobody else has it", queue.delete_message, second)
    queue.send_message("hidden", visibility_timeout=1)
    print("not yet:", queue.receive_message())
    print("then:", until(queue.receive_message).content)
    queue.clear_messages()
    queue.send_message("gone", time_to_live=1)
    until(lambda: not queue.peek_messages())
    say("expired", queue.receive_message, show=lambda message: message)
    queue.clear_messages()


def encoded():
    queue = queue_of("trans-a", message_encode_policy=BinaryBase64EncodePolicy(),
                     message_decode_policy=BinaryBase64DecodePolicy())
    queue.send_message(bytes(range(256)))
    print("any bytes in base64:", queue.receive_message().content == bytes(range(256)))
    queue.clear_messages()


def keys(queue):
    wrong = {"account_name": ACCOUNT, "account_key": KEY[:8] + "AAAA" + KEY[12:]}
    say("a wrong key", queue_of("trans-a", wrong).get_queue_properties)
    say("another account", queue_of("trans-a", {"account_name": "other", "account_key": KEY}).get_queue_properties)
    nobody = QueueClient(URL, "trans-a", credential=AzureSasCredential("sv=2024-05-04"), **HOW)
    say("no key", nobody.get_queue_properties)

    def account(**kwargs):
        token = {"resource_types": ResourceTypes(service=True, container=True, object=True), "expiry": NOW + HOUR,
                 "permission": AccountSasPermissions(read=True, add=True, process=True, list=True), **kwargs}
        return QueueServiceClient(URL, credential=generate_account_sas(ACCOUNT, KEY, **token), **HOW)

    def try_account(what, **kwargs):
        client = account(**kwargs)
        one = client.get_queue_client("trans-a")
        say(f"{what}: list", client.list_queues, name_starts_with="trans-", show=names)
        say(f"{what}: put", one.send_message, "by a signature")
        say(f"{what}: get", one.receive_message, show=lambda message: message and message.content)
        say(f"{what}: clear", one.clear_messages)
        say(f"{what}: policies", one.get_queue_access_policy)

    try_account("account")
    try_account("account over", expiry=NOW - HOUR)
    try_account("account not yet", start=NOW + HOUR)
    try_account("account begun", start=NOW - HOUR)
    try_account("account service alone", resource_types=ResourceTypes(service=True))
    try_account("account may read", permission=AccountSasPermissions(read=True))
    try_account("account https", protocol="https")

    def of_queue(what, name="trans-a", key=KEY, **kwargs):
        one = QueueClient(URL, "trans-a", credential=generate_queue_sas(ACCOUNT, name, key, **kwargs), **HOW)
        say(f"{what}: put", one.send_message, "by a signature")
        say(f"{what}: peek", one.peek_messages, show=texts)
        say(f"{what}: get", one.receive_message, show=lambda message: message and message.content)
        say(f"{what}: clear", one.clear_messages)
        say(f"{what}: delete", one.delete_queue)

    everything = QueueSasPermissions(read=True, add=True, update=True, process=True)
    of_queue("queue", permission=everything, expiry=NOW + HOUR)
    of_queue("queue may add", permission=QueueSasPermissions(add=True), expiry=NOW + HOUR)
    of_queue("queue over", permission=everything, expiry=NOW - HOUR)
    of_queue("queue not yet", permission=everything, expiry=NOW + HOUR, start=NOW + HOUR / 2)
    of_queue("queue of another", name="trans-b", permission=everything, expiry=NOW + HOUR)
    of_queue("queue by a wrong key", key=KEY[:8] + "AAAA" + KEY[12:], permission=everything, expiry=NOW + HOUR)

    policy = AccessPolicy(permission=QueueSasPermissions(read=True, process=True), start=NOW - HOUR, expiry=NOW + HOUR)
    over = AccessPolicy(permission=everything, start=NOW - HOUR, expiry=NOW - HOUR / 2)
    say("no policies", queue.get_queue_access_policy, show=lambda policies: sorted(policies))
    of_queue("no policy", policy_id="reader")
    say("set policies", queue.set_queue_access_policy, {"reader": policy, "over": over})
    say("policies", queue.get_queue_access_policy,
        show=lambda policies: sorted((name, str(policy.permission), policy.expiry > policy.start) for name, policy in policies.items()))
    of_queue("policy", policy_id="reader")
    of_queue("policy over", policy_id="over")
    of_queue("policy that is none", policy_id="other")
    say("six policies", queue.set_queue_access_policy, {f"p{n}": policy for n in range(6)})
    say("no policies again", queue.set_queue_access_policy, {})
    of_queue("policy withdrawn", policy_id="reader")
    queue.clear_messages()


def properties():
    def show(found):
        logging, hours, cors = found["analytics_logging"], found["hour_metrics"], found["cors"]
        return (logging.delete, logging.read, logging.write, logging.retention_policy.days, hours.enabled,
                [(rule.allowed_origins, rule.max_age_in_seconds) for rule in cors])

    say("service", service.get_service_properties, show=show)
    logging = QueueAnalyticsLogging(delete=True, read=False, write=False, retention_policy=RetentionPolicy(enabled=True, days=5))
    say("set logging", service.set_service_properties, analytics_logging=logging)
    say("service now", service.get_service_properties, show=show)
    rule = CorsRule(["http://a.example"], ["GET"], max_age_in_seconds=60)
    say("set rules", service.set_service_properties, cors=[rule])
    say("service then", service.get_service_properties, show=show)
    both = QueueServiceClient(URL, credential=KEY, secondary_hostname=f"127.0.0.1:10001/{ACCOUNT}-secondary", **HOW)
    say("statistics of the second place", both.get_service_stats, show=lambda stats: stats["geo_replication"]["status"])


print("connects to", service.url, "as", service.account_name)
one = queues()
messages(one)
bounds(one)
time_passes(one)
encoded()
keys(one)
properties()
say("delete at last", one.delete_queue)

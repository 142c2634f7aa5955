"""What a user of the enterprise queues does, with requests and nothing else. Says what it saw as JSON."""

import datetime
import email.utils
import json
import sys

import requests

base = sys.argv[1]
session = requests.Session()
said = {}


def send(entity, body, broker=None, **headers):
    if broker is not None:
        headers["BrokerProperties"] = json.dumps(broker)
    return session.post(f"{base}/{entity}/messages", data=body, headers=headers)


def lock(entity, timeout=10):
    return session.post(f"{base}/{entity}/messages/head", params={"timeout": timeout})


def take(entity, timeout=10):
    return session.delete(f"{base}/{entity}/messages/head", params={"timeout": timeout})


def broker(answer):
    return json.loads(answer.headers["BrokerProperties"])


# Sent, locked, completed.
sent = send("jobs", "ABC 123", {"MessageId": "m1", "Label": "plate"}, **{"Content-Type": "text/plain", "Priority": '"High"'})
assert sent.status_code == 201, sent.text
first = lock("jobs")
assert first.status_code == 201
said["first"] = [first.text, broker(first)["MessageId"], broker(first)["DeliveryCount"], first.headers["Priority"], first.headers["Content-Type"]]
location = first.headers["Location"]
said["completed"] = [session.delete(location).status_code, session.delete(location).status_code]

# Renewed, given back, given back too often.
send("jobs", "two", {"MessageId": "m2"})
two = lock("jobs")
said["renewed"] = session.post(two.headers["Location"]).status_code
assert session.put(two.headers["Location"]).status_code == 200
two = lock("jobs")
said["came back"] = [two.text, broker(two)["DeliveryCount"]]
# By id and token, as well as by the address that the answer names.
by_id = f"{base}/jobs/messages/m2/{broker(two)['LockToken']}"
assert session.put(by_id).status_code == 200
dead = take("jobs/$DeadLetterQueue")
said["dead"] = [dead.text, dead.headers["DeadLetterReason"]]

# A lock ends by itself: the next receive waits for that.
send("jobs", "three")
three = lock("jobs")
again = lock("jobs", timeout=20)
said["lock ended"] = [again.text, broker(again)["DeliveryCount"], session.delete(three.headers["Location"]).status_code]
assert session.delete(again.headers["Location"]).status_code == 200

# A batch, one of it scheduled.
soon = email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2), usegmt=True)
batch = [
    {"Body": "a", "UserProperties": {"n": 1}},
    {"Body": "later", "BrokerProperties": {"ScheduledEnqueueTimeUtc": soon}},
    {"Body": "b"},
]
kind = "application/vnd.microsoft.servicebus.json"
answer = session.post(f"{base}/jobs/messages", data=json.dumps(batch), headers={"Content-Type": kind})
assert answer.status_code == 201, answer.text
said["batch"] = [take("jobs").text for _ in batch]

# A topic: one subscription filters, another forwards to the queue.
for label, confidence in [("read", 0.95), ("read", 0.5), ("manual", 0.99)]:
    send("plates", f"{label} {confidence}", {"Label": label}, Confidence=str(confidence))
said["sure"] = [take("plates/subscriptions/sure").text]
assert take("plates/subscriptions/sure", timeout=0).status_code == 204
said["forwarded"] = [take("jobs").text]
said["empty"] = take("jobs", timeout=0).status_code

# What is refused.
unknown = send("nothing-of-that-name", "x")
said["unknown"] = [unknown.status_code, unknown.text[:23]]
said["too large"] = send("jobs", b"x" * ((1 << 20) + 1)).status_code
assert take("jobs", timeout=0).status_code == 204

print(json.dumps(said))

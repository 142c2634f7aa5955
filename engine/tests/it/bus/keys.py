"""Shared access signatures at the enterprise queues, made as the vendor's manual shows. Says what it saw as JSON."""

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.parse

import requests

base = sys.argv[1]
ROOT = ("root", "root-key-of-the-test")
CAMERA = ("camera", "camera-key-of-the-test")


def token(uri, key, lifetime=600):
    name, secret = key
    resource, expiry = urllib.parse.quote_plus(uri), str(int(time.time() + lifetime))
    digest = hmac.new(secret.encode(), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    signature = urllib.parse.quote_plus(base64.b64encode(digest))
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={name}"


def ask(method, path, shown):
    headers = {"Authorization": shown} if shown else {}
    return requests.request(method, f"{base}/{path}", headers=headers, data="x" if path.endswith("messages") else None)


nothing = ask("POST", "jobs/messages", None)
said = {
    "nothing shown": nothing.status_code,
    "body": nothing.text[:23],
    "wrong key": ask("POST", "jobs/messages", token(base, ("root", "another-key-of-the-test"))).status_code,
    "expired": ask("POST", "jobs/messages", token(base, ROOT, lifetime=-1)).status_code,
    "other queue": ask("POST", "plates/messages", token(base, CAMERA)).status_code,
    "may not receive": ask("POST", "jobs/messages/head?timeout=0", token(base, CAMERA)).status_code,
    "may not create": ask("PUT", "mine", token(base, CAMERA)).status_code,
    "narrowed elsewhere": ask("POST", "jobs/messages", token(f"{base}/plates", ROOT)).status_code,
    "narrowed": ask("POST", "jobs/messages", token(f"{base}/jobs/messages", CAMERA)).status_code,
    "camera": ask("POST", "jobs/messages", token(base, CAMERA)).status_code,
    "root": ask("POST", "jobs/messages/head?timeout=0", token(f"{base}/jobs", ROOT)).status_code,
    "created": ask("PUT", "mine", token(base, ROOT)).status_code,
}
print(json.dumps(said))

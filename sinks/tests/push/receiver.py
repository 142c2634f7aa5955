"""A webhook receiver that reads requests with the CloudEvents SDK: an event a line on stdout. Ends after N POSTs."""
import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from cloudevents.core.bindings.http import HTTPMessage, from_http_event, from_structured_event

secret, posts = sys.argv[1].encode(), int(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_OPTIONS(self):
        self.answer(200, WebHook_Allowed_Origin=self.headers["WebHook-Request-Origin"])

    def do_POST(self):
        global posts
        body = self.rfile.read(int(self.headers["content-length"]))
        t, v1 = (part.split("=", 1)[1] for part in self.headers["tollgate-signature"].split(","))
        wanted = hmac.new(secret, t.encode() + b"." + body, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(wanted, v1)
        if self.headers["content-type"].startswith("application/cloudevents-batch+json"):
            # The SDK has no word for batches: their elements are events in structured mode.
            one = {"content-type": "application/cloudevents+json"}
            bodies = [json.dumps(event).encode() for event in json.loads(body)]
            events = [from_structured_event(HTTPMessage(headers=one, body=body)) for body in bodies]
        else:
            events = [from_http_event(HTTPMessage(headers=dict(self.headers), body=body))]
        for event in events:
            plate = event.get_data()["licensePlateText"]
            print(json.dumps({"id": event.get_id(), "genuine": genuine, "plate": plate}), flush=True)
        posts -= 1
        self.answer(204)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.timeout = 20
Handler.timeout = 20
while posts > 0:
    server.handle_request()

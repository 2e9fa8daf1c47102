"""AWS as recorded bytes after a fixed wait, in a process of its own: for rates beyond any sandbox's.

It answers who calls, what a role lends, and a page of equal groups, whatever the account and region;
nothing is kept of what it was asked but a count.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from urllib3 import PoolManager

from bench.fleets import FLEETS, REGION, TAG
from cloudsync_aws.sandbox import Sandbox

LATENCY: Final = 0.05
GROUPS: Final = 20


def _recorded() -> dict[str, bytes]:
    """One answer of each kind, as the sandbox gives it to the SDK."""
    with Sandbox(regions=(REGION,)) as sandbox:
        for number in range(GROUPS):
            sandbox.seed_group(
                region=REGION, name=f"mail-{number}", tags=dict([TAG]),
                permissions=FLEETS["equal"](number),
            )  # fmt: skip
        asked = {
            "DescribeSecurityGroups": ("ec2", {
                "Action": "DescribeSecurityGroups", "Version": "2016-11-15", "MaxResults": "1000",
                "Filter.1.Name": f"tag:{TAG[0]}", "Filter.1.Value.1": TAG[1],
            }),
            "GetCallerIdentity": ("sts", {"Action": "GetCallerIdentity", "Version": "2011-06-15"}),
            "AssumeRole": ("sts", {
                "Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "cloudsync",
                "RoleArn": "arn:aws:iam::123456789012:role/cloudsync",
            }),
        }  # fmt: skip
        pool = PoolManager()
        return {
            action: pool.request_encode_body(
                "POST", sandbox.url, fields, encode_multipart=False,
                headers={"Authorization": f"AWS4-HMAC-SHA256 Credential=A/20260101/{REGION}/"
                         f"{service}/aws4_request"},
            ).data
            for action, (service, fields) in asked.items()
        }  # fmt: skip


def _serve() -> None:
    answers = _recorded()
    counted: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            action = body.split(b"Action=", 1)[1].split(b"&", 1)[0].decode()
            counted[action] += 1
            time.sleep(LATENCY)
            answer = answers[action]
            self.send_response_only(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "AKIASTUB",
        "AWS_SECRET_ACCESS_KEY": "stub",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    _say(environment)
    for _ in sys.stdin:
        _say(dict(counted))
        counted.clear()


def _say(words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve()

"""A server and its neighbours, each in a network namespace, in which exports are tried for real.

``python -m tests.export.lab SCENARIO`` is started in a namespace of its own. It makes another one
for the neighbours, joins the two, and takes the steps of the scenario, a JSON list: ``["greet"]`` has
the server greet on ports 25 and 587, ``["cloudsync", ARGUMENT, …]`` runs the command on the server, ``["run", PROGRAM, ARGUMENT, …]``
another program, ``["probe"]`` connects from every neighbour, ``["dialog"]`` offers a message from each to a real mail server,
``["firewalld", FOLDER]`` starts firewalld with that configuration.
What came of each step is printed as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from cloudsync.cli import main as cloudsync

SERVER = {4: "203.0.113.25", 6: "2001:db8:25::25"}
NEIGHBOURS = {
    "listed": "69.20.58.226",
    "beside the listed": "69.20.58.227",
    "relay": "10.20.1.1",
    "stranger": "8.8.4.4",
    "listed IPv6": "2001:db8:1::1",
    "stranger IPv6": "2001:db8:2::1",
}

BUS = """<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_type="method_return"/><allow send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/>
<allow receive_type="signal"/><allow receive_type="error"/></policy></busconfig>
"""

# Runs among the neighbours: connects from each source, and says what it met.
PROBE = """
import json, socket, sys
answers = []
for source, target, port in json.loads(sys.argv[1]):
    try:
        with socket.create_connection((target, port), 3, source_address=(source, 0)) as client:
            client.settimeout(3)
            answers.append(client.recv(3).decode())
    except ConnectionRefusedError:
        answers.append("refused")
    except OSError as error:
        answers.append(type(error).__name__)
print(json.dumps(answers))
"""
# Runs among the neighbours: offers a message from each source; gives the code at the recipient.
DIALOG = """
import concurrent.futures, json, smtplib, sys

def offer(pair):
    source, target = pair
    try:
        with smtplib.SMTP(target, 25, "test.example", 8, source_address=(source, 0)) as client:
            client.helo()
            client.mail("a@example.com")
            return str(client.rcpt("root@test.example")[0])
    except (OSError, smtplib.SMTPException) as error:
        return type(error).__name__

with concurrent.futures.ThreadPoolExecutor() as pool:
    print(json.dumps(list(pool.map(offer, json.loads(sys.argv[1])))))
"""
# Runs among the neighbours: a mail server that the server may want to send to.
OUTSIDE = """
import socket
with socket.create_server(("8.8.4.4", 25)) as server:
    print("ready", flush=True)
    while True:
        client, _ = server.accept()
        client.sendall(b"220 outside")
        client.close()
"""


def call(*argv: str) -> str:
    """Run a program that must end well."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def greet(port: int) -> None:
    """Serve a banner on a port, for both families, for as long as the process lives."""
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)

    def serve() -> None:
        while True:
            client, _ = server.accept()
            with client:
                client.sendall(b"220 server")

    threading.Thread(target=serve, daemon=True).start()


def join(pid: int) -> list[str]:
    """Connect this namespace with that of ``pid``; how a program is started there."""
    there = ["nsenter", "-t", str(pid), "-n"]
    call("ip", "link", "set", "lo", "up")
    call("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(pid))
    call("ip", "addr", "add", f"{SERVER[4]}/32", "dev", "v0")
    call("ip", "addr", "add", f"{SERVER[6]}/128", "dev", "v0", "nodad")
    call("ip", "link", "set", "v0", "up")
    call(*there, "ip", "link", "set", "lo", "up")
    for name, address in NEIGHBOURS.items():
        bits = "128" if "IPv6" in name else "32"
        more = ["nodad"] if "IPv6" in name else []
        call(*there, "ip", "addr", "add", f"{address}/{bits}", "dev", "v1", *more)
    call(*there, "ip", "link", "set", "v1", "up")
    for family in ("-4", "-6"):
        call("ip", family, "route", "add", "default", "dev", "v0")
        call(*there, "ip", family, "route", "add", "default", "dev", "v1")
    return there


def outbound() -> str:
    """What the server meets when it sends to outside."""
    try:
        with socket.create_connection(("8.8.4.4", 25), 3) as client:
            return client.recv(3).decode()
    except OSError as error:
        return type(error).__name__


def probe(there: list[str]) -> dict[str, str]:
    """What each neighbour meets on port 25, a stranger on 587, and the server outside and at home."""
    asked = [
        [address, SERVER[6 if "IPv6" in name else 4], 25] for name, address in NEIGHBOURS.items()
    ]
    asked.append([NEIGHBOURS["stranger"], SERVER[4], 587])
    said = json.loads(call(*there, sys.executable, "-c", PROBE, json.dumps(asked)))
    answers = dict(zip([*NEIGHBOURS, "stranger on 587"], said, strict=True))
    with socket.create_connection(("127.0.0.1", 25), 3) as client:
        answers["the server itself"] = client.recv(3).decode()
    return answers | {"outbound": outbound()}


def dialog(there: list[str]) -> dict[str, str]:
    """What each neighbour is told when it offers a message for a local recipient."""
    asked = [[address, SERVER[6 if "IPv6" in name else 4]] for name, address in NEIGHBOURS.items()]
    said = json.loads(call(*there, sys.executable, "-c", DIALOG, json.dumps(asked)))
    return dict(zip(NEIGHBOURS, said, strict=True))


def firewalld(folder: str, started: list[subprocess.Popen[Any]]) -> str:
    """Start firewalld on a bus of its own; its state when it runs."""
    place = Path(tempfile.mkdtemp())
    (place / "bus.conf").write_text(BUS.format(place / "bus"), encoding="ascii")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={place / 'bus'}"
    nowhere = subprocess.DEVNULL
    daemon = ["dbus-daemon", f"--config-file={place / 'bus.conf'}", "--nofork"]
    started.append(subprocess.Popen(daemon, stdout=nowhere, stderr=nowhere))
    wall = ["firewalld", "--nofork", "--nopid", "--system-config", folder, "--log-file", str(place / "log")]  # fmt: skip
    for _ in range(40):
        time.sleep(0.1)
        if (place / "bus").exists():
            break
    started.append(subprocess.Popen(wall, stdout=nowhere, stderr=nowhere))
    for _ in range(100):
        time.sleep(0.1)
        state = subprocess.run(
            ["firewall-cmd", "--state"], capture_output=True, text=True, check=False
        )
        if state.returncode == 0:
            return "running"
    return "not running"


def command(words: list[str]) -> list[Any]:
    """How ``cloudsync WORDS`` ends: its code and what it says. In this process, for its import's sake."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cloudsync(words)
    return [code, out.getvalue(), err.getvalue()]


def main(scenario: list[list[str]]) -> int:
    """Take the steps, and print what came of each."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    started: list[subprocess.Popen[Any]] = []
    held = subprocess.Popen(["unshare", "-n", "sleep", "600"])
    started.append(held)
    try:
        mine = Path("/proc/self/ns/net").readlink()
        for _ in range(100):
            if Path(f"/proc/{held.pid}/ns/net").readlink() != mine:
                break
            time.sleep(0.05)
        there = join(held.pid)
        outside = subprocess.Popen([*there, sys.executable, "-c", OUTSIDE], stdout=subprocess.PIPE)
        started.append(outside)
        assert outside.stdout is not None
        outside.stdout.readline()
        results: list[Any] = []
        for word, *rest in scenario:
            if word == "probe":
                results.append(probe(there))
            elif word == "greet":
                greet(25)
                greet(587)
                results.append("greeting")
            elif word == "dialog":
                results.append(dialog(there))
            elif word == "cloudsync":
                results.append(command(rest))
            elif word == "firewalld":
                results.append(firewalld(rest[0], started))
            else:
                ran = subprocess.run(rest, capture_output=True, text=True, check=False)
                results.append([ran.returncode, ran.stdout, ran.stderr])
        sys.stdout.write(json.dumps(results))
    finally:
        for one in reversed(started):
            one.kill()
            one.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))

"""From nothing to a closed port, as a stranger goes: by what init writes and the program says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cloudsync.preflight import ask
from tests.e2e.world import LIST, SCOPE, WORLD4, WORLD6, Clock, World, tcp
from tests.preflight.nameserver import Zone, serving
from tests.preflight.test_ask import DOMAIN, FILTERS, OWN, records


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Zone, str]]:
    """The domain's name servers, and where they are: on loopback, not at port 53."""
    made, servers = Zone(records(*FILTERS)), ask.Servers
    with serving(made) as (host, port):

        def there(named: tuple[tuple[str, int], ...], _port: int) -> ask.Servers:
            return servers(named, port, 0.5, 1)

        monkeypatch.setattr(ask, "Servers", there)
        yield made, f"{host}:{port}"


def uncommented(text: str, **values: str) -> str:
    """A file with these commented keys taken up, each with another value."""
    for key, value in values.items():
        text, found = re.subn(rf"(?m)^( *)# {key}: .*?(  #.*)?$", rf"\1{key}: {value}\2", text)
        assert found == 1, key
    return text


def test_a_stranger_gets_from_init_to_a_closed_port(
    world: World, clock: Clock, zone: tuple[Zone, str]
) -> None:
    """A week of clean looks arms, a person approves, and the port is closed to all but the list."""
    group = world.group("mail", *tcp(WORLD4, WORLD6), *tcp(WORLD4, port=443))
    assert world.run("init").code == 0
    file = world.folder / "cloudsync.yaml"
    text = uncommented(
        file.read_text(encoding="utf-8"), preflight=f'{{nameservers: ["{zone[1]}"]}}',
        domains=f"[{DOMAIN}]", own_addresses=f"[{OWN}]", path="direct", internal="keep",
    )  # fmt: skip
    text = text.replace("source: bundled", "source: list.txt").replace("article39  #", "cidr  #")
    file.write_text(text, encoding="utf-8")
    world.accepted()

    # Watched: the worker looks at the domain by itself, and changes nothing.
    assert world.run("run", "--once").code == 0
    clock.pass_(days=2)
    assert world.run("run", "--once").code == 0
    ran = world.run("preflight")
    assert (ran.code, ran.out.splitlines()[0]) == (
        4,
        "shop.test: clean, has been clean for 2 d of 7 d",
    )
    assert world.mutations == []

    # Told to enforce while the name servers send mail past the filter, and then to the filter alone.
    file.write_text(text.replace("mode: watch", "mode: enforce"), encoding="utf-8")
    zone[0].records |= records(*FILTERS, "30 own.shop.test.")
    assert world.run("preflight").code == 4
    ran = world.run("run", "--once")
    assert (ran.code, WORLD4 in world.networks(group)) == (4, True)
    assert set(LIST) <= set(world.networks(group))
    assert "cloudsync approve" not in ran.out
    zone[0].records |= records(*FILTERS)
    for _ in range(4):
        clock.pass_(days=2)
        assert world.run("run", "--once").code == 4
        assert WORLD4 in world.networks(group)

    clock.pass_(days=1)

    # Armed: what is left to say is a person's word.
    assert world.run("preflight").code == 0
    said = world.run("run", "--once").out
    approve = re.search(r"cloudsync (approve sha256:[0-9a-f]{64})", " ".join(said.split()))
    assert approve, said
    ran = world.run(*approve[1].split(), "--by", "ann", "--reason", "seen")
    assert ran.code == 0, ran
    ran = world.run("run", "--once")
    assert ran.code == 0, ran
    explained = world.run("explain", "9.9.9.9", f"{SCOPE}/{group}")
    assert "9.9.9.9" in explained.out
    inside = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}
    left = set(world.networks(group)) - set(LIST)
    assert inside <= left
    assert WORLD6 not in left
    assert world.marks(group)[WORLD4] == ""  # of port 443 alone

from __future__ import annotations

from pathlib import Path

import pytest

from tests.export.labs import APPLIED, CLOSED, OPEN, Lab


@pytest.mark.parametrize("form", ["nftables", "ipset", "firewalld"])
def test_a_listed_sender_is_greeted_and_another_is_refused(form: str, tmp_path: Path) -> None:
    """On a real kernel: before it everybody is greeted, after it the list and the relays alone.

    Sending out works, 587 and the server itself are left alone, IPv6 is closed; twice is as once.
    """
    lab = Lab(tmp_path, form)
    before, unapplied, applied, after, again, still, matches = lab.run(
        ["probe"], lab.check, lab.apply, ["probe"], lab.apply, ["probe"], lab.check
    )
    assert before == OPEN
    assert unapplied[0] == 2
    assert applied == [0, APPLIED.format(form, 4), ""]
    assert after == CLOSED
    assert again == applied
    assert still == CLOSED
    assert matches == [
        0,
        f"{lab.file}: matches, 4 networks.\nthis server: matches, 4 networks.\n",
        "",
    ]


@pytest.mark.parametrize(
    ("form", "tool", "script"),
    [
        ("nftables", "nft", 'if [ "$1 $2" = "-f {file}" ]; then grep -v 92.52.89.74 "$2" | REAL -f -; else exec REAL "$@"; fi'),
        ("ipset", "ipset", 'if [ "$1" = restore ]; then grep -v "new 92.52.89.74" | REAL restore; else exec REAL "$@"; fi'),
        ("firewalld", "firewall-cmd", 'said=$(REAL "$@"); code=$?; echo "$said" | sed s/92.52.89.74//; exit $code'),
    ],
    ids=["nftables", "ipset", "firewalld"],
)  # fmt: skip
def test_what_is_read_back_wrong_is_taken_back(
    form: str, tool: str, script: str, tmp_path: Path
) -> None:
    """An address that got lost on the way is noticed, and the former state is there again, files too."""
    lab = Lab(tmp_path, form)
    lab.disturb(tool, script.replace("{file}", str(lab.file)))
    applied, after = lab.run(lab.apply, ["probe"])
    assert applied[0] == 3
    assert applied[1] == ""
    assert "1 IPv4 address can't connect (92.52.89.74/32)" in applied[2]
    assert applied[2].endswith(
        "What was there before is back. Look at the server, then run this again.\n"
    )
    assert after == OPEN
    assert sorted(tmp_path.glob("**/cloudsync-smtp*")) == []
    assert not lab.file.is_file()


@pytest.mark.parametrize("form", ["nftables", "ipset"])
def test_a_bad_line_leaves_what_was_there(form: str, tmp_path: Path) -> None:
    """Where the program takes a part of the file amiss, the list of before goes on, whole."""
    lab = Lab(tmp_path, form)
    tool = "nft" if form == "nftables" else "ipset"
    script = {
        "nft": f'if [ "$1" = -f ] && [ -e {tmp_path}/break ]; then printf "table inet x {{ }}\\nnonsense\\n" | REAL -f -; else exec REAL "$@"; fi',
        "ipset": f'if [ "$1" = restore ] && [ -e {tmp_path}/break ] && [ ! -e {tmp_path}/broken ]; then touch {tmp_path}/broken; sed "s/new 92.52.89.74/new 92.52.89.326/" | REAL restore; else exec REAL "$@"; fi',
    }[tool]
    lab.disturb(tool, script)
    first, _, second, after, check = lab.run(
        lab.apply, ["run", "touch", f"{tmp_path}/break"], lab.apply, ["probe"], lab.check
    )
    assert first == [0, APPLIED.format(form, 4), ""]
    assert second[0] == 3
    assert "What was there before is back." in second[2]
    assert after == CLOSED
    assert check[0] == 0


def test_a_rule_that_opens_the_port_is_seen(tmp_path: Path) -> None:
    """An accept before the jump, a lost jump and a lost last rule are each a mismatch."""
    lab = Lab(tmp_path, "ipset")
    results = lab.run(
        lab.apply,
        ["run", "iptables", "-I", "INPUT", "-j", "ACCEPT"],
        lab.check,
        ["run", "iptables", "-D", "INPUT", "-j", "ACCEPT"],
        ["run", "ip6tables", "-D", "CLOUDSYNC_SMTP", "3"],
        lab.check,
        lab.apply,
        ["run", "iptables", "-D", "INPUT", "1"],
        lab.check,
        lab.apply,
        lab.check,
    )
    head = f"{lab.file}: matches, 4 networks.\nthis server: "
    assert [results[at][:2] for at in (2, 5, 8, 10)] == [
        [2, f"{head}iptables: a rule before the jump may let port 25 in: -A INPUT -j ACCEPT.\n"],
        [2, f"{head}ip6tables: the chain CLOUDSYNC_SMTP isn't as it is written today.\n"],
        [2, f"{head}iptables: nothing jumps to CLOUDSYNC_SMTP, so it isn't asked.\n"],
        [0, f"{head}matches, 4 networks.\n"],
    ]


def test_a_changed_table_is_seen(tmp_path: Path) -> None:
    """A lost rule, a stranger in the set and a lost address are each a mismatch, with numbers."""
    lab = Lab(tmp_path, "nftables")
    results = lab.run(
        lab.apply,
        ["run", "nft", "add", "element", "inet", "cloudsync_smtp", "filter4", "{ 198.51.100.0/24 }"],
        ["run", "nft", "delete", "element", "inet", "cloudsync_smtp", "filter4", "{ 92.52.89.74 }"],
        lab.check,
        lab.apply,
        ["run", "nft", "insert", "rule", "inet", "cloudsync_smtp", "input", "tcp", "dport", "25", "accept"],
        lab.check,
        lab.apply,
        lab.check,
    )  # fmt: skip
    head = f"{lab.file}: matches, 4 networks.\nthis server: "
    assert [results[at][:2] for at in (3, 6, 8)] == [
        [
            2,
            (
                f"{head}1 IPv4 address can't connect (92.52.89.74/32); "
                "256 IPv4 addresses can and should not (198.51.100.0/24).\n"
            ),
        ],
        [2, f"{head}the rules aren't those that are written today.\n"],
        [0, f"{head}matches, 4 networks.\n"],
    ]

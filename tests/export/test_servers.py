from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from cloudsync.export.format import artifact
from cloudsync.export.formats import FORMATS
from tests.export.labs import APPLIED, Lab
from tests.export.lists import LISTS, RELAYS, made
from tests.export.test_formats import EVER, PUBLIC, answers
from tests.needs import BESIDE, namespace, need

WITHOUT_IPV6 = [name for name in LISTS if "IPv6" not in name and name != "5000"]


def text_of(form: str, name: str) -> str:
    """The artifact's text."""
    return artifact(FORMATS[form], made(name, PUBLIC if FORMATS[form].fit.public else RELAYS)).text


def asked(name: str, most: int = 400) -> dict[str, bool]:
    """Who may connect, at as many boundaries as a real program is asked about."""
    whole = answers(name, RELAYS)
    step = max(1, len(whole) // most)
    return {one: whole[one] for one in [*sorted(whole)[::step], *EVER]}


def run(*argv: str, stdin: str = "", code: int = 0, **more: str) -> str:
    """What a program printed; it ends as it should, and says nothing on stderr."""
    done = subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", **more},
    )
    assert (done.returncode, done.stderr) == (code, ""), done
    return done.stdout


@pytest.mark.parametrize("name", LISTS)
def test_postfix_reads_the_table_as_it_is_meant(name: str, tmp_path: Path) -> None:
    """``postmap`` answers permit or reject at both sides of every boundary, without a warning."""
    postmap = need("postmap", "Postfix' own reader of the table is asked")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n", "utf-8")
    table = tmp_path / "cloudsync.cidr"
    table.write_text(text_of("postfix", name), "utf-8")
    wanted = asked(name, 4_000)
    said = run(
        postmap, "-c", str(tmp_path), "-q", "-", f"cidr:{table}", stdin="\n".join([*wanted, ""])
    )
    assert dict(line.split("\t") for line in said.splitlines()) == {
        one: "permit" if let_in else "reject" for one, let_in in wanted.items()
    }


@pytest.fixture
def seen() -> Iterator[Path]:
    """A folder that a server can look into when it has become a user of its own; pytest's can't be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


MAIN = """\
compatibility_level = 3.6
queue_directory = {0}/queue
data_directory = {0}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {0}/maillog
maillog_file_prefixes = {0}
myhostname = test.example
mydestination = test.example
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
postscreen_cache_map =
postscreen_greet_wait = 1s
smtpd_peername_lookup = no
"""
MASTER = """\
postlog   unix-dgram n  -       n       -       1       postlogd
cleanup   unix  n       -       n       -       0       cleanup
anvil     unix  -       -       n       -       1       anvil
rewrite   unix  -       -       n       -       -       trivial-rewrite
proxymap  unix  -       -       n       -       -       proxymap
tlsproxy  unix  -       -       n       -       0       tlsproxy
dnsblog   unix  -       -       n       -       0       dnsblog
"""
SCREENED = "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"
RESTRICTED = "smtp inet n - n - - smtpd\n"


def postfix(folder: Path, lab: Lab, master: str, *settings: str) -> None:
    """The configuration of a Postfix of its own, in which the table is put to use as the help says."""
    conf = folder / "conf"
    for place in (conf, folder / "queue", folder / "data"):
        place.mkdir()
    for place in (conf, folder / "queue"):
        place.chmod(0o755)
    (conf / "main.cf").write_text(MAIN.format(folder), "utf-8")
    (conf / "master.cf").write_text(MASTER + master, "utf-8")
    run("chown", "postfix", str(folder / "data"))
    lab.env["MAIL_CONFIG"] = str(conf)
    steps = " ".join(FORMATS["postfix"].help.apply)
    for words in settings:
        told = words.replace(str(lab.file), "/etc/postfix/cloudsync.cidr")
        assert told in steps, "the help says something else than what is tried"
        flag = "-P" if words.startswith("smtp/inet") else "-e"
        run(need("postconf", "a Postfix of its own is set up"), "-c", str(conf), flag, words)


@pytest.mark.parametrize("way", ["postscreen", "smtpd"])
def test_a_real_postfix_takes_mail_from_the_list_alone(way: str, seen: Path) -> None:
    """Both ways that the help names: whoever is listed may name a recipient, whoever isn't gets 55x.

    A list that changes counts after the next --apply, and one that is read back wrong is taken back.
    """
    namespace("Postfix changes to users of its own, which root alone can", root=True)
    lab = Lab(seen, "postfix")
    if way == "postscreen":
        settings = [
            f"postscreen_access_list = permit_mynetworks, cidr:{lab.file}",
            "postscreen_denylist_action = enforce",
        ]
        postfix(seen, lab, SCREENED, *settings)
    else:
        settings = [
            (
                "smtp/inet/smtpd_client_restrictions="
                f"permit_mynetworks,check_client_access,cidr:{lab.file},reject"
            ),
        ]
        postfix(seen, lab, RESTRICTED, *settings)
    lists = seen / "list.txt"
    results = lab.run(
        lab.apply,
        ["run", "postfix", "start"],
        ["dialog"],
        ["run", "sh", "-c", f"echo 8.8.4.4 >> {lists}"],
        lab.program("list", "accept", "--yes"),
        lab.apply,
        ["dialog"],
        lab.check,
        ["run", "postfix", "stop"],
    )
    idle = "export postfix: Postfix isn't running; it reads the table when it starts.\n"
    assert results[0] == [0, APPLIED.format("postfix", 4), idle]
    first = {name: code[:2] for name, code in results[2].items()}
    assert first == {
        "listed": "25",
        "beside the listed": "55",
        "relay": "25",
        "stranger": "55",
        "listed IPv6": "25",
        "stranger IPv6": "55",
    }
    assert results[5] == [0, APPLIED.format("postfix", 5), ""]
    assert {name: code[:2] for name, code in results[6].items()} == first | {"stranger": "25"}
    assert results[7][0] == 0


def test_a_table_that_postfix_reads_otherwise_is_taken_back(tmp_path: Path) -> None:
    """Where the installed table answers wrong, the former one is back, byte for byte."""
    lab = Lab(tmp_path, "postfix")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n", "utf-8")
    (tmp_path / "master.cf").write_text(RESTRICTED, "utf-8")
    lab.env["MAIL_CONFIG"] = str(tmp_path)
    lab.file.write_text("before\n", "utf-8")
    lab.disturb(
        "postmap",
        f'case "$*" in *{lab.file}*) REAL "$@" | grep -v 69.20.58.226;; *) REAL "$@";; esac',
    )
    (applied,) = lab.run(lab.apply)
    assert applied == [
        3,
        "",
        ("postfix: the table says nothing of 69.20.58.226, which is listed. "
        "What was there before is back. Look at the server, then run this again.\n"),
    ]  # fmt: skip
    assert lab.file.read_text("utf-8") == "before\n"


def test_postfix_that_does_not_ask_is_named(tmp_path: Path) -> None:
    """A table nobody asks stops nobody: it is put in place, and the command ends with 2 and says so."""
    lab = Lab(tmp_path, "postfix")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n", "utf-8")
    (tmp_path / "master.cf").write_text(RESTRICTED, "utf-8")
    lab.env["MAIL_CONFIG"] = str(tmp_path)
    screen = f"postscreen_access_list = cidr:{lab.file}"
    unasked, _, ignored = lab.run(lab.apply, ["run", "postconf", "-e", screen], lab.apply)
    idle = "export postfix: Postfix isn't running; it reads the table when it starts.\n"
    assert unasked == [
        2,
        APPLIED.format("postfix", 4),
        (f"{idle}export postfix: Postfix doesn't ask cidr:{lab.file} yet, so it stops nobody; "
        "cloudsync export postfix --format-help says how it does.\n"),
    ]  # fmt: skip
    assert ignored == [
        2,
        APPLIED.format("postfix", 4),
        (f"{idle}export postfix: postscreen_denylist_action is ignore, so postscreen lets in whoever "
        "the table refuses; set it to enforce.\n"),
    ]  # fmt: skip


EXIM = """\
primary_hostname = test.example
spool_directory = {0}/spool
{1}
begin acl
{2}
"""


def in_passwd(folder: Path) -> str:
    """A script's first lines: the users that the mail servers want, for this namespace alone."""
    for name, line in (
        ("passwd", "Debian-exim:x:65533:65533::/:/bin/false\n"),
        ("group", "Debian-exim:x:65533:\n"),
    ):
        whole = Path("/etc", name).read_text("utf-8") + line
        (folder / name).write_text(whole, "utf-8")
    return f"mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group"


def test_exim_greets_the_list_alone(seen: Path) -> None:
    """``exim4 -bh`` plays a connection from each boundary with the lines that the help tells to write."""
    start = namespace("Exim wants a user of its own, made for it alone", root=True)
    exim = need("exim4", "it plays connections from the list", below="usr/sbin")
    hosts = seen / "cloudsync.hosts"
    hosts.write_text(text_of("exim", "today with IPv6"), "utf-8")
    told = " ".join(FORMATS["exim"].help.apply)
    lines = [
        line.replace("/etc/exim4/cloudsync.hosts", str(hosts))
        for line in re.findall(r"`([^`]+)`", told)
    ]
    main, acl = lines[:2], [lines[2], *(f"  {line}" for line in lines[3:7])]
    assert [main[1], acl[0]] == ["acl_smtp_connect = acl_cloudsync", "acl_cloudsync:"]
    config = seen / "exim.conf"
    config.write_text(EXIM.format(seen, "\n".join(main), "\n".join(acl)), "utf-8")
    wanted = asked("today with IPv6", 40)
    script = [in_passwd(seen), f"chown root {config} {hosts}"]
    play = f"echo QUIT | {exim} -C {config} -oMi 203.0.113.25"
    script += [f'echo "= {one}"; {play}.25 -bh {one} 2>&1' for one in wanted]
    script.append(f'echo "= on 587"; {play}.587 -bh 8.8.4.4 2>&1')
    said = subprocess.run(
        [*start, "sh", "-c", "\n".join(script)], capture_output=True, text=True, check=True
    ).stdout
    met = dict(re.findall(r"^= (.+)\n(?:(?!= ).*\n)*?(220|550) ", said, re.MULTILINE))
    assert met == {one: "220" if let_in else "550" for one, let_in in wanted.items()} | {
        "on 587": "220"
    }


SENDMAIL = """\
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME',`test.example')dnl
define(`confDONT_BLAME_SENDMAIL',`MapInUnsafeDirPath,GroupWritableDirPathSafe')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`delay_checks')dnl
MAILER(`local')dnl
"""


@pytest.mark.parametrize("name", ["2009", "today"])
def test_sendmail_refuses_whoever_has_no_longer_key(name: str, tmp_path: Path) -> None:
    """The real rules look each boundary up in a map that makemap made, and refuse by default."""
    start = namespace(
        "Sendmail reads /etc/mail, made for it alone, and changes its user", root=True
    )
    m4 = need("m4", "Sendmail's rules are made with it")
    makemap = need("makemap", "it makes the map", below="usr/libexec/sendmail")
    sendmail = need("sendmail", "its rules are asked", below="usr/libexec/sendmail")
    cf = BESIDE / "usr/share/sendmail/cf"
    etc = tmp_path / "etc"
    (etc / "mail").mkdir(parents=True)
    (tmp_path / "server.mc").write_text(SENDMAIL, "utf-8")
    rules = run(m4, f"-D_CF_DIR_={cf}/", str(cf / "m4/cf.m4"), str(tmp_path / "server.mc"))
    for file in ("sendmail.cf", "submit.cf"):
        (etc / "mail" / file).write_text(rules, "utf-8")
    (etc / "mail" / "access.txt").write_text(text_of("sendmail", name), "utf-8")
    wanted = asked(name, 200) | {"127.0.0.1": True, "::1": True}
    keys = {one: f"IPv6:{one}" if ":" in one else one for one in wanted}
    (etc / "mail" / "ask").write_text(
        "".join(f"A <{key}> <?> <+ Connect> <>\n" for key in keys.values()), "utf-8"
    )
    for file in ("passwd", "group", "nsswitch.conf"):
        (etc / file).write_bytes(Path("/etc", file).read_bytes())
    # It would wait a minute for a name of its own with a dot in it.
    own = f"127.0.0.1 test.example {os.uname().nodename} localhost\n"
    (etc / "hosts").write_text(own, "utf-8")
    script = (
        f"mount --bind {etc} /etc && {makemap} hash /etc/mail/access < /etc/mail/access.txt"
        f" && {sendmail} -C /etc/mail/sendmail.cf -bt < /etc/mail/ask"
    )
    said = subprocess.run([*start, "sh", "-c", script], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    met: dict[str, str] = {}
    for answer in re.split(r"^> ", said.stdout, flags=re.MULTILINE)[1:]:
        begun = re.match(r"A +input: < ([^>]+) >", answer)
        ended = re.findall(r"returns: < (\w+) >", answer)
        if begun and ended:
            met[begun[1].replace(" ", "")] = ended[-1]
    assert met == {keys[one]: "OK" if let_in else "REJECT" for one, let_in in wanted.items()}


def test_makemap_takes_every_list(tmp_path: Path) -> None:
    """No key stands twice and none lacks its right side, whatever the relays are."""
    start = namespace("makemap reads /etc/mail, which is made for it alone")
    makemap = need("makemap", "it makes the map", below="usr/libexec/sendmail")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "sendmail.cf").write_text("", "utf-8")
    script = [f"mkdir -p {tmp_path}/etc; mount -t tmpfs none {tmp_path}/etc"]
    for number, name in enumerate(WITHOUT_IPV6):
        (tmp_path / f"{number}").write_text(text_of("sendmail", name), "utf-8")
        script.append(
            f"{makemap} -C {tmp_path}/mail/sendmail.cf hash {tmp_path}/{number}.db < {tmp_path}/{number} || exit 1"
        )
    ran = subprocess.run(
        [*start, "sh", "-c", "\n".join(script)], capture_output=True, text=True, check=False
    )
    said = [line for line in ran.stderr.splitlines() if "World writable directory" not in line]
    assert (ran.returncode, said) == (0, [])


def test_opensmtpd_takes_the_table(tmp_path: Path) -> None:
    """``smtpd -n`` takes the lines that the help tells to write."""
    smtpd = need("smtpd", "it checks its configuration", below="usr/sbin")
    table = tmp_path / "cloudsync"
    table.write_text(text_of("opensmtpd", "today with IPv6"), "utf-8")
    told = re.findall(r"`([^`]+)`", FORMATS["opensmtpd"].help.apply[0])
    conf = tmp_path / "smtpd.conf"
    first = told[1].replace("/etc/mail/cloudsync", str(table))
    conf.write_text(
        f'{first}\naction "local_mail" mbox\nlisten on lo port 2525\n{told[2]}\n', "utf-8"
    )
    done = subprocess.run(
        [smtpd, "-n", "-f", str(conf)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "configuration OK\n")


@pytest.mark.parametrize("form", ["exchange", "exchange-online", "windows-firewall"])
def test_the_scripts_are_powershell(form: str) -> None:
    """A real grammar finds no error, whatever a list calls its addresses; and it can find one."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    for name in ("2009", "today", "hostile", "500"):
        script = text_of(form, name)
        assert not parser.parse(script.encode()).root_node.has_error
    broken = text_of(form, "2009").replace("$want = @(", "$want = @((", 1)
    assert parser.parse(broken.encode()).root_node.has_error


@pytest.mark.parametrize("name", ["hostile", "5000 with IPv6"])
def test_the_kernels_tools_take_every_list(name: str, tmp_path: Path) -> None:
    """nft, ipset and iptables take the long and the hostile list, and say nothing of it."""
    # Whoever is root in a namespace of users has too small a buffer for five thousand networks.
    start = namespace("the kernel's own tools are asked", root=True)
    for tool in ("nft", "ipset", "iptables-restore", "ip6tables-restore"):
        need(tool, "it takes what is made for it")
    several: dict[str, Any] = {}
    for form in ("nftables", "ipset"):
        several |= artifact(FORMATS[form], made(name)).files
    for file, text in several.items():
        (tmp_path / file).write_text(text, "utf-8")
    script = (
        "set -e; nft -c -f cloudsync-smtp.nft; nft -f cloudsync-smtp.nft; nft -f cloudsync-smtp.nft\n"
        "ipset restore < cloudsync-smtp.ipset; ipset restore < cloudsync-smtp.ipset\n"
        "for tool in iptables ip6tables; do\n"
        "  $tool-restore --test --noflush < cloudsync-smtp.$tool\n"
        "  $tool-restore --noflush < cloudsync-smtp.$tool; $tool-restore --noflush < cloudsync-smtp.$tool\n"
        "done\n"
        "ipset list cloudsync_smtp4 -o save | grep -c ^add; ipset list cloudsync_smtp6 -o save | grep -c ^add || true"
    )
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run(
        [*start, "sh", "-c", script],
        cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [row.network.version for row in made(name).rows]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [str(rows.count(4)), str(rows.count(6))]


@pytest.mark.parametrize("name", ["hostile", "500 with IPv6"])
def test_firewalld_takes_every_list(name: str, tmp_path: Path) -> None:
    """Its own check has no warning of the files, and reads every entry."""
    tool = need("firewall-offline-cmd", "it checks the files")
    (tmp_path / "firewalld.conf").write_bytes(Path("/etc/firewalld/firewalld.conf").read_bytes())
    for file, text in artifact(FORMATS["firewalld"], made(name)).files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, "utf-8")
    here = f"--system-config={tmp_path}"
    assert run(tool, here, "--check-config") in {"", "success\n"}
    held: list[str] = []
    for family in ("4", "6"):
        held += run(tool, here, f"--ipset=cloudsync-smtp{family}", "--get-entries").split()
    networks = [row.network for row in made(name).rows]
    assert sorted(held) == sorted(
        str(one.network_address) if one.prefixlen == one.max_prefixlen else str(one)
        for one in networks
    )

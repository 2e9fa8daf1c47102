from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network, ip_address, ip_network

import pytest

from cloudsync.addresses import Network
from cloudsync.errors import UsageError
from cloudsync.export.format import Artifact, artifact
from cloudsync.export.formats import FORMATS
from cloudsync.export.material import Material
from tests.export.lists import HOSTILE, LISTS, RELAYS, in_force, made
from tests.export.reread import READERS, Gate

PUBLIC = (IPv4Network("198.51.100.25/32"),)
EVER = ("0.0.0.0", "255.255.255.255", "1.1.1.1", "::", "2001:db8::1", "fe80::1")


def material_for(form: str, name: str) -> Material:
    """The list with relays that the format can see."""
    return made(name, PUBLIC if FORMATS[form].fit.public else RELAYS)


def probes(networks: list[Network]) -> set[str]:
    """Both sides of each boundary, and some that are never listed."""
    asked: set[str] = set(EVER)
    for network in networks:
        first, last = int(network[0]), int(network[-1])
        kind = type(network[0])
        for one in (first - 1, first, last, last + 1):
            if 0 <= one < 1 << network.max_prefixlen:
                asked.add(str(kind(one)))
    return asked


def expected(networks: list[Network], asked: set[str]) -> dict[str, bool]:
    """Who may connect, from the networks themselves: those that hold an address, by its length."""
    held = {
        version: {
            (length, int(one[0]))
            for one in networks
            if one.version == version
            for length in (one.prefixlen,)
        }
        for version in (4, 6)
    }
    lengths = {version: {length for length, _ in held[version]} for version in (4, 6)}
    answers: dict[str, bool] = {}
    for text in asked:
        address = ip_address(text)
        bits = address.max_prefixlen
        answers[text] = any(
            (length, int(address) >> (bits - length) << (bits - length)) in held[address.version]
            for length in lengths[address.version]
        )
    return answers


def test_every_format_has_a_reader_of_its_own() -> None:
    """The reader that judges a format is named, and shares no code with it."""
    assert sorted(READERS) == sorted(FORMATS)


@cache
def tried(form: str, name: str) -> Artifact | UsageError:
    """The artifact, or why the format can't hold the list."""
    try:
        return artifact(FORMATS[form], material_for(form, name))
    except UsageError as refused:
        return refused


@cache
def answers(name: str, relays: tuple[Network, ...]) -> dict[str, bool]:
    """Who may connect, at both sides of every boundary of the list."""
    networks = [row.network for row in made(name, relays).rows]
    wanted = expected(networks, probes(networks))
    assert sum(wanted.values()) >= len(networks)
    return wanted


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("form", FORMATS)
def test_exactly_the_list_and_the_relays_may_connect(form: str, name: str) -> None:
    """At both sides of every boundary the artifact says what the list says, or it isn't made."""
    result = tried(form, name)
    if isinstance(result, UsageError):
        assert_told(form, name, result)
        return
    gate = Gate(READERS[form](result.files))
    wanted = answers(name, PUBLIC if FORMATS[form].fit.public else RELAYS)
    assert {one: gate.lets_in(one) for one in wanted} == wanted


def assert_told(form: str, name: str, refused: UsageError) -> None:
    """A refusal is for a reason that the format's fit states, with its numbers."""
    fit = FORMATS[form].fit
    assert (refused.where, refused.done) == (f"export {form}", "Nothing was written.")
    if "IPv6" in name and not fit.ipv6:
        rows = material_for(form, name).rows
        six = [row.network for row in rows if row.network.version == 6]
        assert refused.what == (
            f"{len(six):,} networks of {len(rows):,} are IPv6, the first {six[0]}; "
            "this format takes IPv4 alone"
        )
    else:
        assert f"the most is {fit.most:,} ({fit.because})" in refused.what


def test_the_refusals_are_these() -> None:
    """Which format refuses which list is known: none is refused that could be made."""
    refused = {
        name: sorted(form for form in FORMATS if isinstance(tried(form, name), UsageError))
        for name in ("2009", "today", "hostile", "500", "5000", "500 with IPv6")
    }
    four = sorted(name for name, form in FORMATS.items() if not form.fit.ipv6)
    short = sorted(name for name, form in FORMATS.items() if form.fit.most <= 500)
    scripts = ["exchange", "exchange-online", "iis-smtp", "windows-firewall"]
    assert refused == {
        "2009": [],
        "today": [],
        "hostile": [],
        "500": sorted([*short, "domino"]),
        "5000": sorted([*short, "domino", "sendmail", *scripts]),
        "500 with IPv6": sorted({*short, *four}),
    }


def bytes_of(form: str, source: Material) -> Artifact:
    """The artifact."""
    return artifact(FORMATS[form], source)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_list_makes_the_same_bytes(form: str) -> None:
    """Order of entries and names of nobody don't matter, and no clock does: LF, ASCII, an end of line."""
    networks = [str(entry.network) for entry in LISTS["2009"].entries[:15]]
    relays = PUBLIC if FORMATS[form].fit.public else RELAYS
    from cloudsync.export.material import material

    one = bytes_of(form, material(in_force(*networks), relays, (), "none"))
    other = bytes_of(form, material(in_force(*reversed(networks)), relays[::-1], (), "none"))
    assert one == other
    for text in one.files.values():
        assert text.isascii()
        assert text.endswith("\n")
        assert "\r" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_the_header_says_source_digest_and_count(form: str) -> None:
    """In the artifact, or beside it where a format has no comments."""
    source = material_for(form, "2009")
    result = bytes_of(form, source)
    said = " ".join((result.text + result.about).split())
    assert "Made by cloudsync from bundled" in said
    assert f"list {source.digest}" in said
    number = len(source.rows)
    assert f"{number} networks: 15 of the list, {number - 15} of relays" in said


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("form", FORMATS)
def test_a_name_stays_in_its_comment(form: str, label: str) -> None:
    """Whatever a list calls an address, who may connect stays the same, and so do the lines."""
    from cloudsync.export.material import material

    relays = PUBLIC if FORMATS[form].fit.public else RELAYS
    plain = bytes_of(
        form, material(in_force("69.20.58.226", "2.2.2.2", names=("name",)), relays, (), "none")
    )
    odd = bytes_of(
        form, material(in_force("69.20.58.226", "2.2.2.2", names=(label,)), relays, (), "none")
    )
    assert READERS[form](odd.files) == READERS[form](plain.files)
    assert odd.allowed == plain.allowed
    assert odd.text.count("\n") == plain.text.count("\n")
    for text in odd.files.values():
        assert text.isascii()
        assert text.isprintable() or set(text) - set(map(chr, range(32, 127))) <= {"\n", "\t"}


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_list_is_never_written(form: str) -> None:
    """An allow-list of nobody stops all mail, so it is refused."""
    empty = Material("list.txt", "sha256:0", (), 0, 0)
    with pytest.raises(UsageError) as refused:
        artifact(FORMATS[form], empty)
    assert str(refused.value) == (
        f"export {form}: the list holds no network, and an empty list would stop all mail. "
        "Nothing was written. Look at it with cloudsync list."
    )


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_what_a_person_does(form: str) -> None:
    """Apply, verify and undo are there, and what it takes is stated."""
    from cloudsync.export.advice import page

    text = page(FORMATS[form])
    for heading in ("## Apply", "## Verify", "## Undo"):
        assert text.count(heading) == 1
    assert f"At most {FORMATS[form].fit.most:,} entries" in text


def test_networks_are_real() -> None:
    """The lists are as long as they are called, relays left out."""
    assert {name: len(one.entries) for name, one in LISTS.items()} == {
        "2009": 17, "today": 16, "500": 500, "5000": 5_000, "today with IPv6": 18,
        "500 with IPv6": 500, "5000 with IPv6": 5_000, "hostile": 16,
    }  # fmt: skip
    assert ip_network("5.152.184.128/25") in [row.network for row in made("today").rows]

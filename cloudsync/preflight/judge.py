"""Judges one look at a domain: does mail for it come through the filter alone? It asks nobody.

The rules of MX are RFC 5321 section 5.1 (no MX: the address is one; no CNAME) and RFC 7505 (null).
That *any* record past the filter counts, of whatever preference, is what spammers live by: they
take the last one first, or all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from cloudsync.addresses import INTERNAL, Address, AddressSet
from cloudsync.preflight.seen import Answer, Exchange, Name, Seen
from cloudsync.preflight.verdict import Finding, Ground, Verdict, Weight

MICROSOFT = ("mail.protection.outlook.com", "mx.microsoft")
"""Where Microsoft 365 takes mail for its customers' domains."""

_PAST = "Take the record out, and wait until no cache holds it any more."
_AGAIN = "Ask again, or name other servers under preflight.nameservers."


def judge(seen: Seen, ground: Ground) -> Verdict:
    """The verdict on one look at a domain."""
    found: dict[tuple[str, str], Finding] = {}
    for one in _findings(seen, ground):
        found.setdefault((one.code, one.subject), one)
    order = list(Weight)
    ranked = sorted(
        found.values(), key=lambda one: (order.index(one.weight), one.code, one.subject)
    )
    ttls = [one.ttl for one in seen.answers] + [one.ttl for one in seen.names.values()]
    return Verdict(seen.domain, tuple(ranked), max(ttls, default=0))


def _findings(seen: Seen, ground: Ground) -> Iterator[Finding]:
    for one in seen.answers:
        if one.said == "unknown":
            yield _silent(seen.domain, f"{one.server} didn't say ({one.reason})")
    known = [one for one in seen.answers if one.said != "unknown"]
    if not any(one.authority for one in known):
        yield _silent(seen.domain, "none of its own name servers answered")
    yield from _disagreeing(seen.domain, known)
    told = {(one.said, one.exchanges): one for one in reversed(known)}
    for one in reversed(told.values()):
        yield from _told(one, seen, ground)
    yield from _beside(seen, ground)


def _silent(domain: str, what: str) -> Finding:
    return Finding(
        "DNS_UNAVAILABLE", Weight.UNKNOWN, domain, f"{what}, so nothing is known", _AGAIN
    )


def _disagreeing(domain: str, known: Iterable[Answer]) -> Iterator[Finding]:
    by: dict[object, list[Answer]] = {}
    for one in known:
        by.setdefault((one.said, one.exchanges), []).append(one)
    own = [answers for answers in by.values() if any(one.authority for one in answers)]
    if len(own) > 1:
        parts = "; ".join(
            f"{', '.join(sorted(one.server for one in answers if one.authority))}: "
            f"{_listed(next(one for one in answers if one.authority))}"
            for answers in own
        )
        yield Finding(
            "NS_DISAGREE", Weight.DIRTY, domain, f"its name servers say different things ({parts})",
            "Bring the zone to the same state on all of them.",
        )  # fmt: skip
    for answers in by.values():
        for one in answers:
            if own and answers not in own:
                yield Finding(
                    "CACHE_DIFFERS", Weight.WARN, one.server,
                    f"it still says {_listed(one)}, which none of the domain's own servers does",
                    "Wait. Where it serves the inside only, name public servers under "
                    "preflight.nameservers.",
                )  # fmt: skip


def _listed(answer: Answer) -> str:
    if answer.said != "records":
        return "no MX" if answer.said == "none" else "no such domain"
    return ", ".join(f"{one.preference} {one.name or '.'}" for one in sorted(answer.exchanges))


def _told(answer: Answer, seen: Seen, ground: Ground) -> Iterator[Finding]:
    """What one answer's records mean."""
    domain = seen.domain
    if answer.said == "missing":
        yield Finding(
            "DOMAIN_MISSING", Weight.DIRTY, domain, "there is no such domain",
            "Correct domains:, or register it.",
        )  # fmt: skip
    elif answer.said == "none":
        yield _without_mx(seen)
    elif any(not one.name for one in answer.exchanges):
        if len(answer.exchanges) == 1:
            yield Finding("NULL_MX", Weight.SKIP, domain, "it takes no mail (RFC 7505)")
        else:
            yield Finding(
                "NULL_MX_MIXED", Weight.DIRTY, domain,
                "it says that it takes no mail, and names exchanges beside that",
                "Leave one of the two.",
            )  # fmt: skip
    else:
        yield from _exchanges(answer.exchanges, seen, ground)


def _without_mx(seen: Seen) -> Finding:
    if seen.apex.unknown:
        return _silent(
            seen.domain, f"it has no MX, and its address isn't known ({seen.apex.unknown})"
        )
    if seen.apex.addresses:
        return Finding(
            "IMPLICIT_MX", Weight.DIRTY, seen.domain,
            f"it has no MX, so that mail goes to its own address {_text(seen.apex.addresses)}",
            "Name the filter's exchanges as its MX.",
        )  # fmt: skip
    return Finding(
        "NO_MX", Weight.DIRTY, seen.domain, "it has no MX and no address, so that no mail comes",
        "Name the filter's exchanges as its MX, or take it out of domains:.",
    )  # fmt: skip


def _exchanges(exchanges: Iterable[Exchange], seen: Seen, ground: Ground) -> Iterator[Finding]:
    filters: set[str] = set()
    direct: list[tuple[str, Name]] = []
    for name in sorted({one.name for one in exchanges}):
        found = seen.names.get(name, Name(name, unknown="it wasn't asked for"))
        if under(name, ground.suffixes):
            filters.add(name)
        if found.addresses & ground.own:
            direct.append((name, found))
        else:
            yield from _exchange(name, found, ground)
    others = len({one.name for one in exchanges}) > len(direct)
    for name, found in direct:
        here = _text(found.addresses & ground.own)
        masked = ", though it is named as the filter's" if name in filters else ""
        code = "BACKUP_MX_DIRECT" if others else "NOT_ON_FILTER"
        what = f"its MX {name} leads to the own server {here}{masked}"
        yield Finding(code, Weight.DIRTY, f"{seen.domain} {name}", what, _PAST)
    if filters and not ground.own:
        yield Finding(
            "OWN_UNKNOWN", Weight.ASK, seen.domain,
            "a name of the filter's can lead to the own server, and own_addresses: doesn't say which "
            "addresses that would be",
            "Say own_addresses: [ADDRESS, …]: the public addresses of these machines.",
        )  # fmt: skip
    if filters and len(filters) != 2:
        yield Finding(
            "FILTER_MX_COUNT", Weight.WARN, seen.domain,
            f"the filter's vendor gives out two exchanges, and it names {len(filters)} of them",
            "Compare with what the vendor supplied.",
        )  # fmt: skip


def _exchange(name: str, found: Name, ground: Ground) -> Iterator[Finding]:
    """What is to be said of an exchange that doesn't lead to an own server."""
    if _is_address(name):
        yield Finding(
            "MX_IS_ADDRESS", Weight.DIRTY, name, "its MX is an address, which no MX may be",
            "Name a host.",
        )  # fmt: skip
        return
    if found.alias:
        yield Finding(
            "MX_IS_CNAME", Weight.DIRTY, name, "its MX is an alias, which no MX may be (RFC 5321)",
            "Name the host that it stands for.",
        )  # fmt: skip
    if found.unknown:
        yield _silent(name, f"where this MX leads isn't known ({found.unknown})")
        # What one family said counts, whatever became of the other.
        if not found.addresses:
            return
    if not found.addresses:
        yield Finding("MX_DANGLING", Weight.DIRTY, name, "its MX leads nowhere", _PAST)
    elif AddressSet.of(*found.addresses) & INTERNAL:
        yield Finding(
            "MX_NOT_PUBLIC", Weight.DIRTY, name,
            f"its MX leads to {_text(found.addresses)}, which isn't public",
            "Correct the record; or the name server that was asked serves the inside: name public "
            "ones under preflight.nameservers.",
        )  # fmt: skip
    elif not under(name, ground.suffixes):
        yield _elsewhere(name, found, ground)


def _elsewhere(name: str, found: Name, ground: Ground) -> Finding:
    if under(name, MICROSOFT):
        return Finding(
            "MX_MICROSOFT", Weight.DIRTY, name,
            "its MX is Microsoft 365, so that mail reaches the servers from there, past the filter",
            "Point the MX at the filter; what Microsoft delivers here belongs in also_allow.",
        )  # fmt: skip
    if AddressSet.of(*found.addresses) <= ground.listed:
        return Finding(
            "FILTER_ALIAS_ONLY", Weight.ASK, name,
            f"its MX leads to {_text(found.addresses)}, which the list holds, under another name",
            "If the name is the filter's, add its domain to preflight.filter_suffixes.",
        )  # fmt: skip
    return Finding(
        "MX_ELSEWHERE", Weight.DIRTY, name,
        f"its MX leads to {_text(found.addresses)}, neither the filter's nor an own server: whoever "
        "stores and forwards mail there would be cut off",
        "Take the record out, or name its addresses in also_allow and accept the risk.",
    )  # fmt: skip


def _beside(seen: Seen, ground: Ground) -> Iterator[Finding]:
    """What is worth knowing beside the MX; it holds nothing up."""
    for one in seen.hints:
        if one.addresses & ground.own:
            yield Finding(
                "OLD_NAME", Weight.WARN, one.name,
                f"it leads to the own server {_text(one.addresses & ground.own)}; whoever guesses or "
                "remembers it will be refused there once the target is closed",
            )  # fmt: skip
    if seen.tenant.addresses:
        yield Finding(
            "HYBRID_M365", Weight.WARN, seen.tenant.name,
            "Microsoft 365 takes mail for this domain: a hybrid's mail comes to port 25 from "
            "Microsoft's addresses, and mail sent to that name goes round the filter",
            "Let its connector in by also_allow, and take mail there from the filter alone.",
        )  # fmt: skip
    if ground.groups and seen.discovery.addresses and not seen.discovery.addresses & ground.own:
        yield Finding(
            "SPLIT_DOMAIN", Weight.WARN, seen.discovery.name,
            "its mailboxes are looked for elsewhere too; where the filter's vendor hosts some of them, "
            f"their mail comes from the list's groups {', '.join(ground.groups)}, which aren't chosen",
            "Say shoreline: [GROUP] if that is so.",
        )  # fmt: skip


def under(name: str, suffixes: Iterable[str]) -> bool:
    """Whether ``name`` is one of ``suffixes`` or below it, by whole labels."""
    return any(name == one or name.endswith(f".{one}") for one in suffixes)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _text(addresses: Iterable[Address]) -> str:
    return ", ".join(str(one) for one in sorted(addresses, key=lambda one: (one.version, int(one))))

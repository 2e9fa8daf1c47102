"""What Azure's documents leave open, each question with how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.live.azure import AzureTrial
from tests.live.kit import Question
from tests.live.wire import Heard

_LISTS = {"sourceAddressPrefix": None}


def _about_etags(trial: AzureTrial) -> Sequence[Question]:
    """What an If-Match guards, and which etags move."""

    def stale(changed: str, written: str) -> Callable[[], str]:
        """If-Match with the etag from before ``changed`` was written, on ``written``."""

        def ask() -> str:
            old = trial.fresh(("one", 100), ("two", 200))["etag"]
            trial.put(changed, 100 if changed == "one" else 200, description="changed")
            trial.settle()
            number = {"one": 100, "two": 200}.get(written, 300)
            return trial.put(written, number, match=old, description="again").said

        return ask

    def stale_whole() -> str:
        old = trial.fresh(("one", 100))["etag"]
        trial.put("one", description="changed")
        trial.settle()
        return trial.whole(("one", 100), match=old).said

    def new_rule() -> str:
        now = trial.fresh(("one", 100))["etag"]
        return trial.put("new", 300, match=now).said

    def etags() -> str:
        before = trial.fresh(("one", 100), ("two", 200))
        answered = trial.put("one", description="changed").value.get("etag")
        after = trial.settle()
        one, two = (each["etag"] for each in after["properties"]["securityRules"])
        return ", ".join(
            (
                f"the group's {_changed(before['etag'], after['etag'])}",
                f"the other rule's {_changed(before['etag'], two)}",
                f"all alike: {_yes(one == two == after['etag'])}",
                f"the answer's still holds: {_yes(answered == after['etag'])}",
            )
        )

    return (
        Question("etags", "Which etags does a rule's write change?", etags),
        Question(
            "stale other", "If-Match on a rule, after another one changed", stale("two", "one")
        ),
        Question("stale own", "If-Match on a rule, after it changed itself", stale("one", "one")),
        Question(
            "stale new", "If-Match with an old etag on a rule that isn't there", stale("one", "new")
        ),
        Question(
            "fresh new", "If-Match with the group's etag on a rule that isn't there", new_rule
        ),
        Question("stale whole", "If-Match on the whole group, after a rule changed", stale_whole),
    )


def questions(trial: AzureTrial) -> Sequence[Question]:
    """Every question, in the order in which they are asked."""

    def writes() -> str:
        trial.fresh()
        made = trial.put("one")
        trial.settle()
        again = trial.put("one", description="changed")
        trial.settle()
        gone = trial.ask("DELETE", f"{trial.nsg}/securityRules/one")
        trial.settle()
        none = trial.ask("DELETE", f"{trial.nsg}/securityRules/one")
        return ", ".join(_how(heard) for heard in (made, again, gone, none))

    def back(field: str, **sent: Any) -> Callable[[], str]:
        def ask() -> str:
            trial.fresh()
            heard = trial.put("one", **sent)
            if heard.status >= 400:
                return heard.said
            found = trial.settle()["properties"]["securityRules"][0]["properties"]
            plural = field + ("es" if field.endswith("Prefix") else "s")
            return f"{field} {found.get(field)!r}, {plural} {found.get(plural)!r}"

        return ask

    def refused(**sent: Any) -> Callable[[], str]:
        def ask() -> str:
            trial.fresh(("there", 100))
            said: dict[str, Any] = {"priority": 200, **sent}
            return trial.put("one", **said).said

        return ask

    def dropped() -> str:
        trial.fresh(("one", 100), ("two", 200))
        after = trial.fresh(("three", 300))
        return ", ".join(each["name"] for each in after["properties"]["securityRules"])

    def exchanged() -> str:
        trial.fresh(("one", 100), ("two", 200))
        return trial.whole(("one", 200), ("two", 100)).said

    def busy() -> str:
        trial.fresh()
        return f"{trial.put('one').said}, {trial.put('two', 200).said}"

    def missing() -> str:
        trial.fresh()
        return trial.ask("GET", f"{trial.nsg}/securityRules/none").said

    def seen_at_once() -> str:
        trial.fresh()
        trial.put("one")
        heard = trial.ask("GET", f"{trial.nsg}/securityRules/one")
        return _yes(heard.status == 200)

    return (
        *_about_etags(trial),
        Question("writes", "How are a create, an update and two deletes answered?", writes),
        Question("busy", "Two writes, the second before the first is done", busy),
        Question("at once", "Is a rule read back at once?", seen_at_once),
        Question("overlap", "Prefixes of one rule that overlap",
                 back("sourceAddressPrefix", **_LISTS,
                      sourceAddressPrefixes=["192.0.2.0/24", "192.0.2.0/25"])),
        Question("list of one", "How does a list of one come back?",
                 back("sourceAddressPrefix", **_LISTS, sourceAddressPrefixes=["192.0.2.0/24"])),
        Question("ports of one", "How does a list of one port come back?",
                 back("destinationPortRange", destinationPortRange=None,
                      destinationPortRanges=["25"])),
        Question("protocol", "How does the protocol TCP come back?",
                 back("protocol", protocol="TCP")),
        Question("everyone", "How does 0.0.0.0/0 come back?",
                 back("sourceAddressPrefix", sourceAddressPrefix="0.0.0.0/0")),
        Question("everyone 6", "How does ::/0 come back?",
                 back("sourceAddressPrefix", sourceAddressPrefix="::/0")),
        Question("long form", "How does an IPv6 prefix in long form come back?",
                 back("sourceAddressPrefix", sourceAddressPrefix="2001:0DB8:0000::/48")),
        Question("host bits", "A prefix with host bits", refused(sourceAddressPrefix="192.0.2.1/24")),
        Question("families", "Prefixes of both families",
                 refused(**_LISTS, sourceAddressPrefixes=["192.0.2.0/24", "2001:db8::/32"])),
        Question("tag in a list", "A tag in a list of one",
                 refused(**_LISTS, sourceAddressPrefixes=["Internet"])),
        Question("nothing", "No source at all", refused(**_LISTS)),
        Question("both", "The singular and the plural field together",
                 refused(sourceAddressPrefixes=["198.51.100.0/24"])),
        Question("priority", "A priority of 99", refused(priority=99)),
        Question("conflict", "A priority that is taken", refused(priority=100)),
        Question("description", "A description of 141 characters", refused(description="x" * 141)),
        Question("port", "A port range that isn't one", refused(destinationPortRange="25,26")),
        Question("dropped", "Which rules are left of a whole write that names another one?", dropped),
        Question("exchanged", "Two priorities exchanged in one write", exchanged),
        Question("missing", "A rule that isn't there", missing),
    )  # fmt: skip


def _changed(before: str, after: str) -> str:
    return "stays" if before == after else "changes"


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _how(heard: Heard) -> str:
    names = {name.lower() for name in heard.headers}
    polled = [name for name in ("azure-asyncoperation", "location", "retry-after") if name in names]
    return " ".join([heard.said, *polled])

"""What is worked out once of a network's rules."""

from __future__ import annotations

from dataclasses import replace

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync_gcp.layers import exposed
from tests.providers.gcp.networks import EVERYONE, MX, SMTP, network, rule


def test_an_exposure_is_one_value_for_each_target_and_port() -> None:
    """The same question gets the very same answer, another target or port gets its own."""
    seen = network(rule(1000, "192.0.2.0/24", tags=("smtp",)))
    assert exposed(seen.layers, SMTP, 25) is exposed(seen.layers, SMTP, 25)
    assert [exposed(seen.layers, *asked).certain for asked in ((SMTP, 25), (MX, 25), (SMTP, 26))] == [
        AddressSet.of("192.0.2.0/24"), NOBODY, NOBODY,
    ]  # fmt: skip


def test_nothing_is_remembered_of_a_network_that_was_changed() -> None:
    """A rule that opens everything shows at once, though the layer was asked before it came."""
    seen = network(rule(1000, "192.0.2.0/24"))
    assert exposed(seen.layers, SMTP, 25).possible == AddressSet.of("192.0.2.0/24")
    layer = seen.own
    assert layer is not None
    opened = seen.editing(replace(layer, rules=(*layer.rules, rule(900, *EVERYONE[0]))))
    assert exposed(opened.layers, SMTP, 25).possible == AddressSet.of("0.0.0.0/0")
    assert exposed(seen.layers, SMTP, 25).possible == AddressSet.of("192.0.2.0/24")
    assert seen == network(rule(1000, "192.0.2.0/24"))

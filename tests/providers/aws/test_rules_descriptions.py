from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync_aws.descriptions import sanitised

# From the EC2 API reference, written down anew so that a slip in the product shows.
ALPHABET = set(string.ascii_letters + string.digits + " ._-:/()#,@[]+=&;{}!$*")


@given(st.text(), st.booleans())
def test_any_label(label: str, reference: bool) -> None:
    """Whatever a label holds, EC2 takes it: 255 characters of its alphabet at most."""
    found = sanitised(label, reference=reference)
    assert len(found) <= 255
    assert set(found) <= (ALPHABET - {"&"} if reference else ALPHABET)
    assert len(found) == min(len(label), 255)


@given(st.text(alphabet=sorted(ALPHABET), max_size=255))
def test_clean_label(label: str) -> None:
    """A label that EC2 takes stays as it is, and cleaning twice is cleaning once."""
    assert sanitised(label) == label


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("cloudsync/mail list", "cloudsync/mail list"),
        ('Müller\'s "relay"\n<x>', "M_ller_s _relay___x_"),
        ("R&D", "R&D"),
    ],
)
def test_examples(label: str, found: str) -> None:
    """Other characters become underscores, one each."""
    assert sanitised(label) == found

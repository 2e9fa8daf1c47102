"""Who is known on the page, and who isn't, whatever they send."""

from __future__ import annotations

import pytest

from cloudsync.errors import UsageError
from cloudsync.web.doors import PROXY, PROXY_USER, STAYS, TOKENS, Doors, Person, from_here

ANN, BOB = "a" * 24, "b" * 24
SECRET = "s" * 24
DOORS = Doors.of({TOKENS: f"ann={ANN}  bob/second={BOB}", PROXY: SECRET})


def test_a_token_is_its_persons() -> None:
    """As a bearer; a wrong one, a part of one, and none are nobody."""
    assert DOORS.who({"authorization": f"Bearer {ANN}"}, "", 0) == Person("ann")
    bob = DOORS.who({"authorization": f"bearer {BOB}"}, "", 0)
    assert bob
    assert bob == Person("bob", "second")
    assert (bob.may("second"), bob.may("first")) == (True, False)
    for token in ("", ANN[:-1], ANN + "a", SECRET, "ä" * 24):
        assert DOORS.who({"authorization": f"Bearer {token}"}, "", 0) is None
    assert DOORS.who({"authorization": f"Basic {ANN}"}, "", 0) is None


def test_a_proxys_word_counts_with_its_secret_alone() -> None:
    """A name that anybody could send is nobody's; nor is a name that isn't one."""
    sent = {"x-cloudsync-proxy": SECRET, "x-forwarded-user": "ann@example.com"}
    assert DOORS.who(sent, "", 0) == Person("ann@example.com", how="proxy")
    for change in (
        {"x-cloudsync-proxy": "x" * 24}, {"x-cloudsync-proxy": ""}, {"x-forwarded-user": " "},
        {"x-forwarded-user": "a\nb"}, {"x-forwarded-user": "a" * 201},
    ):  # fmt: skip
        assert DOORS.who({**sent, **change}, "", 0) is None
    no_proxy = Doors.of({TOKENS: f"ann={ANN}"})
    assert no_proxy.who({"x-cloudsync-proxy": "", "x-forwarded-user": "ann"}, "", 0) is None
    other = Doors.of({PROXY: SECRET, PROXY_USER: "X-Auth-Email"})
    assert other.who({"x-cloudsync-proxy": SECRET, "x-auth-email": "bob"}, "", 0)


def test_what_the_browser_carries_is_good_for_its_time() -> None:
    """It can't be made, altered, lengthened, or taken to another process."""
    cookie = DOORS.cookie(Person("ann/x", "second"), 100)
    assert DOORS.who({}, cookie, 99 + STAYS) == Person("ann/x", "second")
    assert DOORS.who({}, cookie, 100 + STAYS) is None
    text, _, signature = cookie.partition(".")
    longer = bytes.fromhex(text).decode().replace(str(100 + STAYS), str(1000 + STAYS))
    for bad in ("", ".", text, f"{longer.encode().hex()}.{signature}", f"zz.{signature}", "ff.ä"):
        assert DOORS.who({}, bad, 100) is None
    assert Doors.of({TOKENS: f"ann={ANN}"}).who({}, cookie, 100) is None
    assert DOORS.who({}, DOORS.cookie(Person("ann"), 0), 1) == Person("ann")


def test_a_form_belongs_to_one_person_and_tenant() -> None:
    """What one was shown opens nothing for another."""
    forms = {
        DOORS.form(person, tenant)
        for person in (Person("ann"), Person("bob"), Person("ann", how="proxy"))
        for tenant in ("first", "second")
    }
    assert len(forms) == 6
    shown = DOORS.form(Person("ann"), "first")
    assert DOORS.gave(shown, Person("ann"), "first")
    assert not DOORS.gave(shown, Person("bob"), "first")
    assert not DOORS.gave(shown, Person("ann"), "second")
    assert not DOORS.gave("", Person("ann"), "first")


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site", "origin": "http://h:1", "host": "h:1"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": "http://h:1", "host": "h:1"}, True),
        ({"origin": "http://h:2", "host": "h:1"}, False),
        ({"origin": "null", "host": ""}, False),
        ({"host": "h:1"}, False),
    ],
)
def test_a_form_comes_from_this_site_or_not_at_all(headers: dict[str, str], ours: bool) -> None:
    """What the browser says of where it came from is believed; silence isn't."""
    assert from_here(headers) is ours


@pytest.mark.parametrize("entry", ["ann", f"={ANN}", "ann=short", f"ann={ANN} bob=", f"/x={ANN}"])
def test_a_token_that_could_be_guessed_is_refused(entry: str) -> None:
    """Without showing what stands there."""
    with pytest.raises(UsageError) as refused:
        Doors.of({TOKENS: entry})
    number = entry.count(" ") + 1
    assert str(refused.value) == (
        f"CLOUDSYNC_WEB_TOKENS: entry {number} isn't NAME=TOKEN with 20 characters or more. "
        "Nothing is served. Make a token with: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe())'"
    )


def test_a_secret_that_could_be_guessed_is_refused() -> None:
    """Whoever guesses it is anybody they like."""
    with pytest.raises(UsageError) as refused:
        Doors.of({PROXY: "short"})
    assert str(refused.value) == (
        "CLOUDSYNC_PROXY_SECRET: it has less than 20 characters. Nothing is served. "
        "Choose one that can't be guessed."
    )
    assert not Doors.of({})

"""Who may act on the page: known by a proxy's word, or by a token of their own; it acts for nobody.

``CLOUDSYNC_WEB_TOKENS`` holds ``NAME=TOKEN`` for each person, and ``NAME/TENANT=TOKEN`` for one who
may act for that tenant alone, parted by blanks. ``CLOUDSYNC_PROXY_SECRET`` is what a proxy that
signs people in sends in ``X-Cloudsync-Proxy``, beside the person's name in the header that
``CLOUDSYNC_PROXY_USER`` names. They are read from the environment alone, as every secret is.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable

TOKENS: Final = "CLOUDSYNC_WEB_TOKENS"
PROXY: Final = "CLOUDSYNC_PROXY_SECRET"
PROXY_USER: Final = "CLOUDSYNC_PROXY_USER"
COOKIE: Final = "cloudsync"
STAYS: Final = 8 * 3600
"""Seconds for which somebody who gave a token stays signed in."""

_SHORTEST: Final = 20
_LONGEST_NAME: Final = 200


@immutable
class Person:
    """Somebody who is known: their name, the one tenant they may act for (or all), and how known."""

    name: str
    tenant: str | None = None
    how: str = "token"

    def may(self, tenant: str) -> bool:
        """Whether they may act for ``tenant``."""
        return self.tenant in {None, tenant}


@immutable
class Doors:
    """The ways in. ``key`` signs what a browser carries; it dies with the process."""

    tokens: Mapping[str, Person] = field(default_factory=dict[str, Person])
    proxy: str = ""
    user: str = "x-forwarded-user"
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @staticmethod
    def of(environment: Mapping[str, str]) -> Doors:
        """What the environment says.

        Raises:
            UsageError: a token or the secret is too short, or an entry isn't one.
        """
        tokens: dict[str, Person] = {}
        for number, entry in enumerate(environment.get(TOKENS, "").split(), 1):
            who, _, token = entry.partition("=")
            name, _, tenant = who.partition("/")
            if not name or len(token) < _SHORTEST:
                raise UsageError(
                    TOKENS, f"entry {number} isn't NAME=TOKEN with {_SHORTEST} characters or more",
                    done="Nothing is served.",
                    todo="Make a token with: python3 -c 'import secrets; print(secrets.token_urlsafe())'",
                )  # fmt: skip
            tokens[token] = Person(name, tenant or None)
        proxy = environment.get(PROXY, "")
        if proxy and len(proxy) < _SHORTEST:
            raise UsageError(
                PROXY, f"it has less than {_SHORTEST} characters", done="Nothing is served.",
                todo="Choose one that can't be guessed.",
            )  # fmt: skip
        return Doors(tokens, proxy, environment.get(PROXY_USER, "x-forwarded-user").lower())

    def __bool__(self) -> bool:
        return bool(self.tokens or self.proxy)

    def by_token(self, token: str) -> Person | None:
        """Whose token that is; as slow for a wrong one as for a right one."""
        found = None
        for known, person in self.tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                found = person
        return found

    def who(self, headers: Mapping[str, str], cookie: str, now: float) -> Person | None:
        """Who asks, by the proxy's word, a bearer token, or what the browser was given."""
        secret = headers.get("x-cloudsync-proxy", "")
        if self.proxy and hmac.compare_digest(secret.encode(), self.proxy.encode()):
            name = headers.get(self.user, "").strip()
            if name and len(name) <= _LONGEST_NAME and name.isprintable():
                return Person(name, how="proxy")
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.by_token(token.strip())
        return self._by_cookie(cookie, now)

    def cookie(self, person: Person, now: float) -> str:
        """What the browser of ``person`` carries from now on."""
        said = f"{person.name}/{person.tenant or ''}/{int(now) + STAYS}"
        return f"{said.encode().hex()}.{self._signed('cookie', said)}"

    def form(self, person: Person, tenant: str) -> str:
        """What stands in the forms that ``person`` is shown, and no stranger's page can know."""
        return self._signed("form", f"{person.how}/{person.name}/{tenant}")

    def gave(self, form: str, person: Person, tenant: str) -> bool:
        """Whether ``form`` is what ``person`` was shown in the forms of ``tenant``."""
        return hmac.compare_digest(form.encode(), self.form(person, tenant).encode())

    def _by_cookie(self, cookie: str, now: float) -> Person | None:
        text, _, signature = cookie.partition(".")
        try:
            said = bytes.fromhex(text).decode()
        except ValueError:
            return None
        if not hmac.compare_digest(self._signed("cookie", said).encode(), signature.encode()):
            return None
        name, tenant, until = said.rsplit("/", 2)
        return Person(name, tenant or None) if now < int(until) else None

    def _signed(self, purpose: str, text: str) -> str:
        return hmac.new(self.key, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


def from_here(headers: Mapping[str, str]) -> bool:
    """Whether a form was sent by a page of this very site, as the browser says.

    Sec-Fetch-Site where the browser sends it (Fetch Metadata, W3C), else Origin against Host; one
    that says neither is no browser that can be believed.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    _, scheme, name = headers.get("origin", "").partition("://")
    return bool(scheme and name) and name == headers.get("host", "")

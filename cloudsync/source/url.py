"""An https URL in its parts, or why a text is none; it looks up no name and asks no server."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable

_WRITE: Final = "Write it as https://HOST/PATH, in ASCII."


@immutable
class Url:
    """An https URL in its parts; ``text`` is what the operator wrote."""

    text: str
    host: str
    port: int
    path: str

    @staticmethod
    def of(text: str) -> Url:
        """The URL that ``text`` is.

        Raises:
            UsageError: not https, no host, a password in it, or characters no URL has.
        """
        shown = _without_password(text)
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port or 443
        except ValueError as error:
            raise UsageError(shown, f"this is no URL ({error})", todo=_WRITE) from None
        if parts.scheme.lower() != "https":
            what = f"the scheme is {parts.scheme}, only https is fetched"
            raise UsageError(shown, what, todo=_WRITE)
        if parts.username is not None or parts.password is not None:
            what = "a user or password stands in the URL"
            raise UsageError(shown, what, todo="Take it out: no secret stands in a source.")
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        if not host or not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>'):
            raise UsageError(shown, "this is no URL in plain ASCII", todo=_WRITE)
        return Url(text, host, port, path)

    @property
    def authority(self) -> str:
        """The ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"


def _without_password(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"

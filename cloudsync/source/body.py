"""The body of an answer: whole, within its bytes and unpacked, or refused; it opens no connection."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from cloudsync.errors import SourceRefused
from cloudsync.source.codes import refusal
from cloudsync.source.url import Url

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse, HTTPResponse

_CHUNK: Final = 16_384


def body_of(response: HTTPResponse, url: Url, most: int) -> bytes:
    """The body of ``response``, of ``most`` bytes at most, as sent and once decompressed.

    Raises:
        SourceRefused: ``E_LENGTH``, ``E_TOO_LARGE`` or ``E_COMPRESSION``.
    """
    return _unpacked(_raw(response, url, most), response, url, most)


def _raw(response: HTTPResponse, url: Url, most: int) -> bytes:
    """The body as sent. One without a stated length is refused: cut short, it would look whole."""
    length = response.length_remaining
    if not response.chunked and length is None:
        what = "the answer doesn't say how long it is"
        raise refusal(url.text, "E_LENGTH", what)
    body = bytearray()
    for chunk in response.stream(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > most:
            raise _too_large(url, most)
    if length is not None and len(body) < length:
        what = f"the answer ended after {len(body):,} of {length:,} bytes"
        raise refusal(url.text, "E_LENGTH", what)
    return bytes(body)


def _unpacked(body: bytes, response: BaseHTTPResponse, url: Url, most: int) -> bytes:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding == "identity":
        return body
    if coding not in {"gzip", "x-gzip"}:
        raise refusal(url.text, "E_COMPRESSION", f"the answer is packed as {coding!a}, not gzip")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        # One byte past the limit is enough to know; a bomb isn't unpacked to be weighed.
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise refusal(url.text, "E_COMPRESSION", f"broken gzip ({error})") from None
    if len(plain) > most:
        raise _too_large(url, most)
    if not unpacker.eof or unpacker.unused_data:
        what = "the gzip ends early, or something follows it"
        raise refusal(url.text, "E_COMPRESSION", what)
    return plain


def _too_large(url: Url, most: int) -> SourceRefused:
    return refusal(url.text, "E_TOO_LARGE", f"more than {most:,} bytes")

"""A configuration that was read ahead of time, where its bundle was built; it parses nothing.

Reading a file loads YAML's parser and pydantic, and costs a cold start as much as the cloud's SDK
does. A bundle is built with its file, so its values can be written there as the Python that makes
them. They count only for the very text and release that they were made from; for anything else
the file is read, as everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from importlib import import_module
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any, Final, cast

from cloudsync import __version__
from cloudsync.config.document import Document
from cloudsync.config.models import Config
from cloudsync.config.settings import Settings
from cloudsync.config.target import Place
from cloudsync.config.words import KeyPath

MODULE: Final = "cloudsync_configuration"
"""The module beside a bundle's entry that holds the values."""


def module(config: Config, text: str) -> str:
    """The module that makes ``config`` again, which was read from ``text``; the same each time.

    Raises:
        TypeError: a value in it is of a kind that no configuration holds.
    """
    names = sorted({type(one).__module__ for one in _blocks(config)})
    places = [one.place.document for one in config.targets]
    lines = dict(places[0].lines) if places and places[0] else {}
    return "\n".join([
        '"""cloudsync.yaml as values, made where this bundle was built."""', "",
        "import datetime", "import ipaddress", "",
        *(f"import {name}" for name in names), "",
        f"MADE_FROM = {_stamp(text)!r}",
        f"LINES = {lines!r}",
        f"CONFIG = {_expression(config)}", "",
    ])  # fmt: skip


def read_prebuilt(text: str, path: Path) -> Config | None:
    """The configuration that ``text`` is, where it was read ahead of time; else None.

    ``path`` is named in messages, and its folder counts, as in ``reading.read``.
    """
    try:
        made: Any = import_module(MODULE)
    except ModuleNotFoundError:
        return None
    if _stamp(text) != made.MADE_FROM:
        return None
    config: Config = made.CONFIG
    lines: dict[KeyPath, int] = made.LINES
    document = Document(str(path), {}, lines, {})
    for index, target in enumerate(config.targets):
        target.placed(Place(index, document))
    return config.placed(path.parent.resolve() / path.name)


def _stamp(text: str) -> str:
    """What values have to be made from to count: the release and the file's text."""
    return f"{__version__} {hashlib.sha256(text.encode()).hexdigest()}"


def _blocks(value: Any) -> Iterator[Settings]:
    if isinstance(value, Settings):
        yield value
        for one in fields(value):  # type: ignore[arg-type]  # every block is a dataclass
            yield from _blocks(getattr(value, one.name))
    elif isinstance(value, tuple):
        for member in cast("Sequence[Any]", value):
            yield from _blocks(member)


def _expression(value: Any) -> str:
    """The Python that makes ``value``."""
    match value:
        case Settings():
            # What was left out is left out here, so that it stays known that it was.
            names = [one.name for one in fields(value) if value.states(one.name)]  # type: ignore[arg-type]  # as above
            given = ", ".join(f"{name}={_expression(getattr(value, name))}" for name in names)
            return f"{type(value).__module__}.{type(value).__qualname__}({given})"
        case tuple():
            members = cast("Sequence[Any]", value)
            return f"({''.join(f'{_expression(one)}, ' for one in members)})"
        case dict():
            held = cast("Mapping[Any, Any]", value)
            pairs = (f"{_expression(key)}: {_expression(one)}" for key, one in held.items())
            return f"{{{', '.join(pairs)}}}"
        case IPv4Network() | IPv6Network() | IPv4Address() | IPv6Address():
            return f"ipaddress.{value!r}"
        # A moment is a date, and both begin with their module's name.
        case None | bool() | int() | str() | date() | timedelta():
            return repr(value)
        case _:
            raise TypeError(f"{type(value).__name__} can't be written ahead of time")

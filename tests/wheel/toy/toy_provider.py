"""A provider from somebody else's distribution; it knows its name and reaches nothing."""

from __future__ import annotations

from typing import ClassVar


class Provider:
    """Just enough to be found."""

    name: ClassVar[str] = "toy"

"""Lets the mail filter's addresses, and only these, reach port 25; importing it loads nothing."""

from __future__ import annotations

__version__ = "0.1.0"

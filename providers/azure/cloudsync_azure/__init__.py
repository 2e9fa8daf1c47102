"""Azure network security groups, as a provider of cloudsync."""

from __future__ import annotations

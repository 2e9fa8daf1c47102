"""The demo and the sandbox: the real job against clouds on this machine; it touches no real cloud."""

from __future__ import annotations

from cloudsync.demo.run import run
from cloudsync.demo.serve import serve

__all__ = ["run", "serve"]

"""The demo and the sandbox: the real job against clouds on this machine; it touches no real cloud."""

from __future__ import annotations

from cloudsync.demo.serving import serve
from cloudsync.demo.show import run

__all__ = ["run", "serve"]

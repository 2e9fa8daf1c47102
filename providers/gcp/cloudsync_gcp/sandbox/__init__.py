"""Compute Engine's firewall API on loopback, over the wire, for the demo, the tests and the benchmarks.

It is written from Google's documents, apart from the provider, and imports nothing of it.
"""

from __future__ import annotations

from cloudsync_gcp.sandbox.cloud import Cloud
from cloudsync_gcp.sandbox.faults import Faults
from cloudsync_gcp.sandbox.loopback import Sandbox
from cloudsync_gcp.sandbox.values import Body, Call, Dialect
from cloudsync_gcp.sandbox.wire import Reply, Request

__all__ = ["Body", "Call", "Cloud", "Dialect", "Faults", "Reply", "Request", "Sandbox"]

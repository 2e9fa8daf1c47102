"""Azure's firewall API on loopback, over the wire, for the demo, the tests and the benchmarks.

It is written from the vendor's documents, examples and recorded traffic, apart from the provider,
and imports nothing of it. What these leave open is a switch of ``Dialect``.
"""

from __future__ import annotations

from cloudsync_azure.sandbox.access import Principal
from cloudsync_azure.sandbox.faults import Call, Faults
from cloudsync_azure.sandbox.loopback import Sandbox
from cloudsync_azure.sandbox.values import Dialect
from cloudsync_azure.sandbox.wire import Reply

__all__ = ["Call", "Dialect", "Faults", "Principal", "Reply", "Sandbox"]

"""EC2's firewall API on loopback, over the wire, for the demo, the tests and the benchmarks.

It is written from AWS's documents, apart from the provider, and imports nothing of it.
"""

from __future__ import annotations

from cloudsync_aws.sandbox.faults import Call, Faults
from cloudsync_aws.sandbox.loopback import Sandbox
from cloudsync_aws.sandbox.values import Dialect

__all__ = ["Call", "Dialect", "Faults", "Sandbox"]

"""GCP firewall rules, as a provider of cloudsync."""

from __future__ import annotations

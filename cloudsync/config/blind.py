"""A scope that can't be read, and who answers for that; it reads none."""

from __future__ import annotations

from cloudsync.config.settings import Settings
from cloudsync.config.times import Until
from cloudsync.config.values import Words


class Blind(Settings):
    """A scope that can't be read for now, who answers for that, why, and until when."""

    scope: Words
    """As reports name it: `aws:123456789012/eu-west-1`, or an account, a subscription, a project."""
    owner: Words
    """Who answers for it."""
    reason: Words
    """Why it can't be read."""
    until: Until
    """When it counts again, as in also_allow."""

"""What has to hold before a target is closed: mail for its domains comes through the filter alone.

``seen``, ``judge``, ``quiet``, ``arming``, ``rows``, ``cut``, ``logs`` and ``page`` are pure: answers
in, verdicts out. ``ask`` and ``egress`` ask the network, ``look`` puts it together, ``ledger`` is
what is remembered.
"""

"""A firewall that lives in memory: the contract's first citizen, and no toy; it reaches no network.

It has what the clouds with priorities have: numbers, denies, rules for some machines only, opaque
sources, ties. The core is tried on it before any such cloud comes.
"""

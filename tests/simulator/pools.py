"""The few networks and names that every simulated world is made of, so that rules overlap often."""

from __future__ import annotations

from typing import Final

OURS: Final = "ours"
THEIRS: Final = "theirs"
PORT: Final = 25

# Two entries that stay, and some that come and go: with six or more, one is within every limit.
STAYING: Final = ("199.187.164.0/24", "2001:4800:10::/48", "69.20.58.226/32", "207.97.230.34/32")
PASSING: Final = (
    "69.20.58.234/32", "69.20.58.224/28", "207.97.229.68/32", "207.97.230.35/32",
    "2001:4800:10::25/128", "2001:4800:20::25/128", "64.34.250.1/32", "8.8.8.8/32",
)  # fmt: skip
ALSO: Final = ("10.20.0.0/16", "203.0.113.7/32", "fd00:20::/32", "69.20.58.230/32", "10.0.0.0/8")
STRANGERS: Final = (
    "0.0.0.0/0", "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1", "69.0.0.0/8",
    "69.20.58.0/24", "199.187.164.0/23", "199.187.164.128/25", "10.0.0.0/8", "10.20.30.0/24",
    "192.168.0.0/16", "fc00::/7", "198.51.100.0/24", "198.51.100.128/28", "2001:db8:ffff::/64",
    "203.0.113.0/24", "8.8.8.8/32", "2000::/3", "2001:4800:10::/49",
)  # fmt: skip
ANYWHERE: Final = (*STRANGERS, *STAYING, *PASSING, *ALSO)
PURPOSES: Final = ("list", "list", "also", "internal", "probe", "deny")
STRANGE_LABELS: Final = ("", "", "partner", f"cloudsync/{THEIRS} list", "cloudsync-terraform/x")

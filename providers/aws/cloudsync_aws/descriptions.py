"""What may stand in a rule's description on AWS; it decides nothing about the rule."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 255
"""Characters in a description (EC2 API reference, IpRange)."""

# EC2 API reference: a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$* of a rule with a CIDR; the
# same without & where the source is a prefix list or a group.
_REFUSED: Final = re.compile(r"[^a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]")


def sanitised(label: str, *, reference: bool = False) -> str:
    """``label`` as EC2 takes it: other characters become ``_``, and it ends after 255.

    ``reference`` is for rules whose source is a prefix list or a group. Every word that reaches a
    description from a configuration, a list or a page comes through here.
    """
    text = _REFUSED.sub("_", label)
    if reference:
        text = text.replace("&", "_")
    return text[:LONGEST]

"""Where the project's own files stand while its tests run; it never looks for installed code.

The wheel run works on a copy of the tree without the sources, so that what is imported is what
was built. A test about the sources themselves (their text, a patch applied to a copy of them)
therefore asks here instead of counting parents of `__file__`.
"""

from __future__ import annotations

import os
from pathlib import Path


def tree() -> Path:
    """The root of the checkout, with every source in it."""
    return Path(os.environ.get("CLOUDSYNC_TREE") or Path(__file__).parents[1]).resolve()

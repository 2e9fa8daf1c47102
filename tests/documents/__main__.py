"""Writes the made parts of all documents anew: ``python -m tests.documents``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.documents.blocks import remade
from tests.tree import tree


def documents() -> list[Path]:
    """Every document of the tree that can hold a made part."""
    return [
        tree() / "README.md",
        *sorted((tree() / "docs").rglob("*.md")),
        *sorted((tree() / "terraform" / "modules").glob("*/README.md")),
    ]


def main() -> int:
    """Write what changed, and name it; gives the exit code."""
    for path in documents():
        text = path.read_text("utf-8")
        new = remade(text)
        if new != text:
            path.write_text(new, "utf-8")
            sys.stdout.write(f"{path.relative_to(tree())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Cases in processes of their own, so that none finds what another left in memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent


def run(module: str, case: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What ``module`` answered to ``case``.

    Raises:
        CalledProcessError: it failed; what it said is on stderr.
    """
    answered = subprocess.run(  # noqa: S603 - this interpreter and a module of this package
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **environment},
        input=json.dumps(case),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(answered.stdout)
    return found


def answer(measure: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The other end of ``run``: read the case, print what came out."""
    json.dump(measure(json.load(sys.stdin)), sys.stdout)


def peak() -> int:
    """The most memory this process has held, in KiB where the system counts so."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux hands ru_maxrss on through fork and exec: it would be the parent's.
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

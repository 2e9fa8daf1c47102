"""Which tests of Terraform a run takes: starting the real aws provider costs seconds each time."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("TERRAFORM") == "all" else ["test_aws_long.py"]

"""The rows of a function's cold start: each in fresh processes that take turns, compiled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench.cold import bundle
from bench.process import run
from bench.table import Row

MOST: Final = {"aws": 1.35, "azure": 1.25, "gcp": 1.25}
# Credentials that nobody is shown, and no search for others; a bundle is compiled, and so is this.
SURROUNDINGS: Final = {
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AZURE_STORAGE_ACCOUNT_NAME": "bench", "AZURE_STORAGE_ACCOUNT_KEY": "YmVuY2g=",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9", "GOOGLE_CLOUD_PROJECT": "bench",
    "PYTHONDONTWRITEBYTECODE": "",
}  # fmt: skip


def cold_starts(pairs: int) -> Iterator[Row]:
    """A row a cloud: CPU up to the first call over that of the bare client."""
    for cloud, most in MOST.items():
        with TemporaryDirectory() as folder:
            bundle(cloud, Path(folder))
            yield _cold_start({"cloud": cloud, "folder": folder}, most, pairs)


def _cold_start(case: dict[str, str], most: float, pairs: int) -> Row:
    ratios: list[float] = []
    too_much: list[str] = []
    for number in range(pairs + 1):
        order = ("sdk", "function") if number % 2 else ("function", "sdk")
        found = {by: run("bench.cold", {**case, "by": by}, SURROUNDINGS) for by in order}
        too_much = found["function"]["too_much"]
        if number:  # the first pair compiles
            ratios.append(found["function"]["cpu"] / found["sdk"]["cpu"])
    return Row(
        f"cold start of a function on {case['cloud']} over the bare SDK's client",
        None if too_much else round(median(ratios), 2), most,
        f"loads {', '.join(too_much)}" if too_much
        else f"{len(ratios)} pairs, {min(ratios):.2f} to {max(ratios):.2f}",
    )  # fmt: skip

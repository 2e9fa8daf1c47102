"""The job that is measured: a configuration file, a list and a state, as a user would have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.fleets import NAME, REGION, TAG
from cloudsync.allowlist import Entry, InForce, Leaving
from cloudsync.cli.job import job as opened
from cloudsync.job import Job
from cloudsync.remember import remember_list
from cloudsync.vetting.leaving import begin

CONFIG = """\
name: {name}
list:
  source: list.txt
  format: cidr
state: memory://
targets:
  - {block}
"""
AWS = """\
provider: aws
    endpoint: {endpoint}
    {where}
    select: {{tags: {{{key}: {value}}}}}
    mode: {mode}"""


def aws(
    environment: Mapping[str, str],
    *,
    mode: str = "add",
    tag: str = TAG[1],
    where: str = f"regions: [{REGION}]",
) -> str:
    """The target block for the sandbox of AWS that ``environment`` leads to.

    ``where`` is the part that names accounts and regions.
    """
    return AWS.format(
        endpoint=environment["AWS_ENDPOINT_URL"], where=where, key=TAG[0], value=tag, mode=mode
    )


@contextmanager
def job(networks: Sequence[str], *, block: str, leaving: Sequence[str] = ()) -> Iterator[Job]:
    """A job whose source says ``networks``, for what the target block says.

    In force is the list as the source says it, with ``leaving`` whose grace has been served.
    """
    with TemporaryDirectory() as folder:
        Path(folder, "list.txt").write_text("\n".join(networks) + "\n", encoding="utf-8")
        config = Path(folder, "cloudsync.yaml")
        config.write_text(CONFIG.format(name=NAME, block=block), encoding="utf-8")
        with opened(config) as found:
            remember_list(found, _in_force(found, leaving), None)
            yield found


def _in_force(whole: Job, leaving: Sequence[str]) -> InForce:
    listing = whole.read(whole.config, None).listing
    assert listing is not None
    now = whole.now()
    served = now - 2 * whole.config.removals.grace
    accepted = begin(listing, now, "bench")
    gone = [
        Leaving(Entry(ip_network(one)), served, served, whole.config.removals.reads, served)
        for one in leaving
    ]
    return replace(accepted, leaving=tuple(gone))

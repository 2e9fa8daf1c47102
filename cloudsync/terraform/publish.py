"""Publishing: the release that follows what was published before, to a repository and a store.

What is there is read first, each time: a push that lost a race is made again from a fresh read, and
comes to whatever version is next by then. State is only what saves the reading.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import closing, suppress
from typing import Final

from cloudsync import records
from cloudsync.allowlist import InForce
from cloudsync.config import Config
from cloudsync.config.terraform import GitSettings, TerraformSettings
from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.state import StateError
from cloudsync.terraform import ledger, request
from cloudsync.terraform.archive import Archives, name_of, source
from cloudsync.terraform.contents import contents, written
from cloudsync.terraform.folder import carried, following
from cloudsync.terraform.git import RacedError, Repository
from cloudsync.terraform.release import NOTHING_PUBLISHED, Release
from cloudsync.terraform.versions import read_back

TRIES: Final = 5


@immutable
class Published:
    """Where a release went, and what it was; ``source`` is what a module block writes.

    ``proposed`` is the branch on which it waits for a person to merge it; empty where it counts.
    """

    where: str
    made: Release
    source: str
    proposed: str = ""

    @property
    def version(self) -> str:
        """``1.2.3``."""
        return written(self.made.version)


def publish(job: Job, listing: InForce) -> tuple[Published, ...]:
    """Bring the repository and the store of the configuration to ``listing``.

    Raises:
        StateError: the state can't be used.
        UsageError: none is configured, or one can't be read or written.
    """
    chosen = job.config.terraform
    if chosen is None:
        raise UsageError(
            str(job.config.file), "names no place to publish the modules to", done=NOTHING_PUBLISHED,
            todo="Add terraform: {git: {url: …}} or terraform: {archive: …}.",
        )  # fmt: skip
    found: list[Published] = []
    if chosen.git:
        found.append(_to_git(job, chosen, listing))
        _remembered(job, found[0])
    if chosen.archive:
        try:
            found.append(_to_archive(job, chosen.archive, listing))
        except UsageError as error:
            if found:
                error.done = (
                    f"Version {found[0].version} is in {found[0].where}, and in no archive."
                )
            raise
        if len(found) == 1:
            _remembered(job, found[0])
    return tuple(found)


def _remembered(job: Job, first: Published) -> None:
    # Who has which version is told by this, at the targets that Terraform keeps. A log that somebody
    # wrote in is no reason to fail: the release is out.
    with suppress(ValueError):
        ledger.keep(job.store, read_back(first.made.files, first.source, first.proposed))


def _to_git(job: Job, chosen: TerraformSettings, listing: InForce) -> Published:
    git = chosen.git
    assert git, "asked only where it is configured"
    url = git.url
    with closing(Repository(url, git.user, git.token_env)) as repository:
        return _pushed(job, git, repository, listing)


def _pushed(job: Job, git: GitSettings, repository: Repository, listing: InForce) -> Published:
    url = git.url
    for _ in range(TRIES):
        # What was proposed and not merged yet is no base: it begins where the branch is.
        onto = repository.read(git.branch)
        made = following(onto.files, listing, job.now().date(), url, NOTHING_PUBLISHED)
        version = written(made.version)
        # A branch is named by its list, so that what waits to be merged isn't proposed twice.
        proposed = f"cloudsync/v{version}-{listing.digest.partition(':')[2][:12]}"
        branch = proposed if git.propose else git.branch
        tag = None if git.propose else f"v{version}"
        done = f"refs/heads/{branch}" if git.propose else f"refs/tags/{tag}"
        message = f"{request.title(made)}\n\n{request.body(made, listing)}"
        try:
            if _needed(made, there=done.encode() in onto.refs, propose=git.propose):
                repository.push(branch, onto, made.files, message, tag, job.now())
        except RacedError:
            continue
        if tag or made.changed:
            return Published(url, made, _source(url, tag or branch), "" if tag else branch)
        # What a person merged is found by its tag, where they gave it one.
        merged = f"v{version}"
        ref = merged if f"refs/tags/{merged}".encode() in onto.refs else git.branch
        return Published(url, made, _source(url, ref))
    raise UsageError(
        url, f"{TRIES} pushes in a row lost the race with somebody else's", done=NOTHING_PUBLISHED,
        todo="Look who pushes there all the time. The next run tries again.",
    )  # fmt: skip


def _needed(made: Release, *, there: bool, propose: bool) -> bool:
    """Whether something is to be pushed; ``there`` says that the proposal or the tag is."""
    return (made.changed and not there) if propose else (made.changed or not there)


def _to_archive(job: Job, url: str, listing: InForce) -> Published:
    store = Archives(url)
    made = following(store.newest(), listing, job.now().date(), url, NOTHING_PUBLISHED)
    if made.changed:
        store.put(made.version, made.files)
    # Terraform compares what it loads with this: who may write to the store alone changes no module.
    checked = f"?checksum=sha256:{store.checksum(made.version)}"
    where = source(url, name_of(made.version), os.environ)
    return Published(url, made, f"{where}//modules/MODULE{checked}")


def _source(url: str, ref: str) -> str:
    return f"git::{url}//modules/MODULE?ref={ref}"


def due(config: Config, listing: InForce | None, digest: str | None) -> str | None:
    """The digest of what is to be published, where that isn't what ``digest`` says; else None.

    Raises:
        UsageError: the list holds what the modules can't carry.
    """
    if config.terraform is None or listing is None:
        return None
    said = f"{contents(listing)} {sorted(carried().items())} {config.terraform}"
    now = hashlib.sha256(said.encode()).hexdigest()
    return None if now == digest else now


def after(job: Job, listing: InForce | None) -> tuple[Published, ...] | CloudsyncError:
    """Publish after a pass, where the list in force changed; the error, where it couldn't be.

    What can't be published keeps no mail out of this installation's own targets: the pass is done.

    Raises:
        StateError: the state can't be used.
    """
    known = records.load(job.store, PUBLISHED_KEY, PUBLISHED)
    # A state that doesn't tell the versions yet, or lost them, has them read again.
    told = known and ledger.published(job.store)
    try:
        digest = due(job.config, listing, known.value if known and told else None)
        if digest is None or listing is None:
            return ()
        found = publish(job, listing)
    except StateError:
        raise
    except CloudsyncError as error:
        return error
    records.save(job.store, PUBLISHED_KEY, PUBLISHED, digest, known.generation if known else None)
    return found


PUBLISHED_KEY: Final = "published"
PUBLISHED: Final[records.Kind[str]] = records.Kind(
    "published", 1, lambda digest: {"digest": digest}, lambda value: records.text(value["digest"])
)

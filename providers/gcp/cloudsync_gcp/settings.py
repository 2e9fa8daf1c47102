"""The GCP target block of a configuration: which projects, network and machines; it calls nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from cloudsync.config import Settings, TargetSettings, distinct, refused, shown
from cloudsync.config.shape import FLAG, checked, members
from cloudsync_gcp.target import Target, place_of

_PROJECT: Final = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_ACCOUNT: Final = re.compile(r"[a-z0-9._-]{1,64}@[a-z0-9.-]+\.[a-z]{2,}")
_SECURE_TAG: Final = re.compile(r"tagValues/[0-9]+")


def project_id(value: str) -> str:
    """A project's id.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if _PROJECT.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} isn't a project's id",
            "Write the id, such as mail-prod-1, not the number and not the display name.",
        )
    return value


def parent_number(value: str) -> str:
    """The number of a folder or an organization.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if _NUMBER.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} isn't the number of a folder or an organization",
            'Write the digits alone, in quotes: "123456789012".',
        )
    return value


def resource_name(value: str) -> str:
    """The name of a network, or a network tag.

    Raises:
        PydanticCustomError: it can't be one.
    """
    if _NAME.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} can't be a name on GCP",
            "A name has up to 63 small letters, digits and hyphens, and begins with a letter.",
        )
    return value


def account(value: str) -> str:
    """A service account.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if _ACCOUNT.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} isn't a service account",
            "Write its address, such as mail@mail-prod-1.iam.gserviceaccount.com.",
        )
    return value


ProjectId = Annotated[str, checked(project_id)]
Number = Annotated[str, checked(parent_number)]
ResourceName = Annotated[str, checked(resource_name)]
Account = Annotated[str, checked(account)]


class GcpSelect(Settings):
    """Which machines are guarded, on which network: by tag, by account, or all of them."""

    network: ResourceName
    """The network's name, in each of the projects that has it."""
    tags: Annotated[tuple[ResourceName, ...], members(1), checked(distinct)] | None = None
    """Network tags; each is a target of its own."""
    service_accounts: Annotated[tuple[Account, ...], members(1), checked(distinct)] | None = None
    """Service accounts that machines run as; each is a target of its own."""
    all: Annotated[bool, FLAG] = False
    """Every machine of the network."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        given = [self.tags is not None, self.service_accounts is not None, self.all]
        if sum(given) != 1:
            what = "says nothing of whom it protects" if not any(given) else "protects in two ways"
            raise refused(
                what, "Give tags: […], service_accounts: […] or all: true, one of the three."
            )

    @property
    def ids(self) -> tuple[str, ...]:
        """The last part of the name of each target."""
        return tuple(map(str, self.targets))

    @property
    def targets(self) -> tuple[Target, ...]:
        """One a tag or account."""
        return (
            *(Target("tag", tag) for tag in self.tags or ()),
            *(Target("sa", one) for one in self.service_accounts or ()),
            *((Target("all"),) if self.all else ()),
        )


class GcpSettings(TargetSettings):
    """A target block with ``provider: gcp``."""

    provider: Literal["gcp"] = "gcp"
    """gcp."""
    kind: Literal["vpc-firewall", "network-policy"] = "vpc-firewall"
    """Where own rules stand: among the network's rules, or in its global firewall policy."""
    projects: Annotated[tuple[ProjectId, ...], members(1), checked(distinct)] | None = None
    """The projects that have the network; of a shared one, the host project."""
    folder: Number | None = None
    """Every project under a folder, by its number."""
    organization: Number | None = None
    """Every project of an organization, by its number."""
    select: GcpSelect
    """Which machines are guarded."""

    def expected(self, scope: str) -> tuple[str, ...]:
        """Where projects are named, the network's targets in each of them."""
        if self.projects is None or not self.select.network:
            return ()
        return tuple(f"{scope}/{self.select.network}/{one}" for one in self.select.targets)

    def written(self, scope: str, targets: Mapping[str, str]) -> Iterator[list[str]]:
        """A block for each network and each way to say whom it protects."""
        found: dict[tuple[str, str], list[str]] = {}
        for one, said in targets.items():
            place = place_of(one)
            line = f"        - {place.target.name}  # {said}"
            found.setdefault((place.network, place.target.kind), []).append(line)
        words = {"tag": "tags", "sa": "service_accounts"}
        for (network, kind), lines in found.items():
            head = [
                f"    projects: [{scope.removeprefix('gcp:')}]",
                "    select:",
                f"      network: {network}",
            ]
            if kind == "all":
                yield [*head, f"      all: true{lines[0].partition('-')[2].removeprefix(' ')}"]
            else:
                yield [*head, f"      {words[kind]}:", *lines]

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        self._one_place()
        self._sources_exist_here()
        self._policies_know_no_tags()
        self._the_last_number_is_not_ours()

    def _one_place(self) -> None:
        given = [self.projects is not None, self.folder is not None, self.organization is not None]
        if sum(given) != 1:
            what = "names no project" if not any(given) else "looks for projects in two ways"
            raise refused(what, "Give projects: […], folder: or organization:, one of the three.")

    def _sources_exist_here(self) -> None:
        for number, also in enumerate(self.also_allow):
            if also.network is not None:
                continue
            if also.tag is None:
                key = "group" if also.group is not None else "prefix_list"
                what, todo = (
                    f"GCP knows no {key} as a source",
                    "Name a network, or tag: with a network tag or a service account.",
                )
            elif self.kind == "network-policy":
                if _SECURE_TAG.fullmatch(also.tag):
                    continue
                key, what = "tag", f"{shown(also.tag)} isn't a secure tag, as policies take them"
                todo = "Write its id, such as tagValues/123, or name networks."
            elif "@" in also.tag:
                if _ACCOUNT.fullmatch(also.tag) and self.select.tags is None:
                    continue
                key, what = "tag", "a rule for network tags can't name an account as its source"
                todo = "Name a network tag or networks, or select by service_accounts."
            else:
                if _NAME.fullmatch(also.tag) and self.select.service_accounts is None:
                    continue
                key, what = "tag", "a rule for service accounts can't name a tag as its source"
                todo = "Name a service account or networks, or select by tags."
            raise refused(what, todo, below=("also_allow", number, key))

    def _policies_know_no_tags(self) -> None:
        if self.kind == "network-policy" and self.select.tags is not None:
            raise refused(
                "a firewall policy knows no network tags",
                "Select by service_accounts or all: true, or leave out kind.",
                below=("select", "tags"),
            )

    def _the_last_number_is_not_ours(self) -> None:
        if self.priority is not None and self.priority.last > 65_534:
            raise refused(
                "at priority 65535 stand the rules that every network is made with",
                "End at 65534 or before.",
                below=("priority", "to"),
            )

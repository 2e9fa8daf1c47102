"""The sandbox itself: started, seeded, looked into and disturbed from outside the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Any, Literal, Self

from cloudsync_aws.sandbox import permissions as permits
from cloudsync_aws.sandbox import seeding
from cloudsync_aws.sandbox.dispatch import Dispatcher
from cloudsync_aws.sandbox.edits import add_rules
from cloudsync_aws.sandbox.faults import Call, Faults
from cloudsync_aws.sandbox.organizations import Organization
from cloudsync_aws.sandbox.render import group_shape, permissions_shape
from cloudsync_aws.sandbox.server import Loopback
from cloudsync_aws.sandbox.tagging import check_tags
from cloudsync_aws.sandbox.values import Dialect, Rule
from cloudsync_aws.sandbox.world import Region, World, with_rules

Permissions = Sequence[Mapping[str, Any]]


class Sandbox:
    """EC2's firewall API, STS and Service Quotas on 127.0.0.1, with faults to order.

    A context manager: the server runs inside. Seeding works before, inside and after. What the
    methods here do is neither logged in `calls` nor met by `faults`.
    """

    def __init__(
        self,
        *,
        account: str = "123456789012",
        regions: tuple[str, ...] = ("us-east-1", "eu-west-1"),
        dialect: Dialect = Dialect(),  # noqa: B008 - frozen
        quota: int = 60,
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.account = account
        self.regions = regions
        self.dialect = dialect
        self.calls: list[Call] = []
        self.faults = Faults()
        self._world = World(
            account=account, regions=regions, dialect=dialect, quota=quota, clock=clock
        )
        self._stopped = Event()
        self._dispatcher = Dispatcher(self._world, self.faults, self.calls, self._stopped.wait)
        self._port = port
        self._server: Loopback | None = None

    # --- running ---------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen; the port is free again after `stop`."""
        if self._server is None:
            self._stopped.clear()
            self._server = Loopback(self._dispatcher.respond, self._port)
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; the state stays."""
        if self._server is not None:
            self._stopped.set()
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT.

        Raises:
            RuntimeError: where the sandbox doesn't run.
        """
        if self._server is None:
            message = "the sandbox isn't running: use it as a context manager, or call start()"
            raise RuntimeError(message)
        return self._server.url

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS SDK in a subprocess talk to this sandbox alone."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": self.regions[0],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def freeze(self) -> None:
        """Answer each page of DescribeSecurityGroups from recorded bytes until the next change."""
        self._dispatcher.freeze(on=True)

    def thaw(self) -> None:
        """Render every answer anew."""
        self._dispatcher.freeze(on=False)

    def after_call(self, watch: Callable[[Call], None] | None) -> None:
        """Have `watch` called after each request, in its thread, before its answer goes out."""
        self._dispatcher.after_call = watch

    # --- seeding ---------------------------------------------------------------------------

    def _region(self, region: str, account: str | None) -> Region:
        return self._world.region(account or self.account, region)

    def default_vpc(self, region: str, *, account: str | None = None) -> str:
        """The id of the region's default VPC, where a group without a `vpc` goes."""
        with self._world.lock:
            return self._region(region, account).default_vpc

    def set_quota(self, quota: int, *, region: str, account: str | None = None) -> None:
        """Rules per security group, direction and family, in one region of one account."""
        with self._world.lock:
            self._world.quotas[account or self.account, region] = quota

    def seed_group(
        self,
        *,
        region: str,
        name: str,
        vpc: str | None = None,
        tags: Mapping[str, str] | None = None,
        permissions: Permissions = (),
        egress: Permissions | None = None,
        description: str = "",
        account: str | None = None,
    ) -> str:
        """A group that was always there; its id.

        `permissions` and `egress` are boto3's IpPermissions; without `egress` everything may go
        out. A `vpc` that isn't known yet comes into being. Peers needn't exist and no quota holds.

        Raises:
            ValueError: for a permission or a tag that EC2 would refuse.
        """
        with self._world.lock:
            return seeding.group(
                self._region(region, account),
                name=name,
                vpc=vpc,
                tags=tags or {},
                inward=permissions,
                outward=egress,
                description=description or name,
            )

    def seed_prefix_list(
        self,
        *,
        region: str,
        name: str,
        entries: Sequence[str | tuple[str, str]] = (),
        family: Literal["IPv4", "IPv6"] = "IPv4",
        max_entries: int | None = None,
        tags: Mapping[str, str] | None = None,
        managed: bool = False,
        account: str | None = None,
        owner: str | None = None,
        resolver: str | None = None,
        referrers: Sequence[tuple[str, str]] = (),
    ) -> str:
        """A prefix list that was always there; its id. Entries are CIDRs, or CIDR and description.

        `managed`: it is AWS's own, and `max_entries` its weight. Left out, `max_entries` is the
        number of entries. `owner` is another account that shares it with this one, `resolver` the
        address manager's target that writes it, `referrers` are resources beside security groups
        that refer to it, each with its account.

        Raises:
            ValueError: for an entry or a size that EC2 would refuse.
        """
        with self._world.lock:
            return seeding.prefix_list(
                self._region(region, account),
                name=name,
                entries=entries,
                family=family,
                size=max_entries,
                tags=tags or {},
                managed=managed,
                owner=owner,
                resolver=resolver,
                referrers=referrers,
            )

    @property
    def organization(self) -> Organization:
        """The organization whose management account this is; empty until accounts are put in."""
        return self._world.organization

    def opt_out(self, region: str, account: str | None = None) -> None:
        """The account hasn't opted in to a region, which then refuses its credentials."""
        with self._world.lock:
            self._world.opted_out.add((account or self.account, region))

    def share_group(self, region: str, group: str, guest: str, account: str | None = None) -> None:
        """Its owner shares a group: the guest's account sees it there, and may not change it."""
        with self._world.lock:
            shared = self._world.shares.setdefault((guest, region), [])
            shared.append((account or self.account, group))

    def end_sessions_after(self, seconds: int) -> None:
        """Have every role's session end so soon, whatever was asked for."""
        with self._world.lock:
            self._world.session_seconds = seconds

    # --- the truth -------------------------------------------------------------------------

    def groups(self, region: str, *, account: str | None = None) -> dict[str, dict[str, Any]]:
        """Every group by id as it is now, shaped as DescribeSecurityGroups answers in boto3."""
        with self._world.lock:
            place = self._region(region, account)
            return {group.id: group_shape(group) for group in place.groups.values()}

    def prefix_lists(self, region: str, *, account: str | None = None) -> dict[str, list[str]]:
        """The networks of every prefix list by its id, as they are now."""
        with self._world.lock:
            place = self._region(region, account)
            place.settle_lists()
            return {
                each.id: [entry.cidr for entry in each.entries(each.version) or ()]
                for each in place.lists.values()
            }

    def list_entries(
        self, region: str, prefix_list: str, *, account: str | None = None
    ) -> dict[str, str]:
        """The descriptions in a prefix list by network, as they are now."""
        with self._world.lock:
            place = self._region(region, account)
            place.settle_lists()
            held = place.lists[prefix_list]
            return {
                entry.cidr: entry.description or "" for entry in held.entries(held.version) or ()
            }

    def list_size(self, region: str, prefix_list: str, *, account: str | None = None) -> int:
        """How many entries a prefix list may hold now."""
        with self._world.lock:
            place = self._region(region, account)
            place.settle_lists()
            return place.lists[prefix_list].max_entries

    # --- somebody else's hand --------------------------------------------------------------

    def write_list(
        self,
        region: str,
        prefix_list: str,
        entries: Mapping[str, str],
        *,
        account: str | None = None,
    ) -> None:
        """Somebody gives a prefix list other entries: descriptions by network. It grows as needed.

        Raises:
            ValueError: for an entry that EC2 would refuse.
        """
        with self._world.lock:
            seeding.rewritten(self._region(region, account), prefix_list, entries)

    def plant(
        self,
        region: str,
        group: str,
        permissions: Permissions,
        *,
        egress: bool = False,
        account: str | None = None,
    ) -> list[str]:
        """Somebody adds rules: the ids of those that weren't there. Late reads don't show them yet.

        Raises:
            ValueError: for a permission that EC2 would refuse, or a group that isn't there.
        """
        with self._world.lock:
            place = self._region(region, account)
            asked = permits.read(permissions, egress=egress, owner=place.account)
            changed, fresh = add_rules(place, place.group(group), asked)
            if fresh:
                place.put_group(changed)
            return [rule.id for rule in fresh]

    def uproot(
        self,
        region: str,
        group: str,
        permissions: Permissions,
        *,
        egress: bool = False,
        account: str | None = None,
    ) -> list[dict[str, Any]]:
        """Somebody removes rules: those that were there, as boto3's IpPermissions.

        Raises:
            ValueError: for a permission that EC2 would refuse, or a group that isn't there.
        """
        with self._world.lock:
            place = self._region(region, account)
            held = place.group(group)
            keys = {
                rule.key for rule in permits.read(permissions, egress=egress, owner=place.account)
            }
            gone: list[Rule] = [rule for rule in held.rules if rule.key in keys]
            if gone:
                left = tuple(rule for rule in held.rules if rule.key not in keys)
                place.put_group(with_rules(held, left))
            return permissions_shape(gone)

    def retag(
        self, region: str, group: str, tags: Mapping[str, str], *, account: str | None = None
    ) -> None:
        """Somebody replaces a group's tags.

        Raises:
            ValueError: for a tag that EC2 would refuse, or a group that isn't there.
        """
        with self._world.lock:
            place = self._region(region, account)
            new = check_tags(tuple(tags.items()))
            place.put_group(replace(place.group(group), tags=new))

    def delete_group(self, region: str, group: str, *, account: str | None = None) -> None:
        """Somebody deletes a group, whoever refers to it.

        Raises:
            ValueError: where it isn't there.
        """
        with self._world.lock:
            place = self._region(region, account)
            place.drop_group(place.group(group).id)

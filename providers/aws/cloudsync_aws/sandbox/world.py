"""The state behind the sandbox: accounts, regions and what stands in them; it speaks no protocol.

Every method expects its caller to hold the world's lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import RLock

from cloudsync_aws.sandbox.ids import Ids, no_group
from cloudsync_aws.sandbox.organizations import Organization
from cloudsync_aws.sandbox.render import group_xml
from cloudsync_aws.sandbox.values import Dialect, Entry, Group, PrefixList, Rule, Vpc
from cloudsync_aws.sandbox.wire import Refused

DEFAULT_CIDR = "172.31.0.0/16"
# Lists that AWS keeps in every region: name, family, weight against the quota, some networks.
# Weight: gh n8n-io/terraform-aws-n8n#65 (CloudFront 55).
_MANAGED: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
    ("com.amazonaws.{region}.s3", "IPv4", 6, ("52.216.0.0/15", "54.231.0.0/16")),
    ("com.amazonaws.global.cloudfront.origin-facing", "IPv4", 55, ("120.52.22.96/27",)),
)


@dataclass(frozen=True, slots=True)
class View:
    """What a describe sees of a region."""

    groups: Mapping[str, Group]
    lists: Mapping[str, PrefixList]


class Region:
    """One account's region, with as much of its past as late reads still show."""

    def __init__(self, account: str, name: str, world: World) -> None:
        self.account = account
        self.name = name
        self.world = world
        self.vpcs: dict[str, Vpc] = {}
        self.groups: dict[str, Group] = {}
        self.lists: dict[str, PrefixList] = {}
        self.tokens: dict[str, str] = {}
        self.version = 0
        self._past: deque[tuple[float, View]] = deque()
        self._xml: dict[str, tuple[Group, str]] = {}
        self.default_vpc = self.add_vpc(DEFAULT_CIDR, default=True).id
        for title, family, weight, networks in _MANAGED:
            self.put_list(
                PrefixList(
                    id=world.ids.next("pl"),
                    name=title.format(region=name),
                    family="IPv4" if family == "IPv4" else "IPv6",
                    max_entries=weight,
                    owner="AWS",
                    region=name,
                    weight=weight,
                    versions=((1, tuple(Entry(network) for network in networks)),),
                ),
                settled=True,
            )

    # --- reading ---------------------------------------------------------------------------

    def view(self) -> View:
        """The state that describes answer from: as it was `reads_late` seconds ago."""
        self.settle_lists()
        self._forget()
        seen = self._past[0][1] if self._past else View(self.groups, self.lists)
        shared = self._shared()
        return View({**seen.groups, **shared}, seen.lists) if shared else seen

    def _shared(self) -> dict[str, Group]:
        """The groups of other accounts that are shared with this one here, without their tags.

        Source: VPC guide, "Share security groups with AWS Organizations".
        """
        found: dict[str, Group] = {}
        for owner, group_id in self.world.shares.get((self.account, self.name), ()):
            group = self.world.region(owner, self.name).view().groups.get(group_id)
            if group is not None:
                found[group_id] = replace(group, tags=())
        return found

    def _forget(self) -> None:
        """Drop the past that no late read can show any more."""
        seen_until = self.world.clock() - self.world.dialect.reads_late
        while len(self._past) > 1 and self._past[1][0] <= seen_until:
            self._past.popleft()
        if len(self._past) == 1:
            self._past.clear()

    @property
    def lagging(self) -> bool:
        """Whether describes may answer something else than the state."""
        return bool(self._past)

    def xml(self, group: Group) -> str:
        """The group rendered, once for as long as it stays the same."""
        known = self._xml.get(group.id)
        if known is not None and known[0] is group:
            return known[1]
        text = group_xml(group)
        self._xml[group.id] = (group, text)
        return text

    def group(self, group_id: str) -> Group:
        """One group as it is now.

        Raises:
            Refused: InvalidGroup.NotFound; UnauthorizedOperation for another account's.
        """
        if group_id in self._shared():
            raise Refused(
                "UnauthorizedOperation", "You are not authorized to perform this operation.", 403
            )
        if group_id not in self.groups:
            raise no_group(group_id)
        return self.groups[group_id]

    # --- writing ---------------------------------------------------------------------------

    def add_vpc(self, cidr: str, *, default: bool = False, vpc_id: str | None = None) -> Vpc:
        """A new VPC with its default security group, which lets its own members in."""
        vpc = Vpc(vpc_id or self.world.ids.next("vpc"), cidr, default)
        self.vpcs[vpc.id] = vpc
        group_id = self.world.ids.next("sg")
        inside = Rule(
            id=self.world.ids.next("sgr"),
            egress=False,
            protocol="-1",
            first=None,
            last=None,
            kind="group",
            peer=group_id,
            owner=self.account,
        )
        self.put_group(
            Group(
                id=group_id,
                name="default",
                description="default VPC security group",
                vpc=vpc.id,
                owner=self.account,
                region=self.name,
                rules=(inside, self.open_egress()),
            ),
            settled=True,
        )
        return vpc

    def drop_vpc(self, vpc_id: str) -> None:
        """Delete a VPC with its default group; other groups in it are the caller's business."""
        if self.vpcs.pop(vpc_id, None) is not None:
            for group in [each for each in self.groups.values() if each.vpc == vpc_id]:
                self.drop_group(group.id)

    def open_egress(self) -> Rule:
        """The outbound rule that every new group of a VPC starts with."""
        return Rule(
            id=self.world.ids.next("sgr"),
            egress=True,
            protocol="-1",
            first=None,
            last=None,
            kind="ipv4",
            peer="0.0.0.0/0",
        )

    def put_group(self, group: Group, *, settled: bool = False) -> None:
        """Create or replace one group; `settled` makes it visible to late reads at once."""
        self._change(settled=settled, groups={group.id: group})

    def drop_group(self, group_id: str) -> None:
        """Delete one group."""
        self._xml.pop(group_id, None)
        self._change(gone=(group_id,))

    def put_list(self, prefix_list: PrefixList, *, settled: bool = False) -> None:
        """Create or replace one prefix list."""
        self._change(settled=settled, lists={prefix_list.id: prefix_list})

    def drop_list(self, list_id: str) -> None:
        """Delete one prefix list."""
        self._change(gone=(list_id,))

    def settle_lists(self) -> None:
        """Let every prefix-list change take effect whose time has come."""
        now = self.world.clock()
        for prefix_list in [each for each in self.lists.values() if each.becomes is not None]:
            if prefix_list.done_at <= now and prefix_list.becomes is not None:
                done = prefix_list.becomes
                at = prefix_list.done_at
                if done.state == "delete-complete":
                    self._change(gone=(done.id,), at=at)
                else:
                    self._change(lists={done.id: done}, at=at)

    def _change(
        self,
        *,
        settled: bool = False,
        at: float | None = None,
        groups: Mapping[str, Group] | None = None,
        lists: Mapping[str, PrefixList] | None = None,
        gone: tuple[str, ...] = (),
    ) -> None:
        late = self.world.dialect.reads_late > 0 and not settled
        if late and not self._past:
            self._past.append((float("-inf"), View(dict(self.groups), dict(self.lists))))
        self.groups.update(groups or {})
        self.lists.update(lists or {})
        for resource in gone:
            self.groups.pop(resource, None)
            self.lists.pop(resource, None)
        self.version += 1
        if late:
            now = self.world.clock() if at is None else at
            self._past.append((now, View(dict(self.groups), dict(self.lists))))
            self._forget()
        elif settled:
            self._past.clear()


class World:
    """Everything that one sandbox holds; a second sandbox in the process has its own."""

    def __init__(
        self,
        *,
        account: str,
        regions: tuple[str, ...],
        dialect: Dialect,
        quota: int,
        clock: Callable[[], float],
    ) -> None:
        self.account = account
        self.regions = regions
        self.dialect = dialect
        self.clock = clock
        self.ids = Ids()
        self.lock = RLock()
        self.quotas: dict[tuple[str, str], int] = {}
        self.default_quota = quota
        self.keys: dict[str, tuple[str, str]] = {}
        self.organization = Organization(account)
        self.opted_out: set[tuple[str, str]] = set()
        self.shares: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.session_seconds: int | None = None
        self._places: dict[tuple[str, str], Region] = {}

    def region(self, account: str, name: str) -> Region:
        """One account's region, made on first mention.

        Raises:
            Refused: AuthFailure where the region isn't enabled.
        """
        if not self.enabled(account, name):
            # A region that isn't opted in answers this whoever asks.
            raise Refused(
                "AuthFailure",
                "AWS was not able to validate the provided access credentials",
                401,
            )
        place = self._places.get((account, name))
        if place is None:
            place = self._places[account, name] = Region(account, name, self)
        return place

    def enabled(self, account: str, region: str) -> bool:
        """Whether the account has opted in to the region, or needn't."""
        return region in self.regions and (account, region) not in self.opted_out

    @property
    def partition(self) -> str:
        """The part of AWS that the regions are in, as ARNs have it (IAM guide, "IAM ARNs")."""
        if self.regions[0].startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.regions[0].startswith("us-gov-") else "aws"

    def quota(self, account: str, region: str) -> int:
        """Rules per security group, direction and family: quota L-0EA8095F of service vpc."""
        return self.quotas.get((account, region), self.default_quota)

    @property
    def version(self) -> int:
        """A number that grows with every change of state anywhere."""
        return sum(place.version for place in self._places.values())


def with_rules(group: Group, rules: tuple[Rule, ...]) -> Group:
    """The same group with other rules."""
    return replace(group, rules=rules)

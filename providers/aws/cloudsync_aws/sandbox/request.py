"""One request as an action sees it: who asks, where, with what; it holds no state of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloudsync_aws.sandbox.values import Dialect
from cloudsync_aws.sandbox.wire import Params
from cloudsync_aws.sandbox.world import Region, World


@dataclass(frozen=True, slots=True)
class Request:
    """An EC2 request of an account to one region.

    `query` is the request without its paging, which a page token is bound to.
    """

    world: World
    region: Region
    action: str
    params: Params
    query: str

    @property
    def dialect(self) -> Dialect:
        """The switches of this sandbox."""
        return self.world.dialect


# Takes a request, changes the region if it must, and gives the inner XML of the answer.
Action = Callable[[Request], str]

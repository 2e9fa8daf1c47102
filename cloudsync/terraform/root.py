"""A root module that takes over the rules that the worker made, without a gap; pure.

Each own rule becomes a resource with an ``import`` block, written as it stands, so that the first
plan changes nothing. What holds the list takes it from the module, so that a later version of it
plans the addresses that changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cloudsync.addresses import Network
from cloudsync.immutable import immutable
from cloudsync.model import Purpose
from cloudsync.report.words import counted
from cloudsync.tells import Resource
from cloudsync.terraform.hcl import Expression, Keyed, block

ROOT: Final = "root.tf"
PROVIDERS: Final = "providers.tf"
_SINGLE: Final = frozenset({"cidr_ipv4", "cidr_ipv6"})
_HEAD: Final = (
    "# Takes over the rules that cloudsync keeps: terraform plan has them imported, and nothing "
    "changed.\n# Once it is applied, the target says managed_by: terraform in cloudsync's "
    "configuration.\n# The import blocks have then done their work, and may go.\n"
)


@immutable
class Taken:
    """One target to be taken over.

    ``networks`` is the list as it applies there, ``widen`` and ``shoreline`` how the module comes to
    the same.
    """

    target: str
    resources: Sequence[Resource]
    networks: tuple[Network, ...]
    widen: str
    shoreline: tuple[str, ...]


@immutable
class Root:
    """The text of the root module and of its providers, and what a person should know, a sentence each."""

    text: str
    providers: str
    rules: int
    remarks: tuple[str, ...] = ()


def root(taken: Iterable[Taken], accept_bundled: str | None) -> Root:
    """The root module for some targets, in their order."""
    taken = _apart(tuple(taken))
    aliases = _aliases(taken)
    lists = list(dict.fromkeys((one.widen, one.shoreline) for one in taken))
    lines: list[str] = []
    for number, (widen, shoreline) in enumerate(lists, 1):
        lines += [
            "",
            *block(
                f'module "list_{number}"',
                {
                    "source": "./modules/allow-list",
                    "widen": widen,
                    "shoreline": list(shoreline),
                    "accept_bundled": accept_bundled,
                },
            ),
        ]
    rules = 0
    remarks: list[str] = []
    for one in taken:
        module = f"module.list_{lists.index((one.widen, one.shoreline)) + 1}"
        rules += len(one.resources)
        lines += ["", f"# {one.target}"]
        for part in _parts(one, module, aliases, remarks):
            lines += ["", *part]
    return Root(_HEAD + "\n".join(lines) + "\n", _providers(taken, aliases), rules, tuple(remarks))


def _apart(taken: tuple[Taken, ...]) -> tuple[Taken, ...]:
    """With the account in each provider of AWS, where there are several: a region alone doesn't tell.

    Terraform then refuses credentials of another account, in which the ids mean nothing.
    """
    accounts = {_account(one) for one in taken if any(_named(r) == "aws" for r in one.resources)}
    if len(accounts) < 2:
        return taken
    return tuple(
        replace(
            one,
            resources=tuple(
                replace(r, provider={**r.provider, "allowed_account_ids": [_account(one)]})
                if _named(r) == "aws"
                else r
                for r in one.resources
            ),
        )
        for one in taken
    )


def _account(one: Taken) -> str:
    return one.target.partition("/")[0].partition(":")[2]


def _aliases(taken: Iterable[Taken]) -> dict[str, str | None]:
    """What the configuration of each provider is called, by ``_key``: None where it is the only one."""
    keys = {_key(r): r for one in taken for r in one.resources}
    several = Counter(_named(r) for r in keys.values())
    return {
        key: _slug("_".join(str(v) for v in r.provider.values() if not isinstance(v, Mapping)))
        if several[_named(r)] > 1
        else None
        for key, r in keys.items()
    }


def _key(resource: Resource) -> str:
    return f"{_named(resource)} {sorted(resource.provider.items())}"


def _named(resource: Resource) -> str:
    return resource.type.partition("_")[0]


def _providers(taken: Iterable[Taken], aliases: Mapping[str, str | None]) -> str:
    lines = ["# Which credentials are used is yours to say; this file is written once."]
    for key, resource in {_key(r): r for one in taken for r in one.resources}.items():
        arguments = {"alias": aliases[key] and f"in_{aliases[key]}", **resource.provider}
        lines += ["", *block(f'provider "{_named(resource)}"', arguments)]
    return "\n".join(lines) + "\n"


def _parts(
    one: Taken, module: str, aliases: Mapping[str, str | None], remarks: list[str]
) -> Iterator[list[str]]:
    """The blocks of one target: those that hold the list first."""
    each = [r for r in one.resources if r.purpose is Purpose.LIST and r.singular in _SINGLE]
    rest = [r for r in one.resources if r not in each]
    for port in sorted({r.port for r in each}):
        here = [r for r in each if r.port == port]
        if {r.sources[0] for r in here} == {str(network) for network in one.networks}:
            yield from _by_network(one, port, here, module, aliases)
        else:
            remarks.append(
                f"{one.target}: {counted(len(here), 'rule')} for port {port} held of the list, which "
                f"has {counted(len(one.networks), 'network')} there, so they stand as they are and "
                "don't follow the module. Run cloudsync apply before, and write the root again."
            )
            rest += here
    names: dict[str, int] = {}
    for resource in rest:
        name = f"{_slug(one.target)}_{resource.purpose}_{resource.port}"
        names[name] = names.get(name, 0) + 1
        name += f"_{names[name]}" if names[name] > 1 else ""
        yield from _alone(one, resource, name, module, aliases, remarks)


def _by_network(
    one: Taken,
    port: int,
    here: list[Resource],
    module: str,
    aliases: Mapping[str, str | None],
) -> Iterator[list[str]]:
    """One resource for all rules of the list, keyed by network."""
    first = here[0]
    name = f"{_slug(one.target)}_list_{port}"
    yield block(
        f'resource "{first.type}" "{name}"',
        {
            "provider": _provider(first, aliases),
            "for_each": Expression(f"toset(concat({module}.ipv4, {module}.ipv6))"),
            **_arguments(first),
            "cidr_ipv4": Expression('strcontains(each.key, ":") ? null : each.key'),
            "cidr_ipv6": Expression('strcontains(each.key, ":") ? each.key : null'),
            "lifecycle": {"create_before_destroy": True},
        },
    )
    for resource in here:
        to = f'{first.type}.{name}["{resource.sources[0]}"]'
        yield block("import", {"to": Expression(to), "id": resource.id})


def _alone(
    one: Taken,
    resource: Resource,
    name: str,
    module: str,
    aliases: Mapping[str, str | None],
    remarks: list[str],
) -> Iterator[list[str]]:
    """One resource for one rule, which follows the list where it holds one family of it whole."""
    arguments = _arguments(resource)
    sources: Any = list(resource.sources)
    families = {"ipv6" if ":" in source else "ipv4" for source in resource.sources}
    family = families.pop() if len(families) == 1 else ""
    listed = {str(n) for n in one.networks if f"ipv{n.version}" == family}
    if resource.purpose is Purpose.LIST and resource.plural:
        if set(resource.sources) == listed:
            sources = Expression(f"{module}.{family}")
        else:
            remarks.append(
                f"{one.target}: rule {resource.arguments.get('name', name)} holds the list in other "
                "networks than the module, which merges none, so it stands as it is and doesn't "
                "follow the module. Add the module beside it, apply, and then take it away."
            )
    if isinstance(sources, Expression) and resource.singular and resource.plural:
        some = f"length({sources.text}) == 1"
        _put(arguments, resource.singular, Expression(f"{some} ? {sources.text}[0] : null"))
        _put(arguments, resource.plural, Expression(f"{some} ? null : {sources.text}"))
    elif resource.singular and len(resource.sources) == 1:
        _put(arguments, resource.singular, resource.sources[0])
    else:
        assert resource.plural, "a resource without a singular field has a plural one"
        _put(arguments, resource.plural, sources)
    provider = {"provider": _provider(resource, aliases)}
    yield block(f'resource "{resource.type}" "{name}"', {**provider, **arguments})
    yield block("import", {"to": Expression(f"{resource.type}.{name}"), "id": resource.id})


def _arguments(resource: Resource) -> dict[str, Any]:
    found = dict(resource.arguments)
    if "tags" in found:
        found["tags"] = Keyed(found["tags"]) if found["tags"] else None
    return found


def _put(arguments: dict[str, Any], where: str, value: Any) -> None:
    """Set an argument; a dot leads into a block, which isn't changed where it stood."""
    outer, _, inner = where.rpartition(".")
    if outer:
        arguments[outer] = {inner: value, **arguments[outer]}
    else:
        arguments[inner] = value


def _provider(resource: Resource, aliases: Mapping[str, str | None]) -> Expression | None:
    alias = aliases[_key(resource)]
    return Expression(f"{_named(resource)}.in_{alias}") if alias else None


def _slug(target: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", target.lower()).strip("_")

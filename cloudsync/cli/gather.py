"""What an export is made of: the relays, and the list in force; or why it can't be made. Writes nothing."""

from __future__ import annotations

from cloudsync.addresses import Network
from cloudsync.allowlist import InForce
from cloudsync.cli.output import tell_of_list
from cloudsync.cli.streams import tell
from cloudsync.config import Config
from cloudsync.errors import Exit, SourceRefused, UsageError
from cloudsync.export.format import Format
from cloudsync.job import Job
from cloudsync.remember import list_in_force
from cloudsync.report.words import counted
from cloudsync.source import bundled
from cloudsync.vetting.vet import Rules, vet

NOTHING_WRITTEN = "Nothing was written."


def relays_of(config: Config, form: Format, *, no_relays: bool) -> tuple[Network, ...]:
    """The relays of the export.

    Raises:
        UsageError: none are named, or the sender's address doesn't arrive where the list would count.
    """
    said = config.export(form.name)
    index = next((n for n, one in enumerate(config.exports) if one is said), 0)
    where = f"{config.file}: exports[{index}]" if said else str(config.file)
    proxied = said.path == "proxied" if said else any(t.path == "proxied" for t in config.targets)
    if proxied:
        raise UsageError(
            f"{where}.path" if said else where,
            "'proxied' says that something in front replaces the sender's address, so a list here "
            "would let in nobody or everybody",
            done=NOTHING_WRITTEN,
            todo="Put the list on what is in front."
            + (
                ""
                if said
                else f" If this server isn't behind it, say so: exports: [{{format: {form.name}, path: direct, …}}]."
            ),
        )
    if said is None and not no_relays:
        raise UsageError(
            where,
            f"names no relays for {form.name}, and a server that lets in the filter alone cuts off "
            "its own printers and applications",
            done=NOTHING_WRITTEN,
            todo=f"Add exports: [{{format: {form.name}, path: direct, relays: [NETWORK, …]}}], or say --no-relays.",
        )
    if said and not said.relays and not no_relays:
        raise UsageError(
            f"{where}.relays",
            "names nobody, and a server that lets in the filter alone cuts off its own printers and "
            "applications",
            done=NOTHING_WRITTEN,
            todo="Name the networks that deliver to it, or say --no-relays.",
        )
    if said and said.relays and no_relays:
        raise UsageError(
            f"{where}.relays",
            f"names {counted(len(said.relays), 'network')}, and --no-relays says that there are none",
            done=NOTHING_WRITTEN,
            todo="Leave one of the two out.",
        )
    if said is None:
        tell(
            f"{where}: exports doesn't say how mail comes to this server. If something in front "
            "replaces the sender's address, a list here stops all mail."
        )
    return said.relays if said else ()


def list_of(each: Job) -> tuple[InForce | None, list[Exit]]:
    """The list in force after a read of the source, and what is to be said of the read.

    Raises:
        UsageError: it is the bundled list, which the configuration doesn't accept.
        SourceRefused: there is no list: the source was refused, and none is in force.
    """
    config = each.config
    day = bundled.LISTING.published
    if config.list.source == bundled.SOURCE and config.list.accept_bundled != day:
        raise UsageError(
            f"{config.file}: list.accept_bundled",
            f"the bundled list carries the facts of {day}, and the vendor has replaced them since",
            done=NOTHING_WRITTEN,
            todo=f"Name a source of your own under list:, or say accept_bundled: {day}.",
        )
    in_force = list_in_force(each)
    vetted = vet(each.read(config, in_force), in_force, Rules.of(config), each.now())
    if vetted.in_force is None and vetted.refused:
        raise vetted.refused
    tell_of_list(vetted)
    codes: list[Exit] = []
    if vetted.refused:
        codes.append(SourceRefused.exit_code)
    if vetted.held or vetted.in_force is None:
        codes.append(Exit.HELD)
    return vetted.in_force, codes

"""What a format is: its sheets, its fit, how it is read back, and what a person does with it; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from cloudsync.addresses import AddressSet
from cloudsync.errors import UsageError
from cloudsync.export.fit import Fit, fitted
from cloudsync.export.material import MARK, Material
from cloudsync.export.reading import Parse
from cloudsync.export.sheet import filled
from cloudsync.immutable import immutable


@immutable
class Help:
    """What a person does with an artifact, a step a line; commands stand in backticks.

    ``advice`` is what the server has against harvesting of addresses (VRFY, dictionary attacks).
    """

    apply: tuple[str, ...]
    verify: tuple[str, ...]
    undo: tuple[str, ...]
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@immutable
class Format:
    """One way to hand over the list: a page of data.

    ``sheets`` are its files, by name; more than one go into a folder. ``parse`` reads who may
    connect out of their text, or out of what the device prints. ``comment`` begins a line that
    means nothing; without one the header goes beside the artifact. ``whole``: every line of an
    installed file counts, and not only its networks. ``change`` makes an installed state into the
    new one, in the device's own words, where replacing a file isn't enough.
    ``place`` is where the file, or the folder of the files, stands on a server.
    """

    name: str
    title: str
    fit: Fit
    sheets: Mapping[str, str]
    parse: Parse
    help: Help
    comment: str = "#"
    whole: bool = False
    place: str = ""
    local: bool = False
    change: Callable[[Material, str], str] | None = None
    render: Callable[[str, Material], str] = field(default=filled)

    @property
    def many(self) -> bool:
        """Whether it is several files."""
        return len(self.sheets) > 1


@immutable
class Artifact:
    """What a format makes of a material: its files, and the header where they can't carry it."""

    files: Mapping[str, str]
    about: str
    allowed: AddressSet

    @property
    def text(self) -> str:
        """All files, one after the other, as ``parse`` takes them."""
        return "".join(self.files.values())


def artifact(form: Format, made: Material) -> Artifact:
    """``made`` in the format.

    Raises:
        UsageError: the format can't hold it.
    """
    cut = fitted(made, form.fit, form.name)
    files = {name: form.render(sheet, cut) for name, sheet in form.sheets.items()}
    carried = any(MARK in text for text in files.values())
    about = "" if carried else "".join(f"{line}\n" for line in cut.header)
    result = Artifact(files, about, cut.allowed)
    # The last look before it leaves the house: a sheet that loses or adds somebody is our mistake,
    # and must not become somebody's lost mail.
    if form.parse(result.text) != cut.allowed:
        raise UsageError(
            f"export {form.name}",
            "what was made doesn't let in whom it should, which is a mistake of cloudsync's own",
            done="Nothing was written.",
            todo="Report it, and use another format.",
        )
    return result

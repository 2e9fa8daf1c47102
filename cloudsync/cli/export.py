"""``cloudsync export``: the list for a mail server or a firewall, written, compared or applied."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path

from cloudsync.cli.gather import NOTHING_WRITTEN, list_of, relays_of
from cloudsync.cli.job import job
from cloudsync.cli.streams import put, tell
from cloudsync.errors import Exit, UsageError, first_of
from cloudsync.export.advice import page
from cloudsync.export.compare import as_lines, compare
from cloudsync.export.fit import fitted, splitting
from cloudsync.export.format import Artifact, Format, artifact
from cloudsync.export.formats import FORMATS
from cloudsync.export.install import INSTALLERS
from cloudsync.export.install.files import absent, installed, places, write
from cloudsync.export.install.live import start
from cloudsync.export.material import MARK, Material, material
from cloudsync.immutable import immutable
from cloudsync.remember import list_in_force, remember_list
from cloudsync.report.words import counted, sentence


@immutable
class Asked:
    """What the command line asks for."""

    file: Path | None = None
    out: Path | None = None
    check: bool = False
    diff: bool = False
    apply: bool = False
    no_relays: bool = False


@immutable
class _Ready:
    """A format, what it is made of, and what came of it."""

    form: Format
    made: Material
    artifact: Artifact
    place: Path | None


def formats() -> int:
    """``cloudsync export`` alone: which formats there are."""
    width = max(len(name) for name in FORMATS)
    put("\n".join(f"{name:<{width}}  {form.title}" for name, form in FORMATS.items()), None)
    return 0


def show_help(name: str) -> int:
    """``cloudsync export FORMAT --format-help``."""
    form = form_of(name)
    put(f"# {form.title}\n\n{page(form)}", None)
    return 0


def form_of(name: str) -> Format:
    """The format called ``name``.

    Raises:
        UsageError: there is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    near = get_close_matches(name, FORMATS, n=1)
    todo = f"Did you mean {near[0]}?" if near else "cloudsync export lists them."
    raise UsageError("export", f"{name!r} isn't a format", done=NOTHING_WRITTEN, todo=todo)


def export(path: Path, name: str, asked: Asked) -> int:
    """``cloudsync export FORMAT``."""
    form = form_of(name)
    _agree(form, asked)
    with job(path) as each:
        relays = relays_of(each.config, form, no_relays=asked.no_relays)
        known = list_in_force(each)
        in_force, codes = list_of(each)
        if in_force is None:
            return int(first_of(codes))
        chosen = each.config.list
        made = material(in_force, relays, chosen.shoreline, chosen.widen)
        result = artifact(form, made)
        split = splitting(made, fitted(made, form.fit, form.name))
        if split:
            tell(f"export {name}: {split}.")
        if made.widened:
            tell(f"export {name}: {made.header[-1]}.")
        if asked.out or asked.apply:
            remember_list(each, in_force, known)
        said = each.config.export(name)
        place = Path(each.config.beside(said.file)) if said and said.file else None
    ready = _Ready(form, made, result, place)
    return int(first_of((*codes, _done(ready, asked))))


def _done(ready: _Ready, asked: Asked) -> Exit:
    if asked.check:
        return _check(ready, asked.file)
    if asked.diff:
        return _diff(ready, asked.file)
    if asked.apply:
        return _apply(ready, asked.out)
    return _write(ready, asked.out)


def _agree(form: Format, asked: Asked) -> None:
    """What the options must agree on.

    Raises:
        UsageError: they don't.
    """
    several = [name for name in ("check", "diff", "apply") if getattr(asked, name)]
    where = "command line"
    if len(several) > 1:
        raise UsageError(
            where, f"--{several[0]} and --{several[1]} exclude each other", done=NOTHING_WRITTEN
        )
    if asked.file and not (asked.check or asked.diff):
        raise UsageError(
            where,
            f"{asked.file} stands there without --check or --diff",
            done=NOTHING_WRITTEN,
            todo="Say what is to be done with it; --out FILE writes.",
        )
    if asked.out and (asked.check or asked.diff):
        raise UsageError(
            where, f"--{several[0]} writes nothing, so --out has no meaning", done=NOTHING_WRITTEN
        )
    if asked.diff and not asked.file:
        raise UsageError(
            where,
            "--diff needs the installed file",
            done=NOTHING_WRITTEN,
            todo="Name it; - is stdin.",
        )
    if asked.apply and form.name not in INSTALLERS:
        raise UsageError(
            where,
            f"{form.name} can't be applied from here",
            done=NOTHING_WRITTEN,
            todo=f"cloudsync export {form.name} --format-help says how a person does it.",
        )


def _write(ready: _Ready, out: Path | None) -> Exit:
    form, made = ready.form, ready.artifact
    if out is None and form.many:
        raise UsageError(
            f"export {form.name}",
            f"it is {len(form.sheets)} files ({', '.join(form.sheets)})",
            done=NOTHING_WRITTEN,
            todo="Name a folder for them with --out.",
        )
    if out is None:
        for line in made.about.splitlines():
            tell(line)
        put(made.text, None, done=NOTHING_WRITTEN)
        return Exit.DONE
    if form.many:
        for name in form.sheets:
            _folder(out, (out / name).parent)
    changed = write(places(form, made, out))
    what = f"{counted(len(ready.made.rows), 'network')}, list {ready.made.digest}"
    tell(f"{out}: {'written' if changed else 'unchanged'}, {what}.")
    return Exit.DONE


def _folder(out: Path, folder: Path) -> None:
    """Make a folder of the format's own below ``out``; ``out`` itself has to be there."""
    if out.is_dir() and not folder.exists():
        folder.mkdir()


def _installed(ready: _Ready, file: Path | None) -> tuple[str, str] | None:
    """Where an installed state stands, and its text; None where none is named."""
    place = file or ready.place
    if place is None:
        return None
    if str(place) == "-":
        return "stdin", sys.stdin.read()
    return str(place), installed(ready.form, place)


def _check(ready: _Ready, file: Path | None) -> Exit:
    form, made = ready.form, ready.artifact
    found: list[tuple[str, tuple[str, ...]]] = []
    lost = [] if file or not ready.place else absent(form, ready.place)
    if lost:
        found.append((str(lost[0]), ("it isn't there",)))
    elif there := _installed(ready, file):
        where, text = there
        difference = compare(form, made, text)
        found.append((where, (difference.words,) if difference else ()))
    if file is None and form.name in INSTALLERS:
        place = (ready.place or Path(form.place)).absolute()
        live = INSTALLERS[form.name].look(start, place)
        found.append(("this server", live.against(made)))
    if not found:
        raise UsageError(
            f"export {form.name}",
            "nothing says where it is installed",
            done="Nothing was compared.",
            todo="Name the file behind --check, - for stdin, or file: in the configuration.",
        )
    lines = [
        f"{where}: {sentence('; '.join(wrong))}" if wrong else
        f"{where}: matches, {counted(len(ready.made.rows), 'network')}."
        for where, wrong in found
    ]  # fmt: skip
    put("\n".join(lines), None)
    return Exit.PENDING if any(wrong for _, wrong in found) else Exit.DONE


def _diff(ready: _Ready, file: Path | None) -> Exit:
    there = _installed(ready, file)
    assert there is not None
    form, made = ready.form, ready.artifact
    if form.change:
        put(form.change(fitted(ready.made, form.fit, form.name), there[1]), None)
    else:
        put(as_lines(compare(form, made, there[1], lines=MARK in there[1])), None)
    return Exit.DONE


def _apply(ready: _Ready, out: Path | None) -> Exit:
    form = ready.form
    place = (out or ready.place or Path(form.place)).absolute()
    applied = INSTALLERS[form.name].apply(start, form, ready.artifact, place)
    put(f"{form.name}: applied and read back, {counted(len(ready.made.rows), 'network')}.", None)
    for remark in (*applied.said, *applied.undone):
        tell(f"export {form.name}: {sentence(remark)}")
    return Exit.PENDING if applied.undone else Exit.DONE

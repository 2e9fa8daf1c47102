"""Reads a configuration file, whole or not at all; it changes nothing and calls no cloud."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cloudsync.config.document import Document, Value, parse
from cloudsync.config.models import Config
from cloudsync.config.problems import ConfigError, translate
from cloudsync.config.target import Place, TargetSettings
from cloudsync.config.words import KeyPath, a, printable
from cloudsync.errors import UsageError

Providers = Callable[[str], type[TargetSettings]]
"""The settings of a provider's target block by the provider's name; raises UsageError for none."""

Problem = tuple[int, UsageError]


def load(path: str | Path, *, providers: Providers) -> Config:
    """The configuration in the file ``path``.

    Raises:
        UsageError: the file can't be read, or isn't YAML.
        ConfigError: what it says is wrong; it holds every problem, in the order of the lines.
    """
    return read(text_of_file(Path(path)), Path(path), providers=providers)


def read(text: str, path: Path, *, providers: Providers) -> Config:
    """The configuration that ``text`` is; ``path`` is named in messages, and its folder counts.

    Raises:
        UsageError: as ``load``, but for reading the file.
    """
    document = parse(text, str(path))
    problems = list(document.problems)
    data: dict[str, object] = dict(document.data)
    given = document.data.get("targets")
    if isinstance(given, list) and given:
        data["targets"] = _targets(given, document, providers, problems)
    if "targets" not in data and "exports" not in data and ("targets",) not in document.left_out:
        at: KeyPath = ("targets",)
        one = UsageError(document.at(at), "is missing", todo="Add targets: what is guarded.")
        problems.append((document.line(at), one))
    from pydantic import ValidationError  # noqa: PLC0415 - nothing else needs it that runs

    try:
        config = Config.model_validate(data, context=path.parent.resolve() / path.name)
    except ValidationError as error:
        found = translate(error.errors(include_url=False), document, Config)
        # Where every target is refused none is left, which is no problem of its own.
        known = isinstance(given, list) and bool(given)
        problems += [
            (document.line(at), one) for at, one in found if not (known and at == ("targets",))
        ]
        config = None
    if problems or config is None:
        raise ConfigError(str(path), tuple(one for _, one in sorted(problems, key=_line)))
    return config


def _targets(
    given: list[Value], document: Document, providers: Providers, problems: list[Problem]
) -> tuple[TargetSettings, ...]:
    """The target blocks that are right; what is wrong with the others goes to ``problems``."""
    from pydantic import ValidationError  # noqa: PLC0415 - nothing else needs it that runs

    found: list[TargetSettings] = []
    for index, block in enumerate(given):
        at: KeyPath = ("targets", index)
        if not isinstance(block, dict):
            what = f"is {a(block)}, not keys with values"
            todo = "Begin with provider: and mode:."
            problems.append((document.line(at), UsageError(document.at(at), what, todo=todo)))
            continue
        model = _model(block, document, index, providers, problems)
        try:
            found.append(model.model_validate(block, context=Place(index, document)))
        except ValidationError as error:
            known = model is not TargetSettings
            for path, one in translate(error.errors(include_url=False), document, model, at):
                # Without its provider nobody knows which other keys a block may have.
                if known or path[2:] == ("mode",):
                    problems.append((document.line(path), one))
    return tuple(found)


def _model(
    block: dict[str, Value],
    document: Document,
    index: int,
    providers: Providers,
    problems: list[Problem],
) -> type[TargetSettings]:
    """The settings of the block's provider, or the common ones where it isn't known."""
    at: KeyPath = ("targets", index, "provider")
    name = block.get("provider")
    try:
        if isinstance(name, str):
            return providers(name)
        if at not in document.left_out:
            what = "is missing" if name is None else f"is {a(name)}, not a provider's name"
            raise UsageError("", what, todo="Name the cloud, such as provider: aws.")
    except UsageError as error:
        # The provider's name is whatever stands in the file, and the message may repeat it.
        one = UsageError(document.at(at), printable(error.what, 300), todo=error.todo)
        problems.append((document.line(at), one))
    return TargetSettings


def _line(problem: Problem) -> int:
    return problem[0]


def text_of_file(path: Path) -> str:
    """What the file holds.

    Raises:
        UsageError: it isn't there, isn't a file, can't be opened, or isn't UTF-8.
    """
    where = str(path)
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(
            where,
            "there is no such file",
            todo="Run cloudsync init, which writes one, or name another with -c.",
        ) from None
    except IsADirectoryError:
        raise UsageError(
            where, "is a directory", todo="Name the configuration file in it with -c."
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            where, f"can't be read: {reason}", todo="Mend that, or name another file with -c."
        ) from error
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{where}:{line}",
            f"byte 0x{body[error.start]:02x} isn't UTF-8",
            todo="Save the file as UTF-8.",
        ) from error

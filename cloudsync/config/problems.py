"""What pydantic found wrong, in this house's words and with its line; it validates nothing itself."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from cloudsync.config.document import Document
from cloudsync.config.refusal import REFUSED
from cloudsync.config.settings import Settings, keys
from cloudsync.config.target import MODES
from cloudsync.config.words import KeyPath, a, printable
from cloudsync.errors import UsageError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORD: Final = "literal["
"""How pydantic names a word where a block could stand too."""
_MODES: Final = ", ".join(f"{mode} ({what})" for mode, what in MODES.items())

# For keys whose pattern alone doesn't tell a person what to write.
_SHAPES: Final[dict[str, str]] = {
    "name": "Use up to 40 of a-z, 0-9 and hyphens, such as mail-prod.",
    "shoreline": "Write EXG3 or EXG4.",
}


class ConfigError(UsageError):
    """All that is wrong with one configuration, a line each; ``problems`` are the errors apart."""

    def __init__(self, file: str, problems: tuple[UsageError, ...]) -> None:
        super().__init__(file, f"{len(problems)} problems" if len(problems) > 1 else "1 problem")
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def translate(
    errors: list[ErrorDetails], document: Document, model: type[Settings], prefix: KeyPath = ()
) -> Iterator[tuple[KeyPath, UsageError]]:
    """Each of ``errors`` with the path it is about, in the words of a person.

    ``model`` is what was validated, at ``prefix`` of ``document``. What the document has reported
    itself is left out.
    """
    for error in errors:
        if isinstance(error["input"], Mapping) and any(map(_word, error["loc"][-1:])):
            continue  # a block is no word, and what is wrong in the block is an error of its own
        loc = _keys_alone(error["loc"], model)
        context: Mapping[str, Any] = error.get("ctx", {})
        if error["type"] == REFUSED:
            loc = (*loc, *context["below"])
        path = (*prefix, *loc)
        if error["type"] == "missing" and path in document.left_out:
            continue
        if error["type"] == "too_short" and error["input"]:
            # Its members were refused, each with its own error; the file's list isn't empty.
            continue
        what, todo = _said(error, context, document, path, _model_at(model, loc[:-1]))
        yield path, UsageError(document.at(path), what, todo=todo)


def _keys_alone(loc: KeyPath, model: type[Settings]) -> KeyPath:
    """``loc`` without what pydantic says to tell a word from a block, or a key from its value."""
    found: list[str | int] = []
    for part in loc:
        block = _model_at(model, tuple(found))
        told = block is not None and part == block.__name__
        if not told and part != "[key]" and not _word(part):
            found.append(part)
    return tuple(found)


def _word(part: str | int) -> bool:
    return str(part).startswith(_WORD)


def _said(
    error: ErrorDetails,
    context: Mapping[str, Any],
    document: Document,
    path: KeyPath,
    model: type[Settings] | None,
) -> tuple[str, str]:
    """What is wrong and what to do."""
    kind = error["type"]
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    value = _quoted(document, path, error["input"])
    match kind:
        case _ if kind == REFUSED:
            return context["what"], context["todo"]
        case "unexpected_keyword_argument":
            return _unknown(key, model)
        case "missing" if key == "mode":
            return "is missing, and has no default", f"Say one of: {_MODES}."
        case "literal_error" if key == "mode":
            return f"{value} isn't a mode", f"Say one of: {_MODES}."
        case "missing":
            return "is missing", f"Add {key}:{_meaning(model, key)}."
        case "literal_error":
            return f"{value} isn't known here", f"Say one of: {context['expected']}."
        case "string_type" if path in document.written:
            written = printable(document.written[path])
            return f"{written} is read as {a(error['input'])}", f'Quote it: "{written}".'
        case "string_type":
            return f"is {a(error['input'])}, not text", "Write one value."
        case "string_pattern_mismatch":
            return f"{value} isn't of the right shape", _SHAPES.get(
                key, f"It must match {context['pattern']}"
            )
        case "string_too_short":
            return "is empty", "Give a value, or leave it out."
        case "string_too_long":
            return f"is longer than {context['max_length']} characters", "Shorten it."
        case "int_type":
            return f"{value} isn't a number", "Write a whole number, without quotes."
        case "bool_type":
            return f"{value} is neither true nor false", "Say true or false, without quotes."
        case "greater_than_equal":
            return f"{value} is less than {context['ge']}", f"Write {context['ge']} or more."
        case "less_than_equal":
            return f"{value} is more than {context['le']}", f"Write {context['le']} or less."
        case "too_short":
            return "is empty", "Name at least one."
        case "too_long":
            return f"names more than {context['max_length']}", "Name fewer."
        case "tuple_type":
            return f"is {a(error['input'])}, not a list", "Write [ONE, ANOTHER]."
        case "dict_type" | "dataclass_type":
            return f"is {a(error['input'])}, not keys with values", "Write KEY: VALUE below it."
        case _:
            return printable(error["msg"], 120), "See the schema: cloudsync schema."


def _unknown(key: str, model: type[Settings] | None) -> tuple[str, str]:
    known = [] if model is None else list(keys(model))
    near = get_close_matches(key, known, n=1, cutoff=0.6)
    todo = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    return "unknown key", todo


def _quoted(document: Document, path: KeyPath, value: object) -> str:
    """``value`` as it was written, or what kind of thing it is."""
    if path in document.written:
        return f"'{printable(document.written[path])}'"
    return a(value)


def _meaning(model: type[Settings] | None, key: str) -> str:
    """The first sentence about ``key``, after a blank; empty where there is none."""
    from cloudsync.config.meanings import meanings  # noqa: PLC0415 - reads the models' sources

    field = "" if model is None else meanings(model).get(key, "")
    words = field.partition("\n")[0].removesuffix(".")
    return f" {words[:1].lower()}{words[1:]}" if words else ""


def _model_at(model: type[Settings], loc: KeyPath) -> type[Settings] | None:
    """The model of the block that ``loc`` leads to, if it is one."""
    found: type[Settings] | None = model
    for part in loc:
        if found is None:
            return None
        if isinstance(part, str):
            inner = keys(found).get(part, part)
            found = _model_in(typing.get_type_hints(found).get(inner))
    return found


def _model_in(annotation: object) -> type[Settings] | None:
    """The model inside ``X``, ``X | None`` or ``tuple[X, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next((m for arg in typing.get_args(annotation) if (m := _model_in(arg))), None)

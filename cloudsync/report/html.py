"""A page for a browser or a printer: one file, no scripts, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final, assert_never

from cloudsync.report.page import (
    NETWORKS_SHOWN,
    Block,
    Code,
    Items,
    Line,
    Page,
    Piece,
    Section,
    cut,
    label,
)
from cloudsync.report.words import clean

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d0d7de; --soft: #f3f5f7;
  --bad: #b3261e; --warn: #8a5300; --good: #1a6b34; --grey: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14171a; --line: #3a4149;
  --soft: #1f2429; --bad: #ff8a80; --warn: #f0b429; --good: #6fd08c; --grey: #a3acb5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 60rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { margin: 0.25rem 0; padding: 0.5rem; background: var(--soft); white-space: pre-wrap; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.25rem 0.5rem; border-bottom: 1px solid var(--line); text-align: left; }
section { margin: 1.5rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
section p { margin: 0.5rem 0 0; } section ul { margin: 0; } footer { color: var(--grey); }
.verdict { font-weight: 700; white-space: nowrap; }
.verdict-missing, .verdict-open, .verdict-gone, .verdict-unreadable { color: var(--bad); }
.verdict-undetermined { color: var(--warn); } .verdict-in_sync { color: var(--good); }
.block { padding-left: 0.75rem; border-left: 0.25rem solid var(--line); margin-top: 0.5rem; }
.block p { margin: 0; }
.missing, .open, .absent, .failed { border-color: var(--bad); }
.undetermined, .refusal, .remark, .remains, .mend { border-color: var(--warn); }
.after, .done { border-color: var(--good); }
ins, del { text-decoration: none; } ins { color: var(--good); } del { color: var(--bad); }
@media print { body { max-width: none; padding: 0; } section { border: 0; padding: 0; }
  .block { break-inside: avoid; } a { color: inherit; text-decoration: none; } }
"""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def lay_html(page: Page) -> str:
    """The page as one HTML document. Its policy forbids scripts and loads, should one slip in."""
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_escaped(page.title)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        f"<h1>{_escaped(page.title)}</h1>",
        *(f"<p>{_line(line)}</p>" for line in page.intro),
        *_table(page.sections),
    ]
    for number, section in enumerate(page.sections, 1):
        lines += _section(section, number)
    lines += [f"<footer><p>{_escaped(page.footer)}</p></footer>", "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def _table(sections: tuple[Section, ...]) -> Iterator[str]:
    if not sections:
        return
    yield "<table>"
    yield "<thead><tr><th>Target</th><th>Mode</th><th>Verdict</th></tr></thead>"
    yield "<tbody>"
    for number, section in enumerate(sections, 1):
        yield (
            f'<tr><td><a href="#t{number}"><code>{_escaped(section.target)}</code></a></td>'
            f"<td>{section.mode.value}</td><td>{_verdict(section)}</td></tr>"
        )
    yield "</tbody>"
    yield "</table>"


def _verdict(section: Section) -> str:
    now = f'<span class="verdict verdict-{section.verdict.value}">{label(section.verdict)}</span>'
    return now + section.formerly


def _section(section: Section, number: int) -> Iterator[str]:
    yield f'<section id="t{number}">'
    yield f"<h2><code>{_escaped(section.target)}</code></h2>"
    yield f"<p>Mode {section.mode.value}: {_verdict(section)}</p>"
    for block in section.blocks:
        yield from _block(block)
    yield "</section>"


def _block(block: Block) -> Iterator[str]:
    yield f'<div class="block {block.kind}">'
    yield f"<p>{_line(block.head)}</p>"
    if block.body:
        yield "<ul>"
        for line in block.body:
            yield f"<li>{_line(line)}</li>"
        yield "</ul>"
    if block.changes:
        yield f"<pre>{'<br>'.join(_change(change) for change in block.changes)}</pre>"
    yield "</div>"


def _change(change: str) -> str:
    tag = "ins" if change.startswith("+") else "del"
    return f"<{tag}>{_escaped(change)}</{tag}>"


def _line(line: Line) -> str:
    return "".join(_piece(piece) for piece in line)


def _piece(piece: Piece) -> str:
    match piece:
        case str():
            return _escaped(piece)
        case Code(text):
            return f"<code>{_escaped(text)}</code>"
        case Items(items):
            shown, more = cut(items, NETWORKS_SHOWN)
            if not more:
                return _codes(items)
            return f"{_codes(tuple(shown))} and {more:,} more"
        case _:
            assert_never(piece)


def _codes(items: tuple[str, ...]) -> str:
    return ", ".join(f"<code>{_escaped(item)}</code>" for item in items)


def _escaped(text: str) -> str:
    return escape(clean(text))

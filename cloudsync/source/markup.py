"""An HTML page as the lines a reader sees, each with a mark where text is hidden; it runs nothing.

Stylesheets and scripts aren't evaluated: what hides text is looked for in tags and attributes.
"""

from __future__ import annotations

from re import IGNORECASE
from re import compile as pattern
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

# fmt: off
_BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd",
    "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr",
    "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre",
    "search", "section", "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
})
# fmt: on
_CELLS: Final = frozenset({"td", "th"})
_DROPPED: Final = frozenset({"script", "style", "template", "iframe", "noembed", "noframes"})
_HIDDEN: Final = frozenset({"s", "strike", "del", "noscript", "datalist"})
_HIDING: Final = pattern(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|line-through"
    r"|font-size\s*:\s*0*\.?0+(?:[a-z%]+)?\s*(?:;|!|$)|opacity\s*:\s*0*\.?0+%?\s*(?:;|!|$)",
    IGNORECASE,
)
_HTML_SPACE: Final = "\t\n\f\r "


def rendered(html: str) -> list[tuple[str, bool]]:
    """``(text, hidden)`` for each line: a block ends a line, and the cells of a row share one.

    Comments and scripts are gone; hidden text is kept and its line marked.
    """
    page = _Page()
    root = LexborHTMLParser(html).root
    # A stack of its own: a page nested ten thousand deep must not end in a RecursionError.
    open_nodes: list[tuple[LexborNode, bool, bool]] = []
    node, hidden, keep = root, False, False
    while node is not None or open_nodes:
        if node is None:
            closed, hidden, keep = open_nodes.pop()
            page.end(closed.tag or "")
            node = closed.next
            continue
        tag = node.tag or ""
        if tag == "-text":
            page.text(node.text_content or "", hidden=hidden, keep=keep)
        elif tag not in _DROPPED and not tag.startswith(("-", "!", "_")):
            page.start(tag)
            open_nodes.append((node, hidden, keep))
            hidden = hidden or _hides(node)
            keep = keep or tag == "pre"
            node = node.child
            continue
        node = node.next
    return page.lines()


class _Page:
    """The lines so far, and the break that the next text is owed."""

    def __init__(self) -> None:
        self._lines: list[tuple[list[str], bool]] = [([], False)]
        self._owed = ""
        self._cell_opens = False

    def start(self, tag: str) -> None:
        if tag in _CELLS:
            self._cell_opens = True
        elif tag in _BLOCKS and not self._cell_opens:
            self._owed = "\n"

    def end(self, tag: str) -> None:
        if tag in _CELLS:
            # A paragraph that ends with its cell doesn't part it from the next cell.
            self._owed = " "
            self._cell_opens = False
        elif tag in _BLOCKS and not self._cell_opens:
            self._owed = "\n"

    def text(self, text: str, *, hidden: bool, keep: bool) -> None:
        if not text.strip(_HTML_SPACE) and not (keep and "\n" in text):
            self._owed = self._owed or " "
            return
        pieces = text.split("\n") if keep else [text]
        for index, piece in enumerate(pieces):
            if index or self._owed == "\n":
                self._lines.append(([], False))
            words, marked = self._lines[-1]
            words.append(f" {piece}" if self._owed == " " else piece)
            self._lines[-1] = (words, marked or (hidden and bool(piece.strip())))
            self._owed = ""
        self._cell_opens = False

    def lines(self) -> list[tuple[str, bool]]:
        joined = (("".join(words), hidden) for words, hidden in self._lines)
        return [(text.translate(_ONE_LINE), hidden) for text, hidden in joined if text.strip()]


# What a browser shows as a space must not become a line of its own further on.
_ONE_LINE: Final = str.maketrans("\n\r\f", "   ")


def _hides(node: LexborNode) -> bool:
    attributes = node.attributes
    if node.tag in _HIDDEN or "hidden" in attributes:
        return True
    if node.tag in {"details", "dialog"} and "open" not in attributes:
        return True
    return _HIDING.search(attributes.get("style") or "") is not None

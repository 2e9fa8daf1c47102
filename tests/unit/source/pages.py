"""Pages to read in tests: the article's layout and rows in words of our own; no document of others."""

from __future__ import annotations

from html import escape

from cloudsync.source import bundled

TITLE = "Limiting inbound smtp traffic except from AppRiver's Servers"
START = "IP's to allow for inbound SMTP:"
MASK = "You can use the subnet mask of 255.255.255.0 if required."
SHORELINE = "*For Shoreline customers only (hosted mailboxes) that use split domain routing:"
MINIMUM = (
    "*** Just to double check *** You should now have a minimum of 15 IP addresses in your list."
)
END = "Mail Servers"
EXG3 = "Hosted Exchange customers on EXG3(Shoreline)"
EXG4 = "Hosted Exchange customers on EXG4(Shoreline)"

ROWS = tuple(
    f"{entry.network.network_address} {entry.name}"
    for entry in bundled.LISTING.entries
    if entry.group == "base"
)
HEAD = (
    f"Home>Articles>{TITLE}",
    "Article ID39",
    "Created On4/2/2003",
    "Modified9/18/2009",
    TITLE,
    "",
    "First take away every MX record that leads past the filter.",
)
# What a reader that looks for numbers all over the page would take for senders.
TAIL = (
    "",
    "A server that takes anything says 0.0.0.0 to 255.255.255.255 here.",
    "To let in 10.1.1.4 alone, block 1.1.1.1 to 10.1.1.3 and 10.1.1.5 to 255.255.255.255.",
    "198.51.100.7 relay.example.com",
)


def article(
    rows: tuple[str, ...] = ROWS,
    *,
    head: tuple[str, ...] = HEAD,
    groups: tuple[str, ...] = (
        EXG3,
        "207.97.230.0 / 255.255.255.0",
        EXG4,
        "72.32.253.0 / 255.255.255.0",
    ),
    tail: tuple[str, ...] = TAIL,
) -> list[str]:
    """The lines of the article; its first row is line 9."""
    prose = "Add your own relays, 10.9.8.7 say."
    return [*head, START, *rows, "", MASK, prose, SHORELINE, *groups, "", MINIMUM, END, *tail]


FIRST = 9


def text(lines: list[str], newline: str = "\n") -> bytes:
    """``lines`` as UTF-8."""
    return newline.join(lines).encode()


def html(lines: list[str]) -> str:
    """``lines`` as a page inside a layout table, as such pages are: rows as cells, prose as blocks."""
    parts: list[str] = []
    for line in lines:
        first, _, rest = line.partition(" ")
        if line in ROWS:
            parts.append(
                f"<table><tr><td><p>{escape(first)}</p></td>\n<td>&nbsp;<b>{escape(rest)}</b></td></tr></table>"
            )
        else:
            parts.append(f"<p>{escape(line).replace(' ', chr(10), 1)}</p>")
    return (
        "<!DOCTYPE html><html><head><title>39</title><style>p {color: red}</style></head><body>"
        '<div style="display:none"><p>Menu</p><p>10.1.1.3 Hidden Menu</p></div>'
        "<script>var row = '8.8.8.8 Script';</script><!-- 8.8.4.4 Comment -->"
        f"<table><tr><td>{''.join(parts)}</td></tr></table></body></html>"
    )

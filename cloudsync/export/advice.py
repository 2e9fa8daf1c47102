"""A format's page: its fit, how to apply, verify and undo it, as Markdown; for people, and pure."""

from __future__ import annotations

from collections.abc import Iterator

from cloudsync.export.format import Format


def page(form: Format) -> str:
    """What ``--format-help`` prints, and the documents show, without the title."""
    return "\n".join(_lines(form)).rstrip()


def _lines(form: Format) -> Iterator[str]:
    fit = form.fit
    yield from (f"Takes {fit.families}: {fit.notation}.", "")
    yield from (f"- Prefix lengths: {_lengths(fit.ipv4)} of IPv4{_six(fit.ipv6)}.",)
    yield f"- At most {fit.most:,} entries: {fit.because}."
    if fit.public:
        yield "- Public addresses alone."
    files = ", ".join(f"`{name}`" for name in form.sheets)
    folder = " in the folder that `--out` names" if form.many else ""
    yield from (f"- Made: {files}{folder}.", "")
    for title, steps in (
        ("Apply", form.help.apply),
        ("Verify", form.help.verify),
        ("Undo", form.help.undo),
    ):
        yield from (f"## {title}", "")
        yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
        yield ""
    for title, points in (
        ("Know", form.help.notes),
        (
            "Against harvesting of addresses",
            (*form.help.advice, *((_CLOSED,) if form.help.advice else ())),
        ),
    ):
        if points:
            yield from (f"## {title}", "")
            yield from (f"- {point}" for point in points)
            yield ""


_CLOSED = (
    "Where nobody but the filter and the relays can connect, nobody else can try names with VRFY or "
    "by a dictionary; without the list such a run can keep a server busy for hours or days."
)


def _lengths(lengths: tuple[int, ...]) -> str:
    if lengths == tuple(range(lengths[0], lengths[-1] + 1)):
        return f"/{lengths[0]} to /{lengths[-1]}"
    return ", ".join(f"/{one}" for one in lengths)


def _six(lengths: tuple[int, ...]) -> str:
    return f", {_lengths(lengths)} of IPv6" if lengths else "; a list with IPv6 is refused"

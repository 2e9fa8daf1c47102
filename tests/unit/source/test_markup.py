from __future__ import annotations

import pytest

from cloudsync.errors import SourceRefused
from cloudsync.source.markup import rendered
from cloudsync.source.text import lines_of


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<p>a</p>b<div>c</div>", ["a", "b", "c"]),
        ("<p>a<br>b<br/>c", ["a", "b", "c"]),
        ("<p>a\nb <b>c</b>d", ["a b cd"]),
        ("<pre>\na\n\n b</pre>", ["a", " b"]),
        ("<ul><li>a</li> <li>b</li></ul>", ["a", "b"]),
        ("<table><tr><td>a<td>b<tr><th>c</th><th>d</th></tr></table>", ["a b", "c d"]),
        ("<table><tr><td><p>a</p></td><td><div>b</div></td></tr></table>", ["a b"]),
        ("<table><tr><td>a<br>b</td><td>c<br>d</td></tr></table>", ["a", "b c", "d"]),
        ("<table><tr><td><p>a</p><p>b</p></td></tr></table>c", ["a", "b", "c"]),
        ("<p>a<!-- b --><script>c</script><style>d</style><template>e</template>", ["a"]),
        ("<title>t</title><body>&lt;p&gt; &amp; &#65;", ["t", "<p> & A"]),
    ],
)
def test_a_page_is_rendered_to_the_lines_that_are_seen(html: str, lines: list[str]) -> None:
    """A block ends a line, cells share one, and what no reader sees is gone."""
    assert rendered(html) == [(line, False) for line in lines]


@pytest.mark.parametrize(
    "html",
    [
        '<p style="visibility: hidden">a</p>',
        '<p style="opacity:0">a</p>',
        '<p style="font-size: 0">a</p>',
        "<strike>a</strike>",
        "<dialog>a</dialog>",
        "<div hidden><p><b>a</b></p></div>",
    ],
)
def test_hidden_text_is_kept_and_marked(html: str) -> None:
    """Text that is hidden or struck out, by itself or by what it stands in, is marked."""
    assert rendered(html) == [("a", True)]


@pytest.mark.parametrize(
    "html",
    ['<p style="opacity:0.5">a', '<p style="font-size:0.9em">a', "<details open>a", "<s></s><p>a"],
)
def test_text_that_is_seen_is_not_marked(html: str) -> None:
    """Half-transparent, small or opened text is seen, and an empty strike strikes nothing."""
    assert rendered(html) == [("a", False)]


def test_a_deep_page_is_read() -> None:
    """Ten thousand open tags are a page like any other."""
    assert rendered("<div>" * 10_000 + "a") == [("a", False)]


def test_a_reference_to_a_control_character_is_refused() -> None:
    """What a character reference smuggles in is looked at like the rest."""
    with pytest.raises(SourceRefused) as caught:
        lines_of("<p>a</p><p>b&#27;</p>", "page")
    assert str(caught.value) == (
        "page:2: E_CONTROL: U+001B CONTROL CHARACTER in the text. "
        "The list in force is unchanged. Remove the character."
    )

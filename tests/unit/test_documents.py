from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudsync import __version__
from cloudsync.cli import main
from cloudsync.cli.job import block_of
from cloudsync.config import Config, read
from cloudsync.config.target import MODES
from cloudsync.errors import MEANING
from cloudsync.model import Note, Verdict
from cloudsync.source.codes import REFUSALS, WARNINGS
from tests.documents import keys
from tests.documents.blocks import MAKERS, names, remade
from tests.documents.commands import commands
from tests.tree import tree

DOCUMENTS = sorted(
    path.relative_to(tree()).as_posix()
    for path in (
        *tree().glob("*.md"),
        *(tree() / "docs").rglob("*.md"),
        *(tree() / "providers").glob("*/README.md"),
        *(tree() / "terraform" / "modules").glob("*/README.md"),
        *(tree() / "deploy").rglob("README.md"),
    )
)
each_document = pytest.mark.parametrize("name", DOCUMENTS)


def text(name: str) -> str:
    """A document, as it stands in the tree."""
    return (tree() / name).read_text("utf-8")


def fenced(name: str, language: str) -> list[str]:
    """The blocks of a document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text(name), re.DOTALL | re.MULTILINE)


def first_column(name: str, heading: str) -> list[str]:
    """What stands in backticks in the first cells of the first table below ``heading``."""
    below = text(name).split(f"{heading}\n", 1)[1]
    table = below[below.index("\n|") + 1 :].split("\n\n", 1)[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    return [code for cell in cells[2:] for code in re.findall(r"`([^`]+)`", cell)]


@each_document
def test_what_is_made_is_of_today(name: str) -> None:
    """Plan, tables and reference are what the code makes: `python -m tests.documents` was run."""
    assert text(name) == remade(text(name))


def test_everything_that_is_made_stands_once() -> None:
    """No maker is left without its place, and none has two."""
    assert sorted(part for name in DOCUMENTS for part in names(text(name))) == sorted(MAKERS)


@pytest.mark.parametrize("words", list(commands()))
def test_all_of_help_is_documented(
    words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every option that `--help` of a command names stands in that command's section."""
    monkeypatch.setenv("COLUMNS", "200")
    assert main([*words.split()[1:], "--help"]) == 0
    options = capsys.readouterr().out.split("─ Options", 1)[1]
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", options))
    sections = re.split(r"^### ", text("docs/commands.md"), flags=re.MULTILINE)
    mine = [part for part in sections if re.match(rf"`{words}( [A-Z\[]|`)", part)]
    assert len(mine) == 1
    assert told - {"--help", "-h"} == set(re.findall(r"`(--?[a-z][a-z-]*)", mine[0]))


def test_the_exit_codes_are_the_table_in_the_code() -> None:
    """The documented meaning of each code is the one that the program prints."""
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|$", text("docs/exit-codes.md"), re.MULTILINE)
    whole = {int(code): meaning for code, meaning in rows[: len(MEANING)]}
    assert whole == {int(code): meaning for code, meaning in MEANING.items()}


def test_every_code_of_a_list_is_documented() -> None:
    """Refusals, warnings and the guard's reasons: each is there, and nothing else is."""
    assert first_column("docs/list.md", "## Refusal codes") == list(REFUSALS)
    assert first_column("docs/list.md", "## Warnings") == list(WARNINGS)
    told = first_column("docs/list.md", "### Why a list is held, or refused")
    assert sorted(told) == sorted(set(reasons()))


def reasons() -> Iterator[str]:
    """Every code that the guard's source gives a reason."""
    for node in ast.walk(ast.parse(text("cloudsync/vetting/guard.py"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Reason", "_over"}:
            yield from spelt(node.args[0])
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            yield from spelt(node.value)
        elif isinstance(node, ast.For) and ast.unparse(node.target).startswith("(code, "):
            assert isinstance(node.iter, ast.Tuple)
            for row in node.iter.elts:
                assert isinstance(row, ast.Tuple)
                yield from spelt(row.elts[0])


def spelt(node: ast.expr) -> Iterator[str]:
    """The strings that a literal stands for; a number put into one is an IP version."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        for version in (4, 6):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else str(version)
                for part in node.values
            )


def test_verdicts_notes_and_modes_are_the_codes_own() -> None:
    """The tables of verdicts, notes and modes name what the code knows, in its order."""
    name = "docs/commands.md"
    assert first_column(name, "## What a report says") == [str(one) for one in Verdict]
    assert first_column(name, "Notes say why it isn't right yet:") == [str(one) for one in Note]
    assert first_column("README.md", "## Three modes, and no default") == list(MODES)


def test_every_schema_of_data_is_documented() -> None:
    """What `--format json` calls itself is named in the documents, and nothing else is."""
    pattern = r"cloudsync\.[a-z]+/[0-9]"
    rooms = [tree() / "cloudsync" / one for one in ("cli", "preflight", "report")]
    sources = [path for room in rooms for path in room.rglob("*.py")]
    written = {one for path in sources for one in re.findall(pattern, path.read_text("utf-8"))}
    assert set(re.findall(pattern, text("docs/commands.md"))) == written


def test_every_event_of_the_log_is_documented() -> None:
    """Whatever a line can be called stands in the table, and nothing that none is called."""
    calls = re.compile(r'\b(?:log\.(?:info|warning|error)|said)\(\s*"([a-z_]+)"')
    sources = (tree() / "cloudsync").rglob("*.py")
    written = {one for path in sources for one in calls.findall(path.read_text("utf-8"))}
    of_others = {"library"}
    assert set(first_column("docs/worker.md", "## What it says")) == written | of_others


def test_every_block_of_the_configuration_is_documented() -> None:
    """A block that a later release adds to the configuration gets a table of its own."""
    assert keys.models() == keys.described()


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.startswith("deploy/")])
def test_examples_of_a_configuration_can_be_read(name: str) -> None:
    """Each YAML example is a whole configuration that the program takes."""
    for number, block in enumerate(fenced(name, "yaml")):
        config = read(block, Path(f"/example-{number}.yaml"), providers=block_of)
        assert isinstance(config, Config)


def spoken(name: str) -> list[list[str]]:
    """The commands that a document tells people to run, each as its words."""
    blocks = [block.replace("\\\n", " ") for block in fenced(name, "sh")]
    lines = [line for block in blocks for line in block.splitlines()]
    lines += [line.removeprefix("$ ") for line in re.findall(r"`([^`\n]+)`", text(name))]
    words = [shlex.split(line, comments=True) for line in lines if line.count("'") % 2 == 0]
    every = [one for line in words for one in parted(line)]
    return [one for one in every if one and Path(one[0]).name in {"cloudsync", "make"}]


def parted(words: list[str]) -> Iterator[list[str]]:
    """The commands of a line: between `&&`, behind variables, and what another one starts."""
    command: list[str] = []
    for word in [*words, "&&"]:
        if word in {"&&", "--"} or word.endswith("/bin/cloudsync"):
            yield command
            command = [word] if word.endswith("cloudsync") else []
        elif command or not re.match(r"[A-Z_]+=", word):
            command.append(word)


@each_document
def test_commands_in_the_documents_exist(name: str) -> None:
    """Each `make` target and each `cloudsync` command, with its options, is one that there is."""
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    wrong: list[str] = []
    for program, *rest in spoken(name):
        if program == "make":
            wrong += [f"make {one}" for one in rest if "=" not in one and one not in targets]
        else:
            wrong += unknown(rest)
    assert wrong == []


def test_every_variable_of_ours_is_documented() -> None:
    """What the program, its providers and the Terraform of deploy/ read or set has its line."""
    sources = [
        path
        for folder, pattern in (("cloudsync", "*.py"), ("providers", "*.py"), ("deploy", "*.py"), ("deploy", "*.tf"))
        for path in (tree() / folder).rglob(pattern)
    ]  # fmt: skip
    ours = re.compile(r"\bCLOUDSYNC_[A-Z_]+\b")
    read = {one for path in sources for one in ours.findall(path.read_text("utf-8"))}
    told = {one for name in DOCUMENTS for one in ours.findall(text(name))}
    assert len(read) > 5
    # An exported script's name for a chain of a firewall: no variable.
    assert sorted(read - told - {"CLOUDSYNC_SMTP"}) == []


@pytest.mark.parametrize("name", ["aws-lambda", "azure-function", "gcp-function"])
def test_a_folder_of_terraform_says_where_its_variables_are(name: str) -> None:
    """Each has a description; the page names those that most people set, and the file."""
    assert "variables.tf" in text(f"deploy/{name}/README.md")


def unknown(rest: list[str]) -> Iterator[str]:
    """What `cloudsync` would not understand of the words behind it."""
    called, known = "cloudsync", commands()
    while rest and f"{called} {rest[0]}" in known:
        called, rest = f"{called} {rest[0]}", rest[1:]
    parameters = known[called].params
    flags = {
        one: param.is_flag
        for param in parameters
        if param.param_type_name == "option"
        for one in param.opts
    }
    room = len(parameters) - len({param.name for param in parameters if param.opts[0] in flags})
    words = iter(rest)
    for word in words:
        if word in flags:
            if not flags[word]:
                next(words)
        elif word != "--help":
            room -= 1
            if word.startswith("-") or room < 0:
                yield f"{called} {word}"


def anchors(name: str) -> set[str]:
    """Where a link into a document can lead: its headings as GitHub spells them, and its ids."""
    headings = re.findall(r"^#+ (.+)$", text(name), re.MULTILINE)
    plain = [re.sub(r"<[^>]*>|[`*]", "", one).strip().lower() for one in headings]
    made = {re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in plain}
    return made | set(re.findall(r'<a id="([^"]+)">', text(name)))


@each_document
def test_links_inside_the_tree_lead_somewhere(name: str) -> None:
    """A link to a file, a folder or a heading of this tree finds it."""
    prose = re.sub(r"^```.*?^```$", "", text(name), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
    assert [link for link in links if not leads_somewhere(name, link)] == []


def leads_somewhere(name: str, link: str) -> bool:
    """Whether there is what ``link`` in the document ``name`` points at."""
    path, _, anchor = link.partition("#")
    place = ((tree() / name).parent / path if path else tree() / name).resolve()
    if not place.exists():
        return False
    return not anchor or anchor in anchors(place.relative_to(tree()).as_posix())


def test_decisions_are_numbered_listed_and_whole() -> None:
    """Each decision has its number, its three parts, half a page, and a line in the index."""
    files = sorted(path.name for path in (tree() / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    index = re.findall(r"^- \[(.+)\]\((.+)\)$", text("docs/adr/README.md"), re.MULTILINE)
    assert [link for _, link in index] == files
    for title, name in index:
        decision = text(f"docs/adr/{name}")
        assert decision.splitlines()[0] == f"# {int(name[:4])}. {title}"
        assert re.findall(r"^## (.+)$", decision, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]
        assert len(decision.split()) <= 450


def test_the_changes_are_of_this_release() -> None:
    """The newest entry of the change log is the version that the program says it is."""
    newest = re.findall(r"^## (?:Unreleased: )?\[?([0-9.]+)", text("CHANGELOG.md"), re.MULTILINE)
    assert newest[0] == __version__


@each_document
def test_the_prose_is_plain(name: str) -> None:
    """No word that tells the reader how easy it should be for them."""
    assert re.findall(r"\b(?:simply|obviously|of course)\b", text(name), re.IGNORECASE) == []


def test_the_map_shows_every_module() -> None:
    """The table of modules names each module of the package, and none that there isn't."""
    map_, promises = text("docs/design.md").split("## The promises")
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", map_.split("## The modules")[1], re.MULTILINE)
    named = sorted(one for row in rows[1:] for one in re.findall(r"`(\w+)`", row))
    package = tree() / "cloudsync"
    there = {path.parent.name for path in package.glob("*/__init__.py")}
    there |= {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    assert named == sorted(there)
    files = set(re.findall(r"`([\w/]+/[\w.]+)`", promises))
    assert [one for one in sorted(files) if not (tree() / one).exists()] == []

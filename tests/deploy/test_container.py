"""The container's recipe, as it stands; `make image` builds it and runs what it made."""

from __future__ import annotations

import re
from itertools import pairwise

from deploy.bundle import lock
from tests.tree import tree


def recipe() -> list[tuple[str, str]]:
    """The recipe's instructions, each with its arguments in one line."""
    text = (tree() / "deploy/container/Containerfile").read_text("utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last_stage() -> dict[str, str]:
    """What the stage that runs says, by instruction; the last of each."""
    said = recipe()
    start = max(n for n, (word, _) in enumerate(said) if word == "FROM")
    return dict(said[start:])


def test_it_runs_as_nobody_and_is_asked_whether_it_is_well() -> None:
    """A numeric user, a health check of the page, and the page as what it does by itself."""
    said = last_stage()
    assert said["USER"] == "65532:65532"
    assert "http://127.0.0.1:8025/healthz" in said["HEALTHCHECK"]
    assert said["ENTRYPOINT"] == '["cloudsync"]'
    assert said["CMD"] == '["serve", "--listen", "0.0.0.0:8025"]'
    assert said["VOLUME"] == "/var/lib/cloudsync"


def test_the_stage_that_runs_installs_nothing() -> None:
    """No installer is run there, and what it takes comes from the stage that builds."""
    said = recipe()
    start = max(n for n, (word, _) in enumerate(said) if word == "FROM")
    rest = said[start:]
    assert [one for one in rest if one[0] == "RUN"] == []
    assert all(args.startswith("--from=build ") for word, args in rest if word == "COPY")


def test_everything_is_a_wheel_locked_by_hash() -> None:
    """Nothing is taken by name alone, and nothing is compiled; so both architectures can be built."""
    commands = " && ".join(args for word, args in recipe() if word == "RUN").split(" && ")
    installs = [one for one in commands if " pip install " in one]
    assert len(installs) == 3
    for one in installs:
        hashed = "--require-hashes --only-binary :all: -r" in one
        assert hashed or "--no-deps --no-index /tmp/cloudsync_smtp-" in one
    assert any("compileall -q -j 0 --invalidation-mode unchecked-hash" in one for one in commands)


def test_what_it_copies_is_let_in() -> None:
    """Each folder that the build copies is there, and in the list of what the build may see."""
    listed = (tree() / "deploy/container/Containerfile.containerignore").read_text("utf-8")
    seen = {line[1:] for line in listed.splitlines() if line.startswith("!")}
    copied: set[str] = set()
    for word, args in recipe():
        if word == "COPY" and not args.startswith("--from"):
            copied |= {one.rstrip("/") for one, _ in pairwise(args.split())}
    assert {one.partition("/")[0] for one in seen} == copied
    assert [one for one in copied if not (tree() / one).exists()] == []


def test_the_extras_it_names_are_there() -> None:
    """Every cloud, every place of a state, the page and the alerts, each in the lock."""
    said = dict(args.split("=", 1) for word, args in recipe() if word == "ARG")
    extras = f"{said['CLOUDS']} {said['MORE']}".replace('"', "").split()
    assert {pin.name for pin in lock.subset(extras, tree())} > {"boto3", "obstore", "uvicorn"}

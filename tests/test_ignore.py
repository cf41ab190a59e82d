"""The gitignore syntax, held against git itself where it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from albumclean.crawl.ignore import IgnoreChain, PatternError, Patterns


def ignored(lines: list[str], path: str) -> bool:
    """Whether a walk with these patterns at its top leaves out the file `path`."""
    chain = IgnoreChain().extended("", Patterns.parse(lines))
    parts = path.split("/")
    return any(chain.ignores("/".join(parts[:depth]), depth < len(parts)) for depth in range(1, len(parts) + 1))


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (["*.png"], "a/b.png", True),
        (["/*.png"], "a/b.png", False),
        (["a/*.png"], "a/b.png", True),
        (["a/*.png"], "x/a/b.png", False),
        (["**/a/*.png"], "x/a/b.png", True),
        (["a/**/b.png"], "a/b.png", True),
        (["a/**"], "a/x/b.png", True),
        (["raw/"], "raw", False),
        (["raw/"], "x/raw/b.png", True),
        (["*", "!*/", "!*.jpg"], "x/y/b.jpg", False),
        (["*", "!*/", "!*.jpg"], "x/y/b.png", True),
        (["*.png", "!keep.png"], "x/keep.png", False),
        (["x/", "!x/keep.png"], "x/keep.png", True),  # what lies in an ignored folder can't be taken back
        (["IMG_[0-3]?.jpg"], "IMG_2x.jpg", True),
        (["[!a-c].jpg"], "b.jpg", False),
        ([r"\#a.jpg", r"\!b.jpg"], "!b.jpg", True),
        (["# a.jpg"], "# a.jpg", False),
        (["a.jpg   "], "a.jpg", True),
        ([r"a.jpg\ "], "a.jpg ", True),
        (["[[:digit:]]*.jpg"], "4.jpg", True),
        (["?"], "é", True),
        (["a*.jpg"], "a\n.jpg", True),
        (["a.jpg"], "a.jpg\n", False),
    ],
)
def test_patterns_mean_what_they_mean_to_git(lines: list[str], path: str, expected: bool) -> None:
    assert expected == ignored(lines, path)


@pytest.mark.parametrize("line", ["[a", "a\\", "[[:photo:]]", "a/[b/c"])
def test_a_pattern_that_can_never_match_is_an_error_that_names_its_line(line: str) -> None:
    with pytest.raises(PatternError, match="line 2"):
        Patterns.parse(["ok", line])


@pytest.mark.timeout(10)
def test_no_pattern_makes_the_matching_explode() -> None:
    assert not ignored(["*a" * 30 + "b"], "a" * 250)


atoms = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "d",
        "*",
        "**",
        "?",
        "/",
        "[ab]",
        "[!a]",
        "d/",
        "/b",
        "**/",
        "/**",
        "\\a",
        "!",
        "#",
        " ",
        "[b-a]",
        "[a-c]",
    ]
)
# git takes `a**/b` for `a` and then `**/b`, against its own documentation; that is left out.
sane = st.lists(atoms, max_size=5).map("".join).filter(lambda line: not re.search(r"[^/*]\*\*", line.removeprefix("!")))
lines = st.lists(sane, min_size=1, max_size=4)


NAMES = ("a", "b", "ab", "!", "#b", "!a", "a ")
FOLDERS = ("", "c/", "d/", "d/ba/", "d/c/", "c/d/ba/", "aa/", "aa/bb/")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("repository")
    for folder in FOLDERS:
        (top / folder).mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (top / folder / name).write_bytes(b"")
    git(top, "init", "--quiet")
    return top


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=lines)
def test_git_itself_agrees(repository: Path, lines: list[str]) -> None:
    (repository / ".gitignore").write_bytes("\n".join(lines).encode())
    listed = git(repository, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
    expected = {os.fsdecode(path) for path in listed if path} - {".gitignore"}
    assert expected == {folder + name for folder in FOLDERS for name in NAMES if not ignored(lines, folder + name)}


def git(repository: Path, *arguments: str) -> bytes:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "core.excludesFile=", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout

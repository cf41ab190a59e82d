"""The review page's own files: what they must never contain, and that they fit together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import albumclean.review.web as web

HERE = Path(web.__path__[0])
STATIC, TEMPLATES = HERE / "static", HERE / "templates"
MODULES = sorted(STATIC.glob("*.js"))
STYLES = sorted(STATIC.glob("*.css"))
PAGE = (TEMPLATES / "page.html").read_text("utf-8")
FORBIDDEN = (
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment",  # a name as HTML
    r"\beval\(|new Function\(|setTimeout\(\s*[\"']|javascript:",  # text as a program
    r"https?://(?!www\.w3\.org/)",  # another computer
    r"\.setAttribute\(\s*[\"'](style|on\w+)[\"']",  # what the content security policy forbids
    r"(?<![\w.-])style:",  # the same through `el`
)


def test_there_is_a_page_to_look_at() -> None:
    assert MODULES and STYLES and "albumclean-csrf" in PAGE


@pytest.mark.parametrize("file", [*MODULES, TEMPLATES / "page.html"], ids=lambda path: path.name)
@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_nothing_that_a_file_is_called_can_become_a_program(file: Path, pattern: str) -> None:
    assert [] == re.findall(pattern, file.read_text("utf-8"))


def test_the_template_has_no_inline_script_or_style() -> None:
    assert [] == re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", PAGE)


@pytest.mark.parametrize("file", STYLES, ids=lambda path: path.name)
def test_styles_load_nothing_from_elsewhere(file: Path) -> None:
    assert [] == re.findall(r"url\(|@import", file.read_text("utf-8"))


def test_every_module_is_loaded_ahead_and_every_file_named_is_there() -> None:
    listed = re.search(r"for name in \[(.*?)\]", PAGE, re.DOTALL)
    assert listed is not None
    ahead = set(re.findall(r'"([\w-]+)"', listed[1]))
    assert ahead == {path.stem for path in MODULES} - {"main", "early"}
    named = set(re.findall(r"/static/([\w-]+\.\w+)", PAGE))
    assert set() == {name for name in named if not (STATIC / name).is_file()}


@pytest.mark.parametrize("file", MODULES, ids=lambda path: path.name)
def test_a_module_imports_only_its_neighbours(file: Path) -> None:
    imported = re.findall(r"""(?:from|import)\s*\(?["']([^"']+)["']""", file.read_text("utf-8"))
    assert [] == [name for name in imported if not (name.startswith("./") and (STATIC / name[2:]).is_file())]


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'symbol id="i-([\w-]+)"', (TEMPLATES / "icons.svg").read_text("utf-8")))
    sources = "\n".join(path.read_text("utf-8") for path in MODULES)
    named = set(re.findall(r"""\bicon(?:\(|:\s*)["']([\w-]+)["']""", sources)) | set(re.findall(r"#i-([\w-]+)\"", PAGE))
    assert set() == named - drawn


def test_scripts_find_every_element_that_they_look_up() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in MODULES)
    ids = set(re.findall(r'\bid="([\w-]+)"', PAGE)) | set(re.findall(r'\bid: "([\w-]+)"', sources))
    assert set() == set(re.findall(r'\bbyId\("([\w-]+)"\)', sources)) - ids


@pytest.mark.parametrize("file", [*MODULES, *STYLES], ids=lambda path: path.name)
def test_a_file_has_one_purpose_and_fits_in_the_head(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 300

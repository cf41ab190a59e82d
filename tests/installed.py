"""Packages that are there as if pip had installed them, for the time of a test."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

Bring = Callable[[str, str, Mapping[str, str]], Path]


@contextmanager
def installing(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Gives a function that puts a package into the folder `site`, which is on the path: (package, code, entry points).

    Entry points are in the group `albumclean.scorers`, by name, as names in the module. It returns the path of a file
    `imported` beside the module, which the module may write. What was imported from there is forgotten at the end.
    """
    site.mkdir(exist_ok=True)
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def bring(package: str, code: str, entries: Mapping[str, str]) -> Path:
        module = package.replace("-", "_")
        (site / module).mkdir(exist_ok=True)
        (site / module / "__init__.py").write_text(textwrap.dedent(code))
        facts = site / f"{module}-1.0.dist-info"
        facts.mkdir(exist_ok=True)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {module}:{attribute}" for name, attribute in entries.items()]
        (facts / "entry_points.txt").write_text("\n".join(["[albumclean.scorers]", *lines]) + "\n")
        return site / module / "imported"

    yield bring
    for name in set(sys.modules) - before:
        if str(site) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]

"""An environment of its own for every tool: made once, by plain pip."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.near_duplicates.peers.tool import Tool

STAMP = "requirements-installed.txt"  # written last: an environment without it was not finished


class NotInstalledError(Exception):
    """A tool that can't be had here."""


def python_of(tool: Tool, cache: Path) -> Path:
    """The interpreter that has `tool`, its environment made first where it is missing.

    Tools with the same requirements share one; a program of the system needs none. Raises NotInstalledError where pip
    can't install it or the program is not there.
    """
    if not tool.requirements:
        if shutil.which(tool.name) is None:
            raise NotInstalledError(f"{tool.name} is a program of the system and is not installed")
        return Path(sys.executable)
    return installed(cache, tool.requirements)


def installed(cache: Path, requirements: tuple[str, ...]) -> Path:
    """The interpreter of the environment for these; raises NotInstalledError where pip can't install them."""
    home = cache / requirements[0].replace("==", "-")
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    stamp = home / STAMP
    wanted = "\n".join(requirements) + "\n"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *requirements], check=True)
        except subprocess.CalledProcessError as error:
            raise NotInstalledError(f"{requirements[0]} could not be installed: {error}") from error
        stamp.write_text(wanted, encoding="utf-8")
    return python


def version(tool: Tool, python: Path) -> str:
    """What is installed, with the libraries that its answer hangs on."""
    if not tool.requirements:
        done = subprocess.run([tool.name, "--version"], capture_output=True, text=True, check=False)
        return done.stdout.strip()
    done = subprocess.run([str(python), "-m", "pip", "freeze"], capture_output=True, text=True, check=True)
    wanted = {requirement.split("==")[0].lower() for requirement in tool.requirements} | {"pillow", "numpy", "torch"}
    return ", ".join(line for line in done.stdout.split() if line.split("==")[0].lower() in wanted)

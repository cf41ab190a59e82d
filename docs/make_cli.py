"""Writes the command-line reference from the program's own help: `python docs/make_cli.py > docs/cli.md`."""

from __future__ import annotations

import os
import subprocess
import sys

COMMANDS = (
    "",
    "sources",
    "scan",
    "propose",
    "review",
    "apply",
    "undo",
    "history",
    "report",
    "tune",
    "models",
    "models add",
    "models list",
    "models remove",
    "models verify",
    "models bench",
    "models use",
    "status",
    "explain",
    "eval",
    "run",
    "schedule",
    "doctor",
)

HEAD = """# Command line

Made from `--help` by `python docs/make_cli.py > docs/cli.md`; a test keeps it true.

| exit code | meaning |
|---|---|
| 0 | all well |
| 1 | the work was done, but some files failed or were skipped; each was named |
| 2 | wrong usage or configuration |
| 3 | nothing could be done |
| 4 | `run` was held back by a limit, or by missing photos; nothing was moved |
| 75 | another run is at work; the next one will do |
| 130 | interrupted (Ctrl-C or SIGTERM); run the same command again to go on |
"""


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    for command in COMMANDS:
        words = [sys.executable, "-m", "albumclean", *command.split(), "--help"]
        done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
        text = done.stdout.replace("python -m albumclean", "albumclean").strip()
        parts.append(f"## `albumclean{' ' + command if command else ''}`\n\n```\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())

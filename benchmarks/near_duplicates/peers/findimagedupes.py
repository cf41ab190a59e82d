"""findimagedupes (a Perl program of Debian): 16x16 black-and-white fingerprints, at least 90 % alike.

It is run as a program only. Its output is a shell script that it runs itself, whose function `VIEW` prints a set of
duplicates with spaces between the names; another `VIEW` ends each name with a NUL, and each set with one more.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer, grouped
from benchmarks.near_duplicates.peers.tool import Tool, groups

VIEW = r"""VIEW(){ printf '%s\0' "$@"; printf '\0'; }"""

WARNED = 1  # its manual: the exit status of a run with warnings, as for a file that is no picture


class FindImageDupes(Tool):
    """A setting is `<least percentage alike>`."""

    name = "findimagedupes"
    requirements = ()
    default = "90"
    settings = ("80", "85", "90", "93", "95", "97", "99", "100")
    keeps = False

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        prints = str(scratch / "fingerprints")
        for setting in settings:
            options = ["-q", "-q", "-R", "-f", prints, "-t", f"{setting}%", "-i", VIEW]
            command = ["findimagedupes", *options, "--", str(folder)]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode > WARNED:
                raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            sets = (chunk.split("\0") for chunk in done.stdout.split("\0\0"))
            yield setting, [[name for name in names if name] for names in sets if any(names)]

    def read(self, said: object, folder: Path) -> Answer:
        return grouped(groups(said), folder)

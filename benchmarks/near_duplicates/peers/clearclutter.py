"""ClearClutter (MIT): pHash within 6 bits, candidates by equal 16-bit bands, groups are what links connect.

Its index is put outside the folder (`--workspace`); only `scan` and `group` are called, which read. The keeper goes by
format, resolution, EXIF date, place, camera and size.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer, grouped
from benchmarks.near_duplicates.peers.tool import Tool, field, groups

MEMBERS = """
    select g.id, f.path from groups g join group_members m on m.group_id = g.id join files f on f.id = m.file_id
    where g.gtype in ('exact', 'near', 'live') order by g.id, m.keeper desc, f.path
"""


class ClearClutter(Tool):
    """A setting is `<most bits that differ>`."""

    name = "clearclutter"
    requirements = ("clearclutter==0.1.4",)
    default = "6"
    settings = ("0", "2", "4", "6", "8", "10", "12")
    keeps = True

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        command = (sys.executable, "-m", "clearclutter", "--workspace", str(scratch))
        subprocess.run([*command, "scan", str(folder), "--kind", "photos"], check=True, stdout=subprocess.DEVNULL)
        for setting in settings:
            subprocess.run(
                [*command, "group", str(folder), "--threshold", setting], check=True, stdout=subprocess.DEVNULL
            )
            found: dict[int, list[str]] = defaultdict(list)
            [index] = scratch.glob("*.db")
            with closing(sqlite3.connect(index)) as database:
                for group, path in database.execute(MEMBERS):
                    found[group].append(path)
                [count] = database.execute("select count(*) from files where phash is not null").fetchone()
            yield setting, {"read": count, "groups": list(found.values())}

    def read(self, said: object, folder: Path) -> Answer:
        return grouped(groups(field(said, "groups")), folder)

"""Rebuild a folder of pictures from its list: `python -m benchmarks.collect_photos LIST.csv OUT [--mirror DIR]`.

The lists (`must_not_fool.csv`, `clean_12mp.csv`) name pictures; the pictures themselves are not ours to ship. A row's
`source` says where its bytes lie:

- `github:owner/name@commit`: a public repository. With `--mirror DIR` a git directory `DIR/owner+name` (bare, or with
  `.git`, or with `repo` inside) is read; otherwise the one commit is fetched from GitHub, file contents on demand.
- `debian:package=version`: a Debian package, fetched by `apt-get download` and unpacked by `dpkg-deb` (no install).
- `made:template`: drawn by `benchmarks.make_screenshots`.

Every file lands at OUT/<split>/<class>/<sha1 of its bytes>.<ending> (a made one under its own name) and is compared
with its SHA-1. A made picture may differ where Chromium or the fonts differ, which is told but is no failure; any other
difference, and any file that cannot be had, makes the command end with status 1. Files that are there already and
right are not fetched again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from benchmarks import make_screenshots

COLUMNS = ("source", "path", "class", "split", "width", "height", "sha1", "licence")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a list: where a picture comes from and what it must be."""

    source: str
    path: str  # inside the repository or the unpacked package
    kind: str  # the class: bokeh, night, screenshot, ...
    split: str  # tune, train or test
    sha1: str

    def target(self, out: Path) -> Path:
        """The file below `out` that holds this picture."""
        inner = PurePosixPath(self.path)
        name = inner.name if self.source.startswith("made:") else self.sha1 + inner.suffix.lower()
        return out / self.split / self.kind / name


def read(table: Path) -> list[Entry]:
    """The entries of a list. Raises ValueError where its columns are not the agreed ones."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{table}: the columns must be {', '.join(COLUMNS)}")
        return [Entry(row["source"], row["path"], row["class"], row["split"], row["sha1"]) for row in rows]


def output(*command: str) -> bytes:
    """What `command` prints. Raises CalledProcessError where it fails."""
    return subprocess.run(command, check=True, capture_output=True).stdout


class Sources:
    """Reads files of repositories and packages, each repository and package fetched once into `work`."""

    def __init__(self, work: Path, mirror: Path | None) -> None:
        self._work = work
        self._mirror = mirror
        self._ready: dict[str, Path] = {}

    def bytes_of(self, entry: Entry) -> bytes:
        """The picture's bytes. Raises CalledProcessError or OSError where they cannot be had."""
        scheme, _, place = entry.source.partition(":")
        if scheme == "github":
            repository, _, commit = place.partition("@")
            return output(
                "git", "--git-dir", str(self._repository(repository, commit)), "show", f"{commit}:{entry.path}"
            )
        if scheme == "debian":
            return (self._package(place) / entry.path).read_bytes()
        raise OSError(f"unknown source {entry.source}")

    def _repository(self, repository: str, commit: str) -> Path:
        if self._mirror is not None:
            folder = self._mirror / repository.replace("/", "+")
            places = (folder / "repo" / ".git", folder / "repo", folder / ".git", folder)
            found = next((place for place in places if (place / "HEAD").is_file()), None)
            if found is None:
                raise OSError(f"no git directory of {repository} in {self._mirror}")
            return found
        key = f"{repository}@{commit}"
        if key not in self._ready:
            git_dir = self._work / quote(key, safe="")
            output("git", "init", "--quiet", "--bare", str(git_dir))
            run = ("git", "--git-dir", str(git_dir))
            output(*run, "remote", "add", "origin", f"https://github.com/{repository}")
            output(*run, "config", "remote.origin.promisor", "true")  # contents come one by one, when shown
            output(*run, "fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", commit)
            self._ready[key] = git_dir
        return self._ready[key]

    def _package(self, package: str) -> Path:
        if package not in self._ready:
            folder = self._work / quote(package, safe="")
            folder.mkdir()
            subprocess.run(["apt-get", "download", "--quiet", package], check=True, capture_output=True, cwd=folder)
            (archive,) = folder.glob("*.deb")
            output("dpkg-deb", "--extract", str(archive), str(folder / "root"))
            self._ready[package] = folder / "root"
        return self._ready[package]


def collect(entry: Entry, out: Path, sources: Sources) -> str:
    """Put one picture in its place; returns `kept`, `written`, `differs` (made ones only) or `wrong`.

    Raises CalledProcessError or OSError where its bytes cannot be had.
    """
    target = entry.target(out)
    if target.is_file() and hashlib.sha1(target.read_bytes()).hexdigest() == entry.sha1:
        return "kept"
    if entry.source.startswith("made:"):
        template, _, variant = Path(entry.path).stem.rpartition("-")
        made = make_screenshots.make(out, entry.kind, template, int(variant))
        return "written" if hashlib.sha1(made.read_bytes()).hexdigest() == entry.sha1 else "differs"
    data = sources.bytes_of(entry)
    if hashlib.sha1(data).hexdigest() != entry.sha1:
        return "wrong"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return "written"


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild a folder of pictures from its list.")
    parser.add_argument("table", type=Path, help="must_not_fool.csv or clean_12mp.csv")
    parser.add_argument("out", type=Path, help="the folder to fill")
    parser.add_argument("--mirror", type=Path, help="a folder of git directories named owner+name")
    options = parser.parse_args()
    ended: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as work:
        sources = Sources(Path(work), options.mirror)
        for entry in read(options.table):
            try:
                how = collect(entry, options.out, sources)
            except (subprocess.CalledProcessError, OSError) as error:
                how = "missing"
                print(f"{entry.source} {entry.path}: {error}", file=sys.stderr)
            if how in {"wrong", "differs"}:
                print(f"{entry.source} {entry.path}: {how}", file=sys.stderr)
            ended[how] += 1
    print(", ".join(f"{count} {how}" for how, count in sorted(ended.items())))
    sys.exit(1 if ended["wrong"] + ended["missing"] else 0)


if __name__ == "__main__":
    main()

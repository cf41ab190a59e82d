"""What the walk looks at, what it leaves out, and that it says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from albumclean.config import CrawlSettings
from albumclean.crawl import Skipped, SkipReason, crawl
from albumclean.crawl import listing as listing_module
from albumclean.crawl.mounts import Folder
from albumclean.domain import Asset, CompanionKind, Failure, Root, RootRole, Stage
from albumclean.errors import NothingToScan, RootNotFound, UsageError

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX file systems only")


def fill(folder: Path, *names: str, content: bytes = b"x") -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


class Found:
    def __init__(self, roots: Sequence[Root | Path], settings: CrawlSettings | None = None) -> None:
        wanted = [root if isinstance(root, Root) else Root(root) for root in roots]
        self.all = list(crawl(wanted, settings or CrawlSettings()))
        self.assets = [each for each in self.all if isinstance(each, Asset)]
        self.failures = [each for each in self.all if isinstance(each, Failure)]
        self.skipped = [each for each in self.all if isinstance(each, Skipped)]

    @property
    def paths(self) -> list[Path]:
        return [asset.primary.path for asset in self.assets]

    @property
    def names(self) -> list[str]:
        return [path.name for path in self.paths]

    def reasons(self, path: Path) -> set[SkipReason]:
        return {each.reason for each in self.skipped if each.path == path}

    def count(self, reason: SkipReason) -> int:
        return sum(each.count for each in self.skipped if each.reason is reason)

    def role_of(self, path: Path) -> RootRole:
        return next(asset.role for asset in self.assets if asset.primary.path == path)


def test_photos_are_found_at_any_depth_and_in_the_order_of_their_names(tmp_path: Path) -> None:
    fill(tmp_path, "b/2.jpg", "b/1.png", "a/deep/er/3.HEIC", "z.webp", "B.tiff")
    expected = ["B.tiff", "z.webp", "a/deep/er/3.HEIC", "b/1.png", "b/2.jpg"]
    assert [tmp_path / name for name in expected] == Found([tmp_path]).paths


def test_the_identity_is_that_of_the_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", content=b"12345")
    status = (tmp_path / "a.jpg").stat()
    file = Found([tmp_path]).assets[0].primary
    assert (5, status.st_mtime_ns, status.st_ino, status.st_dev) == (
        file.size,
        file.mtime_ns,
        file.inode,
        file.device,
    )


def test_files_that_are_no_photos_are_counted_not_listed(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "notes.txt", "film.mkv", "README", "config.json")
    found = Found([tmp_path])
    assert ["a.jpg"] == found.names
    assert 2 == found.count(SkipReason.NOT_A_PHOTO)
    assert 1 == found.count(SkipReason.VIDEO)
    assert 1 == found.count(SkipReason.NO_EXTENSION)
    assert {tmp_path} == {each.path for each in found.skipped}


def test_an_empty_file_is_an_asset_so_that_the_decoder_reports_it(tmp_path: Path) -> None:
    fill(tmp_path, "empty.jpg", content=b"")
    assert [0] == [asset.size for asset in Found([tmp_path]).assets]


# Roots


def test_the_order_of_the_roots_does_not_matter(tmp_path: Path) -> None:
    a, b = fill(tmp_path / "a", "1.jpg"), fill(tmp_path / "b", "2.jpg")
    assert Found([a, b]).all == Found([b, a]).all


def test_overlapping_and_repeated_roots_yield_each_photo_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "in/b.jpg", "in/deep/c.jpg")
    found = Found([tmp_path, tmp_path / "in", tmp_path / "in" / "deep", tmp_path, tmp_path / "in" / ".." / "in"])
    assert ["a.jpg", "b.jpg", "c.jpg"] == found.names
    assert [] == found.skipped


def test_a_folder_with_two_names_is_entered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A bind mount needs privileges, so two folders are given one identity, as it would.
    fill(tmp_path, "here/a.jpg", "there/b.jpg")
    monkeypatch.setattr(listing_module, "file_key", lambda path, status: (1, hash(path.name.replace("there", "here"))))
    found = Found([tmp_path])
    assert ["a.jpg"] == found.names
    assert {SkipReason.SAME_FOLDER} == found.reasons(tmp_path / "there")


@posix_only
def test_a_root_that_is_a_link_is_walked_where_it_leads(tmp_path: Path) -> None:
    real = fill(tmp_path / "real", "a.jpg")
    (tmp_path / "link").symlink_to(real)
    assert [real / "a.jpg"] == Found([tmp_path / "link", real]).paths


def test_a_missing_root_is_a_failure_and_the_others_are_walked(tmp_path: Path) -> None:
    fill(tmp_path / "a", "1.jpg")
    found = Found([tmp_path / "gone", tmp_path / "a"])
    assert ["1.jpg"] == found.names
    assert [(tmp_path / "gone", Stage.CRAWL, True)] == [(f.path, f.stage, f.transient) for f in found.failures]


def test_with_no_root_left_the_crawl_refuses_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(RootNotFound):
        crawl([Root(tmp_path / "gone")], CrawlSettings())
    with pytest.raises(NothingToScan):
        crawl([Root(tmp_path, RootRole.EXCLUDED)], CrawlSettings())


def test_a_single_file_as_root_comes_with_its_companions_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "IMG_2.HEIC")
    found = Found([tmp_path / "IMG_1.HEIC"])
    assert [("IMG_1.HEIC", "IMG_1.MOV")] == [tuple(file.path.name for file in each.files) for each in found.assets]


def test_a_named_file_is_looked_at_whatever_its_name(tmp_path: Path) -> None:
    fill(tmp_path, "photo", ".hidden.jpg")
    assert ["photo"] == Found([tmp_path / "photo"]).names
    assert [".hidden.jpg"] == Found([tmp_path / ".hidden.jpg"]).names


def test_a_file_named_beside_its_folder_is_yielded_once(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "IMG_2.HEIC")
    names = ["IMG_1.HEIC", "IMG_1.MOV"]
    assert ["IMG_1.HEIC", "IMG_2.HEIC"] == sorted(Found([tmp_path, *(tmp_path / name for name in names)]).names)


def test_a_folder_is_listed_once_for_all_files_that_are_named_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [f"IMG_{number}.HEIC" for number in range(20)]
    fill(tmp_path, *photos, *(f"IMG_{number}.MOV" for number in range(20)), "between/IMG_30.HEIC", ".a.jpg", ".b.jpg")
    listed: list[Path] = []

    def list_folder(folder: Folder, *arguments: Any, **words: Any) -> listing_module.Listing:
        listed.append(folder.path)
        return listing_module.list_folder(folder, *arguments, **words)

    monkeypatch.setattr("albumclean.crawl.named.list_folder", list_folder)
    named = [*photos[:19], "between/IMG_30.HEIC", ".a.jpg", ".b.jpg"]
    found = Found([tmp_path / name for name in named])
    assert sorted(Path(name).name for name in named) == sorted(found.names)
    assert 2 * 19 + 3 == sum(len(asset.files) for asset in found.assets)
    assert {tmp_path, tmp_path / "between"} == set(listed)
    assert 2 == len(listed)


def test_files_named_in_two_roles_keep_them_and_their_companions(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "a.jpg.xmp", "b.jpg", "b.jpg.xmp", "c.jpg")
    found = Found([tmp_path / "a.jpg", Root(tmp_path / "b.jpg", RootRole.PROTECTED)])
    roles = {asset.primary.path.name: (asset.role, len(asset.files)) for asset in found.assets}
    assert {"a.jpg": (RootRole.NORMAL, 2), "b.jpg": (RootRole.PROTECTED, 2)} == roles


# Roles


def test_the_longest_matching_root_decides_the_role(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "best/b.jpg", "best/rest/c.jpg", "no/d.jpg", "no/yes/e.jpg")
    found = Found(
        [
            tmp_path,
            Root(tmp_path / "best", RootRole.PROTECTED),
            tmp_path / "best" / "rest",
            Root(tmp_path / "no", RootRole.EXCLUDED),
            tmp_path / "no" / "yes",
        ]
    )
    assert {"a.jpg": "normal", "b.jpg": "protected", "c.jpg": "normal", "e.jpg": "normal"} == {
        asset.primary.path.name: asset.role for asset in found.assets
    }
    assert {SkipReason.EXCLUDED} == found.reasons(tmp_path / "no")


def test_of_two_roles_for_one_folder_the_stricter_holds(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    roots = [Root(tmp_path, RootRole.PROTECTED), Root(tmp_path)]
    assert [RootRole.PROTECTED] == [asset.role for asset in Found(roots).assets]


def test_folders_protected_in_the_settings_are_protected_in_every_scan(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "best/b.jpg", "best/2024/c.jpg")
    settings = CrawlSettings(protected=(str(tmp_path / "best"),))
    whole, part = Found([tmp_path], settings), Found([tmp_path / "best" / "2024"], settings)
    assert RootRole.NORMAL is whole.role_of(tmp_path / "a.jpg")
    assert RootRole.PROTECTED is whole.role_of(tmp_path / "best/b.jpg")
    assert RootRole.PROTECTED is part.role_of(tmp_path / "best/2024/c.jpg")


def test_a_protected_folder_of_the_settings_outside_the_roots_is_not_walked(tmp_path: Path) -> None:
    fill(tmp_path, "scan/a.jpg", "best/b.jpg", "scan/no/best/c.jpg")
    settings = CrawlSettings(protected=(str(tmp_path / "best"), str(tmp_path / "scan/no/best")))
    assert ["a.jpg"] == Found([tmp_path / "scan", Root(tmp_path / "scan/no", RootRole.EXCLUDED)], settings).names


def test_a_mistyped_protected_folder_does_not_go_unnoticed(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    found = Found([tmp_path], CrawlSettings(protected=(str(tmp_path / "bset"),)))
    assert [tmp_path / "bset"] == [failure.path for failure in found.failures]
    assert ["a.jpg"] == found.names


# Links


@posix_only
def test_a_symlink_and_its_target_are_one_file(tmp_path: Path) -> None:
    fill(tmp_path, "real.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real.jpg")
    (tmp_path / "latest").symlink_to("real.jpg")
    found = Found([tmp_path])
    assert ["real.jpg"] == found.names
    assert {SkipReason.SYMLINK} == found.reasons(tmp_path / "link.jpg") == found.reasons(tmp_path / "latest")


@posix_only
def test_links_to_folders_are_not_followed_so_loops_are_impossible(tmp_path: Path) -> None:
    fill(tmp_path, "in/a.jpg")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "out").symlink_to(fill(tmp_path.parent / f"{tmp_path.name}-outside", "b.jpg"))
    found = Found([tmp_path])
    assert ["a.jpg"] == found.names
    assert {SkipReason.SYMLINK} == found.reasons(tmp_path / "in" / "up") == found.reasons(tmp_path / "out")


@posix_only
def test_links_that_lead_nowhere_are_listed(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    found = Found([tmp_path])
    assert [] == found.assets + found.failures
    assert {SkipReason.BROKEN_LINK} == found.reasons(tmp_path / "gone.jpg") == found.reasons(tmp_path / "loop.jpg")


@posix_only
def test_a_link_to_a_moving_half_is_no_companion(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.HEIC", "films/real.mov")
    (tmp_path / "IMG_1.MOV").symlink_to(tmp_path / "films" / "real.mov")
    assert [()] == [asset.companions for asset in Found([tmp_path]).assets]


def test_hard_links_are_one_photo(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.jpg")
    (tmp_path / "b").mkdir()
    os.link(tmp_path / "a/1.jpg", tmp_path / "b/2.jpg")
    os.link(tmp_path / "a/1.jpg", tmp_path / "a/3.jpg")
    found = Found([tmp_path / "b", tmp_path / "a"])
    assert [tmp_path / "a/1.jpg"] == found.paths
    assert {SkipReason.HARD_LINK} == found.reasons(tmp_path / "b/2.jpg") == found.reasons(tmp_path / "a/3.jpg")
    assert all(str(tmp_path / "a/1.jpg") in each.text for each in found.skipped)


def test_of_two_hard_links_the_protected_name_is_the_photo(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.jpg")
    (tmp_path / "z").mkdir()
    os.link(tmp_path / "a/1.jpg", tmp_path / "z/2.jpg")
    found = Found([tmp_path, Root(tmp_path / "z", RootRole.PROTECTED)])
    assert [(tmp_path / "z/2.jpg", RootRole.PROTECTED)] == [(each.primary.path, each.role) for each in found.assets]
    assert {SkipReason.HARD_LINK} == found.reasons(tmp_path / "a/1.jpg")


def test_the_companions_of_a_second_name_go_to_no_other_photo(tmp_path: Path) -> None:
    fill(tmp_path, "a/IMG_1.HEIC", "b/IMG_1.JPG", "b/IMG_1.MOV")
    os.link(tmp_path / "a/IMG_1.HEIC", tmp_path / "b/IMG_1.HEIC")
    found = Found([tmp_path])
    assert [("IMG_1.HEIC", ()), ("IMG_1.JPG", ())] == [
        (each.primary.path.name, each.companions) for each in found.assets
    ]


# What is left out


@pytest.mark.parametrize(
    "folder",
    [
        ".Trash", ".Trash-1000", ".Trashes", "$RECYCLE.BIN", "#recycle", "@Recycle", ".dtrash", "RECYCLER",
        ".local/share/Trash", ".Trash/1000/files",
    ],
)  # fmt: skip
def test_trash_folders_are_never_looked_into(tmp_path: Path, folder: str) -> None:
    fill(tmp_path, "a.jpg", f"{folder}/b.jpg", f"{folder}/files/c.jpg")
    found = Found([tmp_path], CrawlSettings(hidden=True))
    assert ["a.jpg"] == found.names
    assert 1 == found.count(SkipReason.TRASH)


def test_a_trash_stays_closed_even_if_it_is_named_as_a_root(tmp_path: Path) -> None:
    fill(tmp_path, ".local/share/Trash/files/a.jpg")
    found = Found([tmp_path / ".local/share/Trash/files"])
    assert ([], 1) == (found.assets, found.count(SkipReason.TRASH))


def test_a_trash_elsewhere_is_known_by_its_two_folders(tmp_path: Path) -> None:
    fill(tmp_path, "data/Trash/files/a.jpg", "data/Trash/info/a.jpg.trashinfo", "other/Trash/b.jpg")
    assert ["b.jpg"] == Found([tmp_path]).names


def test_a_quarantine_folder_is_closed_by_its_ignore_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "moved/b.jpg", "moved/in/c.jpg")
    (tmp_path / "moved" / ".albumcleanignore").write_text("# moved here\n*\n")
    assert ["a.jpg"] == Found([tmp_path]).names
    assert [] == Found([tmp_path / "moved"]).names


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("@eaDir", SkipReason.OTHER_TOOL),
        (".thumbnails", SkipReason.OTHER_TOOL),
        ("node_modules", SkipReason.OTHER_TOOL),
        (".stversions", SkipReason.OTHER_TOOL),
        (".picasaoriginals", SkipReason.OTHER_TOOL),
        ("CaptureOne", SkipReason.OTHER_TOOL),
        ("lost+found", SkipReason.SYSTEM),
        ("System Volume Information", SkipReason.SYSTEM),
        ("#snapshot", SkipReason.SYSTEM),
        ("Photos Library.photoslibrary", SkipReason.LIBRARY),
        ("Catalog Previews.lrdata", SkipReason.LIBRARY),
    ],
)
def test_system_folders_and_the_folders_of_other_programs_are_left_out(
    tmp_path: Path, folder: str, reason: SkipReason
) -> None:
    fill(tmp_path, "a.jpg", f"{folder}/b.jpg")
    found = Found([tmp_path], CrawlSettings(hidden=True))
    assert ["a.jpg"] == found.names
    assert {reason} == found.reasons(tmp_path / folder)


def test_nothing_is_taken_out_of_a_managed_library_even_if_it_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "My.photoslibrary/originals/0/a.heic")
    found = Found([tmp_path / "My.photoslibrary/originals"])
    assert ([], 1) == (found.assets, found.count(SkipReason.LIBRARY))


def test_hidden_files_and_folders_are_left_out_unless_wanted(tmp_path: Path) -> None:
    fill(tmp_path, ".a.jpg", ".in/b.jpg", "c.jpg")
    found = Found([tmp_path])
    assert (["c.jpg"], 2) == (found.names, found.count(SkipReason.HIDDEN))
    assert [".a.jpg", "c.jpg", "b.jpg"] == Found([tmp_path], CrawlSettings(hidden=True)).names
    assert ["b.jpg"] == Found([tmp_path / ".in"]).names  # named by the user


def test_apple_double_files_are_no_photos(tmp_path: Path) -> None:
    fill(tmp_path, "._a.jpg", "a.jpg")
    found = Found([tmp_path], CrawlSettings(hidden=True))
    assert (["a.jpg"], 1) == (found.names, found.count(SkipReason.APPLE_DOUBLE))


def test_unfinished_downloads_are_listed_not_scanned(tmp_path: Path) -> None:
    names = ["a.jpg.part", "b.heic.crdownload", ".syncthing.c.jpg.tmp", "~syncthing~d.jpg.tmp", "e.jpg~"]
    found = Found([fill(tmp_path, *names)], CrawlSettings(hidden=True))
    assert ([], {tmp_path / name for name in names}) == (
        found.assets,
        {each.path for each in found.skipped if each.reason is SkipReason.PARTIAL},
    )


@posix_only
def test_pipes_and_sockets_with_photo_names_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    found = Found([tmp_path])
    assert ([], {SkipReason.SPECIAL_FILE}) == (found.assets, found.reasons(tmp_path / "pipe.jpg"))


@posix_only
def test_a_named_root_that_is_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    found = Found([tmp_path / "pipe.jpg"])
    assert ([], {SkipReason.SPECIAL_FILE}) == (found.assets, found.reasons(tmp_path / "pipe.jpg"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_any_name_that_the_file_system_allows_works(tmp_path: Path) -> None:
    names = [b"new\nline.jpg", b"\xff\xfe.jpg", b"-rf.jpg", b"a" * 251 + b".jpg", " é\u200b.jpg".encode(), b"%s{}.jpg"]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    assert sorted(names) == [os.fsencode(path.name) for path in Found([tmp_path]).paths]


def test_what_a_cloud_drive_keeps_online_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    original = listing_module._status

    def with_flags(entry: os.DirEntry[str]) -> Any:
        status = original(entry)
        facts = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
        return SimpleNamespace(**{**facts, "st_flags": 0x40000000 if entry.name == "a.jpg" else 0})

    monkeypatch.setattr(listing_module, "_status", with_flags)
    found = Found([tmp_path])
    assert (["b.jpg"], {SkipReason.ONLINE_ONLY}) == (found.names, found.reasons(tmp_path / "a.jpg"))


# What goes wrong


def deny(monkeypatch: pytest.MonkeyPatch, target: object, name: str, paths: Iterable[Path], error: OSError) -> None:
    """Let a function that takes a path first fail for some paths; permissions don't bind the administrator."""
    original: Callable[..., object] = getattr(target, name)
    refused = {str(path) for path in paths}

    def stand_in(path: object, *arguments: object, **options: object) -> object:
        if str(getattr(path, "path", path)) in refused:
            raise error
        return original(path, *arguments, **options)

    monkeypatch.setattr(target, name, stand_in)


def test_a_folder_without_permission_is_reported_and_the_walk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    deny(monkeypatch, os, "scandir", [tmp_path / "b"], PermissionError(13, "Permission denied"))
    found = Found([tmp_path])
    assert ["1.jpg", "3.jpg"] == found.names
    assert [(tmp_path / "b", Stage.CRAWL, True)] == [(f.path, f.stage, f.transient) for f in found.failures]


def test_a_photo_whose_companion_cannot_be_looked_at_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "IMG_2.HEIC")
    deny(monkeypatch, listing_module, "_status", [tmp_path / "IMG_1.MOV"], PermissionError(13, "Permission denied"))
    found = Found([tmp_path])
    assert ["IMG_2.HEIC"] == found.names
    assert {"IMG_1.HEIC", "IMG_1.MOV"} == {failure.path.name for failure in found.failures}


def test_what_vanishes_during_the_walk_never_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "in/c.jpg")
    deny(monkeypatch, listing_module, "_status", [tmp_path / "a.jpg"], FileNotFoundError(2, "gone"))
    deny(monkeypatch, os, "scandir", [tmp_path / "in"], NotADirectoryError(20, "now a file"))
    found = Found([tmp_path])
    assert (["b.jpg"], [], 2) == (found.names, found.failures, found.count(SkipReason.VANISHED))


# Patterns: the syntax is tested in test_ignore.py


def test_excludes_hold_for_folders_photos_and_companions(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "a.jpg.json", "a.xmp", "raw/b.jpg", "keep/c.png")
    found = Found([tmp_path], CrawlSettings(exclude=("raw/", "*.png", "*.json")))
    assert [("a.jpg", [CompanionKind.XMP])] == [
        (asset.primary.path.name, [companion.kind for companion in asset.companions]) for asset in found.assets
    ]
    assert 2 == found.count(SkipReason.IGNORED)


def test_includes_choose_photos_and_their_companions_come_along(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "a.mov", "b.png", "2024/c.png", "2024/in/d.png")
    found = Found([tmp_path], CrawlSettings(include=("*.jpg", "/2024/")))
    assert ["a.jpg", "c.png", "d.png"] == found.names
    assert [1, 0, 0] == [len(asset.companions) for asset in found.assets]
    assert 1 == found.count(SkipReason.NOT_INCLUDED)


def test_the_companion_of_an_excluded_photo_goes_to_no_other(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV")
    found = Found([tmp_path], CrawlSettings(exclude=("*.HEIC",)))
    assert [("IMG_1.JPG", ())] == [(each.primary.path.name, each.companions) for each in found.assets]


def test_a_malformed_pattern_is_refused_before_the_walk(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exclude"):
        crawl([Root(tmp_path)], CrawlSettings(exclude=("[a",)))


def test_ignore_files_hold_below_their_folder_and_deeper_ones_overrule(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "in/b.png", "in/c.png", "in/d.jpg", "drafts/e.jpg", "in/drafts/f.jpg")
    (tmp_path / ".albumcleanignore").write_text("# drafts\n*.png\n/drafts/\n")
    (tmp_path / "in" / ".albumcleanignore").write_text("!c.png\n")
    assert ["c.png", "d.jpg", "f.jpg"] == Found([tmp_path]).names


def test_ignore_files_around_a_nested_root_hold_in_it_too(tmp_path: Path) -> None:
    fill(tmp_path, "best/a.jpg", "best/b.png", "private/c.jpg")
    (tmp_path / ".albumcleanignore").write_text("*.png\nprivate/\n")
    protected = CrawlSettings(protected=(str(tmp_path / "best"), str(tmp_path / "private")))
    assert ["a.jpg"] == Found([tmp_path], protected).names
    assert ["a.jpg", "c.jpg"] == Found([tmp_path, tmp_path / "best", tmp_path / "private"]).names


@pytest.mark.parametrize(
    "content", [b"[a\n", b"*.png\\\n", "*.png\n".encode("utf-16"), b"[[:photo:]]\n", b"a\n" * 600_000]
)
def test_an_ignore_file_that_cannot_be_used_closes_its_folder(tmp_path: Path, content: bytes) -> None:
    fill(tmp_path, "a.jpg", "in/b.jpg", "in/deep/c.jpg")
    (tmp_path / "in" / ".albumcleanignore").write_bytes(content)
    found = Found([tmp_path])
    assert ["a.jpg"] == found.names
    assert [(tmp_path / "in" / ".albumcleanignore", False)] == [(f.path, f.transient) for f in found.failures]


def test_an_unreadable_ignore_file_closes_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "in/b.jpg", "in/.albumcleanignore")
    deny(monkeypatch, os, "open", [tmp_path / "in" / ".albumcleanignore"], PermissionError(13, "Permission denied"))
    found = Found([tmp_path])
    assert (["a.jpg"], [True]) == (found.names, [failure.transient for failure in found.failures])


@posix_only
def test_an_ignore_file_that_is_a_pipe_neither_blocks_nor_is_read(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "in/b.jpg")
    os.mkfifo(tmp_path / "in" / ".albumcleanignore")
    found = Found([tmp_path])
    assert (["a.jpg"], 1) == (found.names, len(found.failures))


def test_the_walk_streams(tmp_path: Path) -> None:
    """The first photo comes before the second folder is read, so memory holds one folder."""
    fill(tmp_path, "a/1.jpg", "b/2.jpg")
    walk = crawl([Root(tmp_path)], CrawlSettings())
    first = next(walk)
    fill(tmp_path, "b/0.jpg")
    assert ["1.jpg", "0.jpg", "2.jpg"] == [each.primary.path.name for each in (first, *walk) if isinstance(each, Asset)]

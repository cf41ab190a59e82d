"""Phones, messengers, exports and servers are known by what lies in their folders; nothing is left out silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from albumclean.cli.main import app
from albumclean.config import CrawlSettings
from albumclean.crawl import Skipped, SkipReason, crawl
from albumclean.crawl.known_layouts import KNOWN, parts_around, recognise
from albumclean.crawl.layouts import Layout, Part, Treatment, fold, strictest
from albumclean.crawl.layouts import words as signs
from albumclean.crawl.survey import survey
from albumclean.domain import Asset, Failure, Root, RootRole
from albumclean.errors import NothingToScan

steady = settings(derandomize=True, deadline=None)


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def found(*roots: Path, hidden: bool = False, open_libraries: tuple[str, ...] = ()) -> list[Asset | Failure | Skipped]:
    settings = CrawlSettings(hidden=hidden, open_libraries=open_libraries)
    return list(crawl([Root(root) for root in roots], settings))


def roles(findings: list[Asset | Failure | Skipped], top: Path) -> dict[str, RootRole]:
    return {str(each.primary.path.relative_to(top)): each.role for each in findings if isinstance(each, Asset)}


def reasons(findings: list[Asset | Failure | Skipped], top: Path) -> dict[str, SkipReason]:
    return {
        str(each.path.relative_to(top)): each.reason
        for each in findings
        if isinstance(each, Skipped) and each.reason in {SkipReason.OTHER_TOOL, SkipReason.TRASH}
    }


LIBRARIES: dict[str, tuple[list[str], list[str], list[str], list[str]]] = {
    # layout: photos that are looked at, that are only compared, that are left out, and that lie in a trash
    "dcim": (["DCIM/100APPLE/IMG_1.HEIC", "DCIM/Camera/PXL_1.jpg"], [], ["DCIM/.thumbnails/1.jpg"], []),
    "whatsapp": (
        ["Media/WhatsApp Images/a.jpg", "Media/WhatsApp Images/Sent/b.jpg", "Media/WhatsApp Images/Private/c.jpg"],
        [],
        [
            "Media/.Statuses/s.jpg", "Media/WhatsApp Profile Photos/p.jpg", "Media/WhatsApp Stickers/s.webp",
        ],
        ["Media/.trash/t.jpg"],
    ),
    "telegram": (["Telegram/Telegram Images/1.jpg"], [], [], []),
    "telegram-export": (
        ["ChatExport/messages.html", "ChatExport/photos/1.jpg"],
        [],
        ["ChatExport/images/back.png", "ChatExport/css/a.png", "ChatExport/stickers/s.webp"],
        [],
    ),
    "signal": (["Signal/signal-2024-05-06-070809.jpg"], [], [], []),
    "syncthing": (["Phone/.stfolder/x", "Phone/a.jpg"], [], ["Phone/.stversions/a~20240101-000000.jpg"], []),
    "resilio": (["Phone/a.jpg"], [], ["Phone/.sync/Archive/a.jpg"], []),
    "nextcloud": (["Cloud/.sync_0123456789ab.db", "Cloud/a.jpg"], [], [], []),
    "nextcloud-server": (
        [],
        ["ana/files/a.jpg"],
        ["ana/files_versions/a.jpg", "ana/cache/b.jpg", "ana/uploads/c.jpg"],
        ["ana/files_trashbin/files/d.jpg"],
    ),
    "nextcloud-data": (["data/.ocdata", "data/ana/a.jpg"], [], ["data/appdata_oc1ab2/preview/a.jpg"], []),
    "dropbox": (["Dropbox/.dropbox", "Dropbox/a.jpg"], [], ["Dropbox/.dropbox.cache/b.jpg"], []),
    "google-drive": (["Drive/a.jpg"], [], ["Drive/.tmp.drivedownload/b.jpg"], []),
    "onedrive": (["OneDrive - Home/desktop.ini", "OneDrive - Home/a.jpg"], [], [], []),
    "icloud-drive": (["com~apple~CloudDocs/a.jpg"], [], [], []),
    "google-takeout": (
        ["Google Fotos/Fotos von 2019/a.jpg", "Google Fotos/Oma/a.jpg", "Google Fotos/Archiv/b.jpg"],
        [],
        [],
        ["Google Fotos/Papierkorb/c.jpg"],
    ),
    "apple-export": (
        ["iCloud-bilder Del 1 av 6/Photos/a.heic", "iCloud-bilder Del 1 av 6/Albums/Summer.csv"],
        [],
        [],
        ["iCloud-bilder Del 1 av 6/Recently Deleted/b.heic"],
    ),
    "immich": (
        [],
        ["immich/library/ana/2024/a.jpg", "immich/upload/u/b.jpg"],
        ["immich/thumbs/u/a.webp", "immich/encoded-video/v.jpg", "immich/profile/p.jpg", "immich/backups/x.jpg"],
        [],
    ),
    "photoprism-storage": (
        ["storage/.ppstorage", "storage/mine/a.jpg"], [], ["storage/cache/a.jpg", "storage/sidecar/b.jpg"], [],
    ),
    "photoprism": (["pp/originals/a.jpg", "pp/storage/b.jpg"], [], [], []),
    "librephotos": ([], [], ["protected_media/thumbnails_big/a.webp", "protected_media/faces/b.jpg"], []),
    "digikam": (["Pictures/digikam4.db", "Pictures/a.jpg"], [], [], ["Pictures/.dtrash/files/b.jpg"]),
    "lightroom": (["Lightroom/Catalog.lrcat", "Lightroom/a.jpg"], [], [], []),
    "synology": (["photo/a.jpg"], [], ["photo/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg"], ["photo/#recycle/b.jpg"]),
    "qnap": (["photo/a.jpg"], [], ["photo/.@__thumb/a.jpg"], ["photo/@Recycle/b.jpg"]),
}  # fmt: skip


def test_every_layout_has_a_library_here_and_its_source() -> None:
    assert [layout.name for layout in KNOWN] == list(LIBRARIES)
    assert all(layout.source.startswith("https://") and layout.title for layout in KNOWN)


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("hidden", [False, True])
def test_a_layout_is_recognised_and_its_parts_are_treated_as_they_should(
    tmp_path: Path, name: str, hidden: bool
) -> None:
    looked_at, compared, left_out, trashed = LIBRARIES[name]
    fill(tmp_path, *looked_at, *compared, *left_out, *trashed)
    seen: list[str] = []
    settings = CrawlSettings(hidden=hidden)
    findings = list(crawl([Root(tmp_path)], settings, recognised=lambda folder, layout: seen.append(layout.name)))
    assert name in seen
    photos = [each for each in looked_at if each.endswith((".jpg", ".heic", ".HEIC"))]
    expected = {**dict.fromkeys(photos, RootRole.NORMAL), **dict.fromkeys(compared, RootRole.PROTECTED)}
    assert expected == roles(findings, tmp_path)
    told = reasons(findings, tmp_path)
    for photo in left_out:
        assert [SkipReason.OTHER_TOOL] == [told[str(each)] for each in Path(photo).parents if str(each) in told]
    for photo in trashed:
        assert [SkipReason.TRASH] == [told[str(each)] for each in Path(photo).parents if str(each) in told]


def test_a_users_own_folder_is_not_lost_by_a_common_name(tmp_path: Path) -> None:
    names = ["thumbs", "Trash", "Bin", "library", "upload", "profile", "cache", "storage", "files", "images", "faces",
             "Recently Deleted", "sidecar", "backups", "stickers", "Papierkorb"]  # fmt: skip
    findings = found(fill(tmp_path, *(f"{name}/{number}.jpg" for number, name in enumerate(names))))
    assert dict.fromkeys((f"{n}/{i}.jpg" for i, n in enumerate(names)), RootRole.NORMAL) == roles(findings, tmp_path)


@steady
@given(st.sets(st.sampled_from(sorted({name for layout in KNOWN for names in layout.holds for name in names}))))
def test_a_layout_needs_all_its_signs(names: set[str]) -> None:
    for layout in recognise(Path("/home/ana/Photos"), names):
        assert all(names & wanted for wanted in layout.holds)


@pytest.mark.parametrize("sign", ["thumbs", "encoded-video", "library", "profile"])
def test_immich_is_not_seen_in_a_folder_that_lacks_one_of_its_own(sign: str) -> None:
    names = {"thumbs", "encoded-video", "library", "profile"} - {sign}
    assert () == recognise(Path("/data"), names)


def test_names_are_compared_without_case_and_however_accents_are_written() -> None:
    takeout = next(layout for layout in KNOWN if layout.name == "google-takeout")
    for name in ("KOŠ", "Kos\u030c", "çöp KUTUSU"):
        part = takeout.part(name)
        assert part is not None
        assert Treatment.TRASH is part.treatment
    assert takeout.part("Koszyce") is None


@pytest.mark.parametrize(
    "year",
    ["Photos from 2019", "Fotos von 2019", "Photos de 2019", "Zdjęcia z roku 2022", "2019年の写真", "2012-08-05"],
)
def test_takeout_is_known_in_every_language_by_its_years(year: str) -> None:
    assert ["google-takeout"] == [each.name for each in recognise(Path("/x/Google フォト"), {year, "Oma"})]
    assert () == recognise(Path("/x/Fotos"), {year, "Oma"})


def test_of_several_layouts_the_strictest_word_counts() -> None:
    layouts = recognise(Path("/volume1/photo"), {".stfolder", "@eaDir", "#recycle"})
    assert {"syncthing", "synology"} == {each.name for each in layouts}
    part = strictest(layouts, "#recycle")
    assert part is not None
    assert Treatment.TRASH is part.treatment
    assert strictest(layouts, "2024") is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_trash_is_a_trash_whatever_else_a_folder_is(order: tuple[int, ...]) -> None:
    parts = [Part(signs("x"), treatment, treatment.name) for treatment in Treatment]
    layouts = [Layout(str(place), "X", "https://x", parts=(parts[place],)) for place in order]
    together = Layout("all", "X", "https://x", parts=tuple(parts[place] for place in order))
    for part in (strictest(layouts, "X"), together.part("x")):
        assert part == parts[Treatment.TRASH.value]


# Roots that lie inside a layout


def immich(folder: Path) -> Path:
    return fill(
        folder, "immich/library/a.jpg", "immich/thumbs/b.webp", "immich/encoded-video/c.jpg", "immich/profile/d.jpg"
    )


@pytest.mark.parametrize("root", ["", "immich", "immich/library", "immich/library/a.jpg"])
def test_a_managed_library_is_only_compared_however_it_is_named(tmp_path: Path, root: str) -> None:
    immich(tmp_path)
    assert {"immich/library/a.jpg": RootRole.PROTECTED} == roles(found(tmp_path / root), tmp_path)


@pytest.mark.parametrize("opened", ["", "immich", "immich/library"])
@pytest.mark.parametrize("root", ["", "immich/library"])
def test_a_managed_library_is_treated_as_any_other_if_the_user_says_so(tmp_path: Path, opened: str, root: str) -> None:
    immich(tmp_path)
    findings = found(tmp_path / root, open_libraries=(str(tmp_path / opened),))
    assert {"immich/library/a.jpg": RootRole.NORMAL} == roles(findings, tmp_path)


def test_opening_one_library_opens_no_other(tmp_path: Path) -> None:
    immich(tmp_path)
    findings = found(tmp_path, open_libraries=(str(tmp_path / "immich" / "lib"), str(tmp_path / "other")))
    assert {"immich/library/a.jpg": RootRole.PROTECTED} == roles(findings, tmp_path)


def test_what_a_layout_leaves_out_is_looked_at_if_the_user_names_it(tmp_path: Path) -> None:
    fill(tmp_path, "Media/WhatsApp Images/a.jpg", "Media/WhatsApp Profile Photos/p.jpg")
    assert ["Media/WhatsApp Profile Photos/p.jpg"] == [
        *roles(found(tmp_path / "Media/WhatsApp Profile Photos"), tmp_path)
    ]


def test_a_bin_of_an_export_stays_closed_even_if_it_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "Google Photos/Photos from 2019/a.jpg", "Google Photos/Bin/in/b.jpg")
    for root in ("Google Photos/Bin", "Google Photos/Bin/in", "Google Photos/Bin/in/b.jpg"):
        findings = found(tmp_path / root)
        assert ({}, {root: SkipReason.TRASH}) == (roles(findings, tmp_path), reasons(findings, tmp_path))


def test_parts_are_found_from_the_inside_out(tmp_path: Path) -> None:
    immich(tmp_path)
    parts = [(folder, part.treatment) for folder, part in parts_around(tmp_path / "immich" / "thumbs" / "u")]
    assert [(tmp_path / "immich" / "thumbs", Treatment.LEFT_OUT)] == parts
    assert [] == list(parts_around(tmp_path / "thumbs"))


@steady
@given(st.text(max_size=20))
def test_a_folder_of_any_name_can_be_asked_about(name: str) -> None:
    layout = Layout("x", "X", "https://x", parts=KNOWN[0].parts)
    assert (layout.part(name) is not None) == bool(KNOWN[0].parts[0].names.fullmatch(fold(name)))


# albumclean sources


def test_a_survey_counts_each_photo_once_and_where_it_belongs(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "DCIM/Camera/b.jpg", "DCIM/Camera/c.HEIC", "DCIM/Camera/c.MOV", "film.mkv")
    immich(tmp_path)
    answer = survey([Root(tmp_path)], CrawlSettings())
    assert [("", 1, 0), ("DCIM", 2, 0), ("immich", 1, 1)] == [
        (str(place.path.relative_to(tmp_path)).removeprefix("."), place.photos, place.protected)
        for place in answer.places
    ]
    assert 3 == answer.places[1].bytes
    assert (SkipReason.VIDEO, 1, [tmp_path]) == (
        answer.left_out[0].reason, answer.left_out[0].count, answer.left_out[0].examples,
    )  # fmt: skip


def test_photos_of_a_single_file_root_have_a_place(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    assert [(tmp_path, 1)] == [
        (each.path, each.photos) for each in survey([Root(tmp_path / "a.jpg")], CrawlSettings()).places
    ]


def test_sources_tells_what_is_recognised_and_what_is_left_out_and_why(album: Path) -> None:
    fill(album, "Google Fotos/Fotos von 2019/a.jpg", "Google Fotos/Papierkorb/b.jpg", "DCIM/Camera/.pending-1-c.jpg")
    result = CliRunner().invoke(app, ["sources", str(album)])
    assert 0 == result.exit_code
    for words in (
        "1 photo, 1 byte", "Google Photos, as Takeout exports them: 1 photo", "albums repeat photos",
        "what you threw away in Google Photos", "a download or a copy that has not ended",
        "Photos of a phone or a camera: no photos of its own", str(album / "DCIM" / "Camera" / ".pending-1-c.jpg"),
    ):  # fmt: skip
        assert words in result.output


def test_sources_as_json_holds_the_same(album: Path) -> None:
    immich(album)
    result = CliRunner().invoke(app, ["sources", str(album), "--json"])
    document = json.loads(result.stdout)
    assert [("immich", 1, 1)] == [
        (place["layouts"][0]["name"], place["photos"], place["protected"]) for place in document["places"]
    ]
    assert {"other-tool"} == {entry["reason"] for entry in document["left_out"]}
    assert 3 == sum(entry["count"] for entry in document["left_out"])


def test_sources_prints_no_name_raw(album: Path) -> None:
    fill(album, "DCIM\x07/Camera/a.jpg", "b\x07.jpg.part")
    assert "\x07" not in CliRunner().invoke(app, ["sources", str(album)]).output


def test_sources_remembers_nothing_and_needs_a_folder(album: Path, home: Path) -> None:
    fill(album, "a.jpg")
    CliRunner().invoke(app, ["sources", str(album)])
    assert [] == list(home.iterdir())
    assert isinstance(CliRunner().invoke(app, ["sources"]).exception, NothingToScan)

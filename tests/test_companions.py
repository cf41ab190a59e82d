"""Which files are one photo, and what other programs said of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.crawl import group_assets, read_marks
from albumclean.crawl.companions import LIVE_VIDEO_LIMIT
from albumclean.domain import Asset, Companion, CompanionKind, FileIdentity, Stage, UserMarks

FOLDER = Path("/album").absolute()


def file(name: str, size: int = 1000) -> FileIdentity:
    return FileIdentity(FOLDER / name, size, 0, 1, 1)


def grouped(*names: str | FileIdentity) -> dict[str, set[str]]:
    """Each primary's name, with its companions'."""
    entries = [file(name) if isinstance(name, str) else name for name in names]
    return {
        asset.primary.path.name: {companion.file.path.name for companion in asset.companions}
        for asset in group_assets(entries).assets
    }


def kinds(*names: str) -> list[CompanionKind]:
    (asset,) = group_assets([file(name) for name in names]).assets
    return [companion.kind for companion in asset.companions]


# Live Photos


@pytest.mark.parametrize(
    ("photo", "video"),
    [
        ("IMG_1.HEIC", "IMG_1.MOV"),
        ("IMG_1.JPG", "img_1.mov"),
        ("IMG_1.HEIC", "IMG_1.MP4"),
        ("IMG_1.HEIC", "IMG_1_HEVC.MOV"),
        ("PXL_1.MP.jpg", "PXL_1.MP"),
        ("PXL_1.MP.jpg", "PXL_1.MP.mp4"),
    ],
)
def test_a_live_photo_is_one_asset(photo: str, video: str) -> None:
    assert {photo: {video}} == grouped(photo, video)
    assert [CompanionKind.LIVE_VIDEO] == kinds(photo, video)


def test_a_film_that_only_shares_its_name_with_a_photo_is_no_companion() -> None:
    film = file("IMG_1.MOV", LIVE_VIDEO_LIMIT)
    assert {"IMG_1.HEIC": set()} == grouped("IMG_1.HEIC", film)
    assert (film,) == group_assets([file("IMG_1.HEIC"), film]).leftovers


def test_a_video_belongs_to_no_screenshot_and_no_raw() -> None:
    assert {"IMG_1.PNG": set(), "IMG_2.DNG": set()} == grouped("IMG_1.PNG", "IMG_1.MOV", "IMG_2.DNG", "IMG_2.MOV")


def test_a_photo_has_one_moving_half_at_most() -> None:
    assert {"IMG_1.HEIC": {"IMG_1.MOV"}, "IMG_1.JPG": set()} == grouped(
        "IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV", "IMG_1.MP4", "IMG_1_HEVC.MOV"
    )


# RAW


def test_a_raw_goes_with_the_jpeg_that_the_camera_wrote() -> None:
    assert {"A.JPG": {"A.CR2", "A.dng"}} == grouped("A.CR2", "A.dng", "A.JPG")
    assert [CompanionKind.RAW] == kinds("A.NEF", "A.HIF")


def test_a_raw_alone_is_an_asset_and_never_skipped() -> None:
    assert {"A.CR2": {"A.xmp", "A.THM"}} == grouped("A.CR2", "A.xmp", "A.THM")


def test_a_raw_is_not_the_companion_of_a_picture_made_from_it() -> None:
    assert {"A.CR2": {"A.xmp"}, "A.tif": set(), "A.png": {"A.png.xmp"}} == grouped(
        "A.CR2", "A.tif", "A.png", "A.xmp", "A.png.xmp"
    )


# Sidecars


def test_a_sidecar_that_names_the_whole_file_goes_there() -> None:
    assert {"A.JPG": {"A.JPG.xmp"}, "A.HEIC": {"A.heic.XMP", "A.xmp"}} == grouped(
        "A.JPG", "A.HEIC", "A.JPG.xmp", "A.heic.XMP", "A.xmp"
    )


def test_the_sidecars_of_a_companion_belong_to_its_photo() -> None:
    expected = {"A.JPG": {"A.CR2", "A.CR2.xmp", "A.MOV", "A.MOV.json"}}
    assert expected == grouped("A.JPG", "A.CR2", "A.CR2.xmp", "A.MOV", "A.MOV.json")


def test_two_photos_of_one_stem_are_two_assets_and_the_first_kind_owns_what_they_share() -> None:
    assert {"IMG_1.HEIC": {"IMG_1.MOV", "IMG_1.AAE"}, "IMG_1.JPG": set()} == grouped(
        "IMG_1.JPG", "IMG_1.HEIC", "IMG_1.MOV", "IMG_1.AAE"
    )


def test_of_names_that_differ_in_case_the_same_case_comes_first() -> None:
    assert {"a.JPG": {"a.xmp"}, "A.HEIC": {"A.xmp"}} == grouped("a.JPG", "A.HEIC", "a.xmp", "A.xmp")


def test_apples_edits_find_their_photo() -> None:
    assert {"IMG_1234.HEIC": {"IMG_O1234.AAE", "IMG_1234.AAE"}} == grouped(
        "IMG_1234.HEIC", "IMG_O1234.AAE", "IMG_1234.AAE"
    )
    assert {"IMG_7.JPG": {"IMG_E7.AAE"}} == grouped("IMG_7.JPG", "IMG_E7.AAE")


def test_sidecars_without_a_photo_are_left_over() -> None:
    names = ["B.xmp", "B.aae", "metadata.json", "A.json", "B.mov"]
    assert [*sorted(names), "A.jpg"] == [
        *(each.path.name for each in group_assets([file(name) for name in (*names, "A.jpg")]).leftovers),
        "A.jpg",
    ]


# Google Takeout; real names from the trackers of Takeout tools


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG.jpg", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG(1).jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG(1).jpg.json"),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json"),
        ("Screenshot_2017-07-05-10-05-26.png", "Screenshot_2017-07-05-10-05-26.png.supplementa.json"),
        ("Screenshot_20241227_105539_Edge.jpg", "Screenshot_20241227_105539_Edge.jpg.supplement.json"),
        ("D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg", "D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg.supp.json"),
        (
            "Screenshot_20220207_102421_com.snapchat.android.jpg",
            "Screenshot_20220207_102421_com.snapchat.androi.json",
        ),
        (
            "Urlaub in Knaufspesch in der Schneifel (38).JPG",
            "Urlaub in Knaufspesch in der Schneifel (38).JP.json",
        ),
        ("x" * 45 + ".jpg", "x" * 45 + "..json"),
        # immich-go 405, 613, 652, 673, 674 and 756
        ("PXL_20210102_221126856.MP~2.jpg", "PXL_20210102_221126856.MP~2.jpg.json"),
        (
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg",
            "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json",
        ),
        ("05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg", "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json"),
        ("😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋😛.jpg", "😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋.json"),
        (
            "Backyard_ceremony_wedding_photography_xxxxxxx_m(494).jpg",
            "Backyard_ceremony_wedding_photography_xxxxxxx_(494).json",
        ),
        ("original_1d4caa6f-16c6-4c3d-901b-9387de10e528_P.jpg", "original_1d4caa6f-16c6-4c3d-901b-9387de10e528_.json"),
        (
            "13039_327707840323_537645323_9470255_27214_n(1).jpg",
            "13039_327707840323_537645323_9470255_27214_n.j(1).json",
        ),
        ("Screenshot_20231027_123303_Facebook(1).jpg", "Screenshot_20231027_123303_Facebook.jpg.supple(1).json"),
        ("MVIMG_20200207_134534~2.jpg", "MVIMG_20200207_134534~2.jpg.supplemental-metad.json"),
        ("IMG_2710(1).HEIC", "IMG_2710.HEIC(1).json"),
        ("2025-04-28(3516).jpg", "2025-04-28.jpg.supplemental-metadata(3516).json"),
        ("Peanut Butter Balls.jpg", "Peanut Butter Balls.supplemental-metadata.json"),
        ("2013-12-23(1).jpg", "2013-12-23.supplemental-metadata(1).json"),
    ],
)
def test_takeout_sidecars_find_their_photo(photo: str, sidecar: str) -> None:
    assert {photo: {sidecar}} == grouped(photo, sidecar)
    assert [CompanionKind.TAKEOUT_JSON] == kinds(photo, sidecar)


def test_the_numbers_of_takeout_are_not_mixed_up() -> None:
    assert {"IMG.jpg": {"IMG.jpg.json"}, "IMG(1).jpg": {"IMG.jpg(1).json"}} == grouped(
        "IMG.jpg", "IMG(1).jpg", "IMG.jpg.json", "IMG.jpg(1).json"
    )
    assert {"IMG.jpg": set()} == grouped("IMG.jpg", "IMG.jpg(1).json")


def test_clipped_names_keep_their_numbers() -> None:
    long = "y" * 46
    assert {f"{long}a.jpg": {f"{long}.json"}, f"{long}a(1).jpg": {f"{long}(1).json"}} == grouped(
        f"{long}a.jpg", f"{long}a(1).jpg", f"{long}.json", f"{long}(1).json"
    )


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("DSC_0102(1).JPG", "DSC_0102.JPG(2).json"),
        ("DSC_0103.JPG", "DSC_0103.JPG(1).json"),
        ("DSC_0104(1).JPG", "DSC_0104.JPG.json"),
        (
            "Backyard_ceremony_wedding_photography_xxxxxxx_m(185).jpg",
            "Backyard_ceremony_wedding_photography_xxxxxxx_(494).json",
        ),
        ("IMG.jpg", "IMG.supplemental-meta.json"),  # cut, and without an extension: may be anything
        ("IMG.jpg", "IMG.json"),
        ("metadata.jpg", "metadata.json"),
    ],
)
def test_takeout_sidecars_of_other_photos_are_left_where_they_are(photo: str, sidecar: str) -> None:
    assert {photo: set()} == grouped(photo, sidecar)


def clipped(name: str) -> str:
    """As Google cuts what stands before ".json"."""
    return name[:46]


titles = st.builds(
    lambda head, length, tail, ending: (head * 60)[:length] + tail + ending,
    st.sampled_from(["IMG_", "a-b ", "x"]),
    st.integers(4, 47),
    st.sampled_from(["", "a", "b", "(3)", ".s"]),
    st.sampled_from([".jpg", ".png", ".HEIC"]),
)


@given(shown=st.lists(titles, max_size=8), supplement=st.booleans())
def test_no_takeout_sidecar_ever_goes_with_another_photo(shown: list[str], *, supplement: bool) -> None:
    owner: dict[str, str] = {}  # JSON -> its photo, both named as Google names them
    for title in shown:
        stem, ending = title.rpartition(".")[::2]
        described = clipped(f"{title}.supplemental-metadata" if supplement else title)
        for number in ("", "(1)", "(2)", "(4)"):
            photo, sidecar = f"{stem[:47]}{number}.{ending}", f"{described}{number}.json"
            if photo not in owner.values() and sidecar not in owner:
                owner[sidecar] = photo
                break
    for photo, companions in grouped(*owner, *owner.values()).items():
        assert {photo} >= {owner[each] for each in companions if each in owner}


def test_a_takeout_name_that_fits_two_photos_fits_none() -> None:
    long = "y" * 46
    assert {f"{long}1.jpg": set(), f"{long}2.jpg": set()} == grouped(f"{long}1.jpg", f"{long}2.jpg", f"{long}.json")


# Rules

stems = st.sampled_from(
    [
        "IMG_1234", "img_1234", "IMG_E1234", "IMG_O1234", "IMG_1234(1)", "IMG_1234.jpg", "IMG_1234.MP", "IMG_1234_HEVC",
        "IMG_1234-edited", "IMG_1234~2", "IMG_1234_01.jpg", "z" * 46,
    ]
)  # fmt: skip
endings = st.sampled_from(
    [
        ".jpg", ".JPG", ".heic", ".png", ".cr2", ".dng", ".mov", ".mp4", ".MP", ".xmp", ".jpg.xmp", ".AAE", ".THM",
        ".json", ".jpg.json", ".jpg(1).json", ".jpg.supplemental-meta.json", ".pp3", ".jpg.on1", ".txt", "",
    ]
)  # fmt: skip
folders = st.lists(
    st.builds(lambda stem, ending, size: file(stem + ending, size), stems, endings, st.sampled_from([1, 1 << 40])),
    max_size=14,
    unique_by=lambda entry: entry.path,
)


@given(entries=folders, data=st.data())
def test_every_file_has_one_place_whatever_the_order(entries: list[FileIdentity], data: st.DataObject) -> None:
    known = {each: data.draw(st.sampled_from([None, "A", "B"])) for each in entries}
    grouping = group_assets(entries, identifiers=known.get)
    placed = [each.path for asset in grouping.assets for each in asset.files]
    placed += [each.path for each in grouping.leftovers]
    assert sorted(each.path for each in entries) == sorted(placed)
    assert grouping == group_assets(data.draw(st.permutations(entries)), identifiers=known.get)
    for asset in grouping.assets:  # two identifiers that differ are never a pair of the same name
        for each in asset.companions:
            if each.kind is CompanionKind.LIVE_VIDEO and known[each.file]:
                assert {known[file] for file in asset.files if known[file]} >= {known[each.file]}


# Marks


def marked(tmp_path: Path, name: str, content: bytes, kind: CompanionKind = CompanionKind.XMP) -> Asset:
    (tmp_path / name).write_bytes(content)
    return Asset(file("a.jpg"), (Companion(kind, FileIdentity(tmp_path / name, len(content), 0, 1, 1)),))


def xmp(inside: str, attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xap="http://ns.adobe.com/xap/1.0/">'
        f'<rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


@pytest.mark.parametrize(
    ("content", "rating"),
    [
        (xmp("", 'xap:Rating="5"'), 5),
        (xmp("<xap:Rating>3</xap:Rating>"), 3),
        (xmp("<xap:Rating>4.0</xap:Rating>"), 4),
        (xmp("", 'xap:Rating="-1"'), -1),
        (xmp("", 'xap:Rating="99"'), 5),
        (xmp("<xap:Rating/>"), None),
        (xmp("", 'xap:Label="Red"'), None),
        (xmp("", 'Rating="5"'), None),
        (xmp("", 'xap:Rating="2"').decode().encode("utf-16"), 2),
    ],
)
def test_stars_are_read_from_xmp(tmp_path: Path, content: bytes, rating: int | None) -> None:
    assert (UserMarks(rating), ()) == read_marks(marked(tmp_path, "a.xmp", content))


@pytest.mark.parametrize(
    ("document", "favourite"), [({"favorited": True}, True), ({"favorited": "yes"}, False), ({}, False), ([], False)]
)
def test_favourites_are_read_from_takeout(tmp_path: Path, document: object, favourite: bool) -> None:
    asset = marked(tmp_path, "a.jpg.json", json.dumps(document).encode(), CompanionKind.TAKEOUT_JSON)
    assert (UserMarks(favourite=favourite), ()) == read_marks(asset)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", CompanionKind.XMP),
        (b"<x:xmpmeta", CompanionKind.XMP),
        (BOMB, CompanionKind.XMP),
        (BOMB.decode().encode("utf-16"), CompanionKind.XMP),
        (b'<?xml version="1.0" encoding="klingon"?><x/>', CompanionKind.XMP),
        (xmp("", 'xap:Rating="many"'), CompanionKind.XMP),
        (xmp("", 'xap:Rating="nan"'), CompanionKind.XMP),
        (xmp("", 'xap:Rating="inf"'), CompanionKind.XMP),
        (xmp("", 'xap:Rating="5"') + b" " * (1 << 20), CompanionKind.XMP),
        (b'{"favorited": true', CompanionKind.TAKEOUT_JSON),
        (b"[" * 100_000, CompanionKind.TAKEOUT_JSON),
        (b"\xff\xfe\x00", CompanionKind.TAKEOUT_JSON),
    ],
)
def test_a_broken_sidecar_is_a_failure_that_names_it_and_never_raises(
    tmp_path: Path, content: bytes, kind: CompanionKind
) -> None:
    marks, failures = read_marks(marked(tmp_path, "side", content, kind))
    assert UserMarks(unknown=True) == marks
    assert [(tmp_path / "side", Stage.READ, False)] == [(f.path, f.stage, f.transient) for f in failures]


def test_a_sidecar_that_is_gone_is_worth_another_try(tmp_path: Path) -> None:
    asset = marked(tmp_path, "a.xmp", b"")
    os.remove(tmp_path / "a.xmp")
    assert [True] == [failure.transient for failure in read_marks(asset)[1]]


def test_a_broken_sidecar_does_not_hide_what_another_says(tmp_path: Path) -> None:
    good = marked(tmp_path, "a.xmp", xmp("", 'xap:Rating="2"')).companions
    better = marked(tmp_path, "b.xmp", xmp("", 'xap:Rating="4"')).companions
    broken = marked(tmp_path, "c.xmp", b"<").companions
    marks, failures = read_marks(Asset(file("a.jpg"), (*broken, *good, *better)))
    assert (UserMarks(4, unknown=True), 1) == (marks, len(failures))
    assert marks.treasured


@given(content=st.binary(max_size=200), kind=st.sampled_from([CompanionKind.XMP, CompanionKind.TAKEOUT_JSON]))
def test_no_bytes_make_the_reading_of_marks_raise(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: CompanionKind
) -> None:
    read_marks(marked(tmp_path_factory.getbasetemp(), "fuzz", content, kind))

"""Live Photos by identifier, edits beside their originals, and photos of many files that move whole."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.config import CrawlSettings, Settings
from albumclean.crawl import crawl, group_assets
from albumclean.crawl.edits import find_edits
from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    FileIdentity,
    MoveState,
    Photo,
    PhotoFacts,
    PlanItem,
    PlannedFile,
    Root,
)
from albumclean.engines.identifiers import KnownIdentifiers, read_identifier
from albumclean.engines.standing import standing
from albumclean.media import live
from albumclean.media.live import content_identifier
from albumclean.policy.words import edits_of, goes_along, moves_along
from albumclean.review.terminal.faces import description
from albumclean.review.web.values import plan_item_json
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, files, undo
from tests.live_files import box, exif, heic, jpeg, movie
from tests.trash_helpers import digest, plan, snapshot, write

FOLDER = Path("/album").absolute()
A, B = "4636F170-F379-42AC-9CEA-20233E95936F", "00000000-F379-42AC-9CEA-20233E959000"


def file(name: str, size: int = 1000) -> FileIdentity:
    return FileIdentity(FOLDER / name, size, 0, 1, 1)


class Asked:
    """Identifiers by name, and who was asked for."""

    def __init__(self, known: dict[str, str | None]) -> None:
        self.known = known
        self.names: list[str] = []

    def __call__(self, file: FileIdentity) -> str | None:
        self.names.append(file.path.name)
        return self.known.get(file.path.name)


def grouped(*names: str, **known: str) -> dict[str, set[str]]:
    """Each primary's name with its companions'; `known`: identifiers, the dot of the name written "__"."""
    asked = Asked({name.replace("__", "."): identifier for name, identifier in known.items()})
    assets = group_assets([file(name) for name in names], identifiers=asked).assets
    return {asset.primary.path.name: {each.file.path.name for each in asset.companions} for asset in assets}


# The identifier in a file


@pytest.mark.parametrize("identifier", [A, A.lower(), None])
@pytest.mark.parametrize(
    "made",
    [
        heic,
        lambda name: heic(name, wide=True),
        lambda name: heic(name, in_idat=True),
        jpeg,
        lambda name: jpeg(name, "<"),
        movie,
        lambda name: movie(name, first=True),
        lambda name: movie(name, mp4=True),
    ],
)
def test_both_halves_of_a_live_photo_tell_what_ties_them(
    tmp_path: Path, made: Callable[[str | None], bytes], identifier: str | None
) -> None:
    path = write(tmp_path / "half", made(identifier))
    assert (identifier and A) == content_identifier(path)


def test_other_files_have_no_identifier(tmp_path: Path) -> None:
    for content in (b"", b"\0", b"GIF89a", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\0\0", exif(A), b"\0\0\0\1moov" * 9):
        assert content_identifier(write(tmp_path / "x", content)) is None
    os.mkfifo(tmp_path / "pipe.mov")
    assert content_identifier(tmp_path / "pipe.mov") is None
    with pytest.raises(FileNotFoundError):
        content_identifier(tmp_path / "none.mov")


WHOLE = [heic(A), heic(A, wide=True), heic(A, in_idat=True), jpeg(A), movie(A), movie(A, mp4=True)]


def test_no_bytes_make_the_reading_of_identifiers_raise_or_go_on_for_ever(tmp_path: Path) -> None:
    chance = random.Random(6)
    path = tmp_path / "x"
    for _ in range(1000):
        content = bytearray(chance.choice(WHOLE))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(content))
            match chance.randrange(3):
                case 0:
                    content[at] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
                case 1:
                    content[at : at + 4] = chance.choice(
                        (b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")
                    )
                case _:
                    del content[at : at + chance.randint(1, 40)]
                    content += b"\0"
        path.write_bytes(content)
        found = content_identifier(path)
        assert found is None or (found.isprintable() and len(found) <= 100)


def test_a_large_video_is_not_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "film.mov", movie(A))
    content = path.read_bytes()
    at = content.index(b"mdat") - 4
    with path.open("wb") as target:  # 4 GB of holes between the head and the directory at the end
        target.write(content[:at] + (1).to_bytes(4, "big") + b"mdat" + (16 + (4 << 30)).to_bytes(8, "big"))
        target.seek(4 << 30, os.SEEK_CUR)
        target.write(content[content.index(b"moov") - 4 :])
    read = []
    real = live._Source.read

    def counted(self: live._Source, start: int, length: int) -> bytes:
        data: bytes = real(self, start, length)
        read.append(len(data))
        return data

    monkeypatch.setattr(live._Source, "read", counted)
    assert A == content_identifier(path)
    assert sum(read) < 2000


def test_boxes_in_boxes_are_not_followed_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = box(b"meta", box(b"hdlr", bytes(25)), box(b"keys", bytes(8), *[box(b"mdta")] * 300), box(b"ilst"))
    path = write(tmp_path / "a.mov", box(b"moov", *[box(b"udta", *[meta] * 30)] * 30))
    read = []
    real = live._Source.read

    def counted(self: live._Source, start: int, length: int) -> bytes:
        read.append(data := real(self, start, length))
        return data

    monkeypatch.setattr(live._Source, "read", counted)
    assert content_identifier(path) is None
    assert len(read) < 30_000


# Pairs by identifier, then by name


def test_the_same_name_with_two_identifiers_is_no_pair() -> None:
    assert {"IMG_1.HEIC": set()} == grouped("IMG_1.HEIC", "IMG_1.MOV", IMG_1__HEIC=A, IMG_1__MOV=B)


def test_two_names_with_one_identifier_are_a_pair() -> None:
    assert {"img_1(1).jpg": {"img_1.mov"}, "img_1.jpg": set()} == grouped(
        "img_1.jpg", "img_1(1).jpg", "img_1.mov", **{"img_1(1)__jpg": A, "img_1__mov": A}
    )
    assert {"a.HEIC": {"b.MOV"}} == grouped("a.HEIC", "b.MOV", a__HEIC=A, b__MOV=A)


def test_two_photos_that_swapped_their_videos_get_their_own() -> None:
    assert {"1.HEIC": {"2.MOV"}, "2.HEIC": {"1.MOV"}} == grouped(
        "1.HEIC", "1.MOV", "2.HEIC", "2.MOV", **{"1__HEIC": A, "2__MOV": A, "2__HEIC": B, "1__MOV": B}
    )


def test_of_two_photos_of_a_stem_the_identifier_tells_which_one_moves() -> None:
    assert {"IMG_1.HEIC": set(), "IMG_1.JPG": {"IMG_1.MOV"}} == grouped(
        "IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV", IMG_1__JPG=A, IMG_1__MOV=A, IMG_1__HEIC=B
    )


def test_without_an_identifier_on_one_side_the_name_decides() -> None:
    assert {"IMG_1.HEIC": {"IMG_1.MOV"}} == grouped("IMG_1.HEIC", "IMG_1.MOV", IMG_1__HEIC=A)
    assert {"IMG_1.HEIC": {"IMG_1.MOV"}} == grouped("IMG_1.HEIC", "IMG_1.MOV", IMG_1__MOV=A)


def test_a_video_whose_identifier_fits_two_photos_goes_with_neither() -> None:
    assert {"a.HEIC": set(), "b.HEIC": set()} == grouped("a.HEIC", "b.HEIC", "c.MOV", a__HEIC=A, b__HEIC=A, c__MOV=A)


def test_the_edit_of_a_live_photo_has_its_identifier_too_and_is_no_second_photo() -> None:
    names = ("IMG_1234.HEIC", "IMG_E1234.HEIC", "x.MOV")
    known = {"IMG_1234__HEIC": A, "IMG_E1234__HEIC": A, "x__MOV": A}
    assert {"IMG_1234.HEIC": {"IMG_E1234.HEIC", "x.MOV"}} == grouped(*names, **known)


def test_a_film_is_no_half_of_a_photo_whatever_it_says() -> None:
    film = file("a.MOV", 30_000_000)
    assets = group_assets([file("a.HEIC"), film], identifiers=Asked({"a.HEIC": A, "a.MOV": A})).assets
    assert ((),) == tuple(asset.companions for asset in assets)


def test_as_few_files_as_possible_are_looked_into() -> None:
    def asked(known: dict[str, str | None], *names: str) -> list[str]:
        spy = Asked(known)
        group_assets([file(name) for name in names], identifiers=spy)
        return sorted(spy.names)

    assert [] == asked({}, "a.jpg", "b.heic", "c.png")
    assert [] == asked({}, "a.mov", "b.mp4", "c.png")
    assert ["a.mov"] == asked({}, "a.mov", "a.jpg", "b.jpg", "c.jpg")
    assert ["a.jpg", "a.mov"] == asked({"a.jpg": A, "a.mov": A}, "a.mov", "a.jpg", "b.jpg", "c.jpg")
    assert ["a.jpg", "a.mov", "b.jpg"] == asked({"b.jpg": A, "a.mov": A}, "a.mov", "a.jpg", "b.jpg")


def test_a_rescan_looks_into_no_unchanged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, video = write(tmp_path / "a" / "1.HEIC", heic(A)), write(tmp_path / "a" / "x.MOV", movie(A))
    read: list[Path] = []

    def spy(path: Path) -> str | None:
        read.append(path)
        return content_identifier(path)

    monkeypatch.setattr("albumclean.engines.identifiers.content_identifier", spy)

    def pairs() -> list[tuple[str, ...]]:
        read.clear()
        with Cache.open(tmp_path / "cache.sqlite") as cache:
            known = KnownIdentifiers(cache.identifiers)
            found = list(crawl([Root(tmp_path / "a")], CrawlSettings(), known))
            known.flush()
        return [tuple(each.path.name for each in asset.files) for asset in found if isinstance(asset, Asset)]

    assert [("1.HEIC", "x.MOV")] == pairs()
    assert [photo, video] == sorted(read)
    assert [("1.HEIC", "x.MOV")] == pairs()
    assert [] == read
    write(video, movie(B), mtime_ns=10**18)
    assert [("1.HEIC",)] == pairs()
    assert [video] == read


def test_what_can_not_be_read_is_asked_again(tmp_path: Path) -> None:
    video = FileIdentity.of(tmp_path, tmp_path.stat())
    video = replace(video, path=tmp_path / "gone.mov")
    with Cache.open(tmp_path / "cache.sqlite") as cache:
        known = KnownIdentifiers(cache.identifiers)
        assert known(video) is None
        known.flush()
        assert (False, None) == cache.identifiers.known(video)
    assert read_identifier(video) is None


# Edits


@pytest.mark.parametrize(
    ("original", "edit"),
    [
        ("IMG_1234.HEIC", "IMG_E1234.HEIC"),
        ("IMG_1234.HEIC", "IMG_E1234.JPG"),
        ("img_1234.jpg", "IMG_E1234.JPG"),
        ("IMG_1234.DNG", "IMG_E1234.JPG"),
        ("IMAG0061.JPG", "IMAG0061-edited.JPG"),
        ("PXL_20220405_090123740.PORTRAIT.jpg", "PXL_20220405_090123740.PORTRAIT-modifié.jpg"),
        ("IMG20231202.jpg", "IMG20231202-bearbeitet.jpg"),
        ("mi salón.JPG", "mi salón-ha editado.JPG"),
        ("Photo_2023-12-25_14-30-45.jpeg", "Photo_2023-12-25_14-30-45-編集済み.jpeg"),
        ("IMG-20230325-WA0122~2.jpg", "IMG-20230325-WA0122~2-edited.jpg"),
        ("IMG_1(1).jpg", "IMG_1-edited(1).jpg"),
        ("IMG_1(1).jpg", "IMG_1(1)-edited.jpg"),
        ("Screenshot_2024-01-01-10-10-10_com.whatsapps.jpg", "Screenshot_2024-01-01-10-10-10_com.whatsapps-ed.jpg"),
        ("PXL_20210102_221126856.MP.jpg", "PXL_20210102_221126856.MP~2.jpg"),
        ("20230101_120000.jpg", "20230101_120000~2.jpg"),
        ("IMG_1.HEIC", "IMG_1_edited.jpeg"),
        ("caf\u00e9.jpg", "cafe\u0301-modifie\u0301.jpg"),
    ],
)
def test_an_edit_goes_with_its_original(original: str, edit: str) -> None:
    assert {original: {edit}} == grouped(original, edit)
    (asset,) = group_assets([file(original), file(edit)]).assets
    assert [CompanionKind.EDIT] == [each.kind for each in asset.companions]


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_E1234.HEIC",),  # no original
        ("a-edited.jpg", "b.jpg"),
        ("IMG_1234.HEIC", "IMG_1234.JPG", "IMG_E1234.JPG"),  # two originals
        ("a.jpg", "A.heic", "a-edited.jpg"),
        ("a.jpg", "a(1).jpg", "a-edited.jpg"),  # of which one?
        ("a.jpg", "a-edited(1).jpg"),
        ("a.jpg", "a-edit.jpg"),  # Lightroom's export, a photo of its own
        ("a.jpg", "a-retouched.jpg"),
        ("a.jpg", "a-.jpg", "-edited.jpg", "_edited.jpg", "~2.jpg"),
        ("IMG_20.JPG", "IMG_20~2.JPG"),  # a DOS name
        ("longer_name.jpg", "longer_name~1.jpg"),
        ("20180101_120000.jpg", "20180101_120000(0).jpg"),  # Samsung: two shots in one second
        ("foto.jpg", "foto-be.jpg"),  # a cut word in a short name
        ("IMG_1234.HEIC", "IMG_E1234(1).HEIC"),
    ],
)
def test_in_doubt_an_edit_is_a_photo_of_its_own(names: tuple[str, ...]) -> None:
    assert {name: set() for name in names} == grouped(*names)


def test_two_numbered_photos_and_their_edits_are_not_mixed_up() -> None:
    assert {"a.jpg": {"a-edited.jpg"}, "a(1).jpg": {"a-edited(1).jpg"}} == grouped(
        "a.jpg", "a(1).jpg", "a-edited.jpg", "a-edited(1).jpg"
    )


def test_an_edit_of_an_edit_is_a_photo_of_its_own() -> None:
    assert {"photo_one.jpg": {"photo_one~2.jpg"}, "photo_one~2-edited.jpg": set()} == grouped(
        "photo_one.jpg", "photo_one~2.jpg", "photo_one~2-edited.jpg"
    )


def test_all_that_an_edit_has_goes_along() -> None:
    names = {
        "IMG_E1234.HEIC", "IMG_E1234.MOV", "IMG_E1234.AAE", "IMG_O1234.AAE", "IMG_1234.AAE", "IMG_1234.MOV",
        "IMG_E1234.HEIC.json", "IMG_E1234.xmp", "IMG_1234.HEIC.supplemental-metadata.json", "IMG_1234.DNG",
    }  # fmt: skip
    assert {"IMG_1234.HEIC": names} == grouped("IMG_1234.HEIC", *names)
    assert {"PXL_1234.MP.jpg": {"PXL_1234.MP~2.jpg", "PXL_1234.MP~2", "PXL_1234.MP"}} == grouped(
        "PXL_1234.MP.jpg", "PXL_1234.MP", "PXL_1234.MP~2.jpg", "PXL_1234.MP~2"
    )


def test_what_has_a_raw_of_its_own_is_a_shot_and_no_edit() -> None:
    assert {"IMG_1234.JPG": set(), "IMG_E1234.JPG": {"IMG_E1234.DNG"}} == grouped(
        "IMG_1234.JPG", "IMG_E1234.JPG", "IMG_E1234.DNG"
    )


_bits = st.sampled_from(
    ["IMG_1234", "IMG_E1234", "-edited", "-bearbeitet", "~2", "(1)", "_edited", "x" * 40, "img_1234", "-ed", "E", ""]
)
_names = st.builds(
    lambda a, b, c, ending: f"{a}{b}{c}{ending}",
    _bits,
    _bits,
    _bits,
    st.sampled_from([".jpg", ".JPG", ".heic", ".png", ".dng", ".tif"]),
)


@given(names=st.lists(_names, max_size=10, unique=True), data=st.data())
def test_an_edit_has_one_original_that_is_none_itself_in_any_order(names: list[str], data: st.DataObject) -> None:
    pairs = find_edits(names, names)
    assert pairs.keys() <= set(names) and set(pairs.values()) <= set(names)
    assert pairs.keys().isdisjoint(pairs.values())
    shuffled = data.draw(st.permutations(names))
    assert pairs == find_edits(shuffled, shuffled)
    for edit, original in pairs.items():  # nothing is an edit that does not stand beside its original
        assert edit not in find_edits([edit], [name for name in names if name != original])


# RAW and other programs' files


@pytest.mark.parametrize(
    ("jpg", "raw"),
    [
        ("PXL_1.RAW-01.COVER.jpg", "PXL_1.RAW-02.ORIGINAL.dng"),
        ("PXL_1.RAW-01.MP.COVER.jpg", "PXL_1.RAW-02.ORIGINAL.dng"),
        ("PXL_1.MP.jpg", "PXL_1.dng"),
    ],
)
def test_a_pixels_raw_goes_with_its_jpeg(jpg: str, raw: str) -> None:
    assert {jpg: {raw}} == grouped(jpg, raw)


@pytest.mark.parametrize("sidecar", ["a.CR2.pp3", "a.CR2.arp", "a.CR2.dop", "a.on1", "a.CR2.cos", "a.vrd", "a.acr"])
def test_how_other_programs_develop_a_photo_goes_along(sidecar: str) -> None:
    assert {"a.CR2": {sidecar}} == grouped("a.CR2", sidecar)
    assert {"a.JPG": {"a.CR2", sidecar}} == grouped("a.JPG", "a.CR2", sidecar)


def test_what_fits_two_photos_stays() -> None:
    assert {"a.JPG": set(), "a.HEIC": set()} == grouped("a.JPG", "a.HEIC", "a.on1")


def test_darktables_further_versions_go_along() -> None:
    assert {"a.CR2": {"a.CR2.xmp", "a_01.CR2.xmp", "a_02.CR2.xmp"}} == grouped(
        "a.CR2", "a.CR2.xmp", "a_01.CR2.xmp", "a_02.CR2.xmp"
    )
    assert {"a.CR2": set()} == grouped("a.CR2", "a_01.CR2.xmp")  # what a_01.CR2 left behind
    assert {"a.CR2": {"a.CR2.xmp"}, "a_01.CR2": {"a_01.CR2.xmp"}} == grouped(
        "a.CR2", "a_01.CR2", "a.CR2.xmp", "a_01.CR2.xmp"
    )


# The person sees it


def edited_asset() -> Asset:
    return Asset(
        file("IMG_1234.HEIC"),
        (Companion(CompanionKind.AAE, file("IMG_1234.AAE")), Companion(CompanionKind.EDIT, file("IMG_E1234.HEIC"))),
    )


def test_the_edit_is_named_as_such() -> None:
    asset = edited_asset()
    assert "its edit IMG_E1234.HEIC" == edits_of(asset)
    assert "its edit IMG_E1234.HEIC, IMG_1234.AAE" == goes_along(asset)
    item = PlanItem(tuple(PlannedFile(each, None) for each in asset.files[:1]), "rule", "sentence")
    assert "" == moves_along(item)
    item = replace(item, files=(*item.files, PlannedFile(file("a~2.jpg"), None, CompanionKind.EDIT)))
    assert "its edit a~2.jpg" == moves_along(item)
    assert ["a~2.jpg"] == plan_item_json(item, lambda _: None)["edits"]
    facts = PhotoFacts(asset, Photo(b"x", 10, 10, "HEIF"))
    assert "with its edit IMG_E1234.HEIC, IMG_1234.AAE" in description(facts)


def test_an_edit_that_is_named_by_itself_is_told_where_it_belongs(tmp_path: Path) -> None:
    write(tmp_path / "IMG_1234.HEIC")
    edit = write(tmp_path / "IMG_E1234.HEIC")
    seen = standing(edit, Settings())
    assert "it is the edit of IMG_1234.HEIC and goes wherever that goes; IMG_1234.HEIC is judged in its place" == (
        seen.left_out
    )
    assert (edit, ()) == (seen.asset.primary.path, seen.asset.companions)


# Whole or not at all

PARTS = (
    "IMG_1234.HEIC", "IMG_1234.DNG", "IMG_1234.MOV", "IMG_1234.AAE", "IMG_O1234.AAE", "IMG_1234.xmp", "IMG_E1234.HEIC",
    "IMG_E1234.MOV", "IMG_1234.HEIC.supplemental-metadata.json", "IMG_E1234.HEIC.json", "IMG_1234.on1",
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    with Ledger.open(tmp_path / "ledger" / "ledger.sqlite") as opened:
        yield opened


def whole_photo(folder: Path) -> PlanItem:
    """A photo with a companion of every kind, as the crawl puts it together."""
    for name in PARTS:
        write(folder / name)
    write(folder / "IMG_1235.HEIC")
    assets = [found for found in crawl([Root(folder)], CrawlSettings(), read_identifier) if isinstance(found, Asset)]
    asset = next(asset for asset in assets if asset.primary.path.name == "IMG_1234.HEIC")
    assert sorted(PARTS) == sorted(each.path.name for each in asset.files)
    companions = (PlannedFile(each.file, None, each.kind) for each in asset.companions)
    photo = PlannedFile(asset.primary, digest(asset.primary.path))
    return PlanItem((photo, *companions), "keep-best", "is a copy")


@pytest.mark.parametrize("to_quarantine", [False, True])
def test_a_photo_of_many_files_moves_and_comes_back_whole(
    ledger: Ledger, tmp_path: Path, *, to_quarantine: bool
) -> None:
    album = tmp_path / "album"
    item = whole_photo(album)
    before = snapshot(album)
    (outcome,) = apply_plan(plan(item, quarantine=tmp_path / "out" if to_quarantine else None), ledger)
    assert MoveState.MOVED is outcome.state
    assert ["IMG_1235.HEIC"] == sorted(snapshot(album))
    assert {MoveState.RESTORED} == {each.state for each in undo(ledger)}
    assert before == snapshot(album)


@pytest.mark.parametrize("at", range(len(PARTS)))
def test_a_photo_of_many_files_whose_move_fails_half_way_is_put_back_whole(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    album = tmp_path / "album"
    item = whole_photo(album)
    before = snapshot(album)
    real, moved = files._kernel_rename, 0

    def failing(source: Path, target: Path) -> None:
        nonlocal moved
        moved += 1
        if moved == at + 1:
            raise OSError(errno.EIO, "Input/output error", str(source))
        real(source, target)

    monkeypatch.setattr(files, "_kernel_rename", failing)
    (outcome,) = apply_plan(plan(item, quarantine=tmp_path / "out"), ledger)
    assert outcome.state in {MoveState.ROLLED_BACK, MoveState.FAILED}
    assert before == snapshot(album)
    assert [] == [path.name for path in (tmp_path / "out").rglob("IMG_*")]


@pytest.mark.parametrize("name", [name for name in PARTS if name != "IMG_1234.HEIC"])
def test_a_photo_of_which_any_file_has_changed_stays_whole(ledger: Ledger, tmp_path: Path, name: str) -> None:
    album = tmp_path / "album"
    item = whole_photo(album)
    write(album / name, b"edited since the scan", mtime_ns=10**18)
    before = snapshot(album)
    (outcome,) = apply_plan(plan(item, quarantine=tmp_path / "out"), ledger)
    assert MoveState.SKIPPED is outcome.state
    assert before == snapshot(album)

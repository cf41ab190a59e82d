"""What other programs say of a photo: stars, favourites and albums, in sidecars and in lists of a folder."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.config import Settings
from albumclean.crawl import NotesOfFolders, read_marks
from albumclean.crawl.albums import NO_NOTES, FolderNotes, read_notes
from albumclean.crawl.sidecar import MAX_SIDECAR_BYTES
from albumclean.domain import Asset, Companion, CompanionKind, FileIdentity, Stage, UserMarks
from albumclean.engines.standing import standing

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "MP": "http://ns.microsoft.com/photo/1.0",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
}


def xmp(inside: str = "", attributes: str = "") -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}><rdf:Description rdf:about="" {attributes}>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def bag(name: str, *items: str) -> str:
    return f"<{name}>\n <rdf:Bag>{''.join(f'  <rdf:li>{each}</rdf:li>' for each in items)} </rdf:Bag>\n</{name}>"


def photo(folder: Path, name: str = "a.jpg", *companions: Companion) -> Asset:
    return Asset(FileIdentity(folder / name, 1, 1, 1, 1), companions)


def beside(tmp_path: Path, name: str, content: bytes, kind: CompanionKind = CompanionKind.XMP) -> Asset:
    path = tmp_path / name
    path.write_bytes(content)
    return photo(tmp_path, "a.jpg", Companion(kind, FileIdentity.of(path, path.lstat())))


@pytest.mark.parametrize(
    ("content", "marks"),
    [
        (xmp(attributes='MicrosoftPhoto:Rating="99"'), UserMarks(5)),
        (xmp(attributes='MicrosoftPhoto:Rating="1"'), UserMarks(1)),
        (xmp("<MP:Rating>50</MP:Rating>"), UserMarks(3)),
        (xmp(attributes='MicrosoftPhoto:Rating="0"'), UserMarks(0)),
        (xmp(attributes='MicrosoftPhoto:Rating="75" xmp:Rating="2"'), UserMarks(4)),
        (xmp(attributes='digiKam:PickLabel="3"'), UserMarks(favourite=True)),
        (xmp("<digiKam:PickLabel>3</digiKam:PickLabel>"), UserMarks(favourite=True)),
        (xmp(attributes='digiKam:PickLabel="1"'), UserMarks()),
        (xmp(attributes='digiKam:ColorLabel="3" xmp:Label="Red"'), UserMarks()),
        (xmp(attributes='xmpDM:pick="1"'), UserMarks(favourite=True)),
        (xmp(attributes='xmpDM:pick="-1"'), UserMarks()),
        (xmp(bag("lr:hierarchicalSubject", "Albums|Trip", "People|Ana")), UserMarks(albums=("Trip",))),
        (xmp(bag("lr:hierarchicalSubject", "Álbum|Family|Trip")), UserMarks(albums=("Family/Trip",))),
        (xmp(bag("digiKam:TagsList", "Albums/Trip", "Places/Rome")), UserMarks(albums=("Trip",))),
        (xmp(bag("dc:subject", "Albums|Trip", "album", "dog")), UserMarks(albums=("Trip",))),
        (xmp(bag("mediapro:CatalogSets", "Alben|B", "Alben|A")), UserMarks(albums=("A", "B"))),
        (xmp("<xmpDM:album>Trip\n  to Rome</xmpDM:album>"), UserMarks(albums=("Trip to Rome",))),
        (xmp(bag("dc:subject", "Trip")), UserMarks()),
    ],
)
def test_xmp_of_many_programs_is_understood(tmp_path: Path, content: bytes, marks: UserMarks) -> None:
    assert (marks, ()) == read_marks(beside(tmp_path, "a.xmp", content))


@pytest.mark.parametrize("text", ["many", "inf?", ""])
def test_a_rating_that_is_no_number_is_never_taken_for_none(tmp_path: Path, text: str) -> None:
    marks, failures = read_marks(beside(tmp_path, "a.xmp", xmp(attributes=f'MicrosoftPhoto:Rating="{text}"')))
    assert (bool(text), bool(text)) == (marks.unknown, bool(failures))


@pytest.mark.parametrize(
    ("document", "marks"),
    [
        ({"favorited": True, "title": "a.jpg"}, UserMarks(favourite=True)),
        ([{"SourceFile": "a.jpg", "XMP:Rating": 5}], UserMarks(5)),
        ([{"XMP:Rating": True}], UserMarks()),
        ([{}, {"XMP:Rating": 5}], UserMarks()),
        ({"Rating": 99}, UserMarks(5)),
    ],
)
def test_json_sidecars_are_understood(tmp_path: Path, document: object, marks: UserMarks) -> None:
    asset = beside(tmp_path, "a.jpg.json", json.dumps(document).encode(), CompanionKind.TAKEOUT_JSON)
    assert (marks, ()) == read_marks(asset)


@pytest.mark.parametrize(
    ("name", "content", "rating"),
    [
        ("a.jpg.pp3", b"[Version]\nAppVersion=5.10\n[General]\nRank=4\nColorLabel=0\n", 4),
        ("a.jpg.dop", b"Sidecar = {\n Items = {\n  {\n  Rating = 3,\n", 3),
        ("a.jpg.cos", b'<SO><DL><E K="Basic_Rating" V="5" /></DL></SO>', 5),
        ("a.on1", b'{"photos": {"x": {"metadata": {"Rating": 2}}}}', 2),
        ("a.vrd", b"\0\1\2CANON OPTIONAL DATA\0", None),
        ("a.jpg.pp3", b"[Exposure]\nMyRank=4\nRanking=5\n", None),
    ],
)
def test_stars_are_read_from_the_files_of_raw_developers(
    tmp_path: Path, name: str, content: bytes, rating: int | None
) -> None:
    assert (UserMarks(rating), ()) == read_marks(beside(tmp_path, name, content, CompanionKind.SETTINGS))


# Lists in the folder


@pytest.mark.parametrize(
    "name",
    ["metadata.json", "Metadaten.json", "métadonnées.json", "метаданные.json", "metadata(1).json", "メタデータ.json"],
)
def test_the_title_of_a_takeout_album_is_found_under_every_name(tmp_path: Path, name: str) -> None:
    (tmp_path / unicodedata.normalize("NFD", name)).write_text(json.dumps({"title": "Gary's birthday"}))
    assert (FolderNotes(("Gary's birthday",)), ()) == read_notes(tmp_path)
    assert UserMarks(albums=("Gary's birthday",)) == read_marks(photo(tmp_path), read_notes(tmp_path)[0])[0]


@pytest.mark.parametrize(
    "document",
    [
        {"title": "Photos from 2019"}, {"title": "Fotos von 2019"}, {"title": "2019-05-06"}, {"title": "2019-05-06 #2"},
        {"title": ""}, {"title": 7}, {}, [], {"title": "a.jpg", "photoTakenTime": {}}, {"albumData": {"title": None}},
    ],
)  # fmt: skip
def test_what_google_made_by_itself_is_no_album_of_the_user(tmp_path: Path, document: object) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps(document))
    assert (NO_NOTES, ()) == read_notes(tmp_path)


def test_old_takeouts_keep_the_title_one_step_deeper(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps({"albumData": {"title": "Amsterdam 2022"}}))
    assert ("Amsterdam 2022",) == read_notes(tmp_path)[0].albums


def test_apples_export_tells_favourites_and_albums(tmp_path: Path) -> None:
    photos, albums = tmp_path / "Photos", tmp_path / "Albums"
    photos.mkdir()
    albums.mkdir()
    columns = "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate"
    when = '"Saturday June 4,2022 12:11 PM GMT"'
    (photos / "Photo Details.csv").write_text(
        f"{columns}\nIMG_1.HEIC,x,yes,no,no,{when},10,{when}\nIMG_2.HEIC,x,no,no,no,{when},1,\n"
    )
    (photos / "Photo Details-1.csv").write_text(f"{columns}\nIMG_3.JPG,x,yes,no,no,{when},10,{when}\n")
    (albums / "Trip.csv").write_text("\ufeffImages\nIMG_2.HEIC\nIMG_3.JPG\n")
    (albums / "Favorites.csv").write_text("imgName\nIMG_4.JPG\n")
    (albums / "empty.csv").touch()
    notes, failures = read_notes(photos)
    assert () == failures

    def marks(name: str) -> UserMarks:
        return read_marks(photo(photos, name), notes)[0]

    assert UserMarks(favourite=True) == marks("IMG_1.HEIC")
    assert UserMarks(albums=("Trip",)) == marks("img_2.heic")
    assert UserMarks(favourite=True, albums=("Trip",)) == marks("IMG_3.JPG")
    assert UserMarks(favourite=True) == marks("IMG_4.JPG")
    assert UserMarks() == marks("IMG_5.JPG")


def test_picasas_stars_and_albums_are_read(tmp_path: Path) -> None:
    (tmp_path / ".picasa.ini").write_text(
        "[Picasa]\nname=Holidays\n[.album:77ab]\nname=Trip\ntoken=77ab\n[IMG_1.JPG]\nstar=yes\nalbums=77ab,dead\n"
        "[IMG_2.JPG]\nfaces=rect64(3f84),x\nbackuphash=1\n[IMG_2.JPG]\nrotate=1\n"
    )
    notes, failures = read_notes(tmp_path)
    assert () == failures
    assert UserMarks(favourite=True, albums=("Trip",)) == read_marks(photo(tmp_path, "IMG_1.jpg"), notes)[0]
    assert UserMarks() == read_marks(photo(tmp_path, "IMG_2.JPG"), notes)[0]


def test_a_favourite_edit_or_video_makes_the_photo_one(tmp_path: Path) -> None:
    edit = Companion(CompanionKind.EDIT, FileIdentity(tmp_path / "IMG_E1234.HEIC", 1, 1, 1, 1))
    notes = FolderNotes(favourites=frozenset({"img_e1234.heic"}))
    assert read_marks(photo(tmp_path, "IMG_1234.HEIC", edit), notes)[0].favourite


@pytest.mark.parametrize("name", ["Photo Details.csv", ".picasa.ini"])
@pytest.mark.parametrize("content", [b"x" * (MAX_SIDECAR_BYTES + 1), None])
def test_a_list_of_favourites_that_can_not_be_read_leaves_its_whole_folder_alone(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is None:
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    reader = NotesOfFolders()
    notes, failures = reader.of(tmp_path)
    assert [(tmp_path / name, Stage.READ)] == [(each.path, each.stage) for each in failures]
    assert read_marks(photo(tmp_path), notes)[0].unknown
    assert (notes, ()) == reader.of(tmp_path)  # told once


def test_a_broken_album_title_is_told_and_hides_no_favourite(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text("{")
    notes, failures = read_notes(tmp_path)
    assert [tmp_path / "metadata.json"] == [each.path for each in failures]
    assert not read_marks(photo(tmp_path), notes)[0].unknown


def test_explain_knows_the_album_of_a_photo(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "metadata.json").write_text(json.dumps({"title": "Trip"}))
    assert ("Trip",) == standing(tmp_path / "a.jpg", Settings()).marks.albums


def test_a_title_is_one_printable_line(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps({"title": "a\x1b[2J\n\u202eb" + "x" * 999}))
    (title,) = read_notes(tmp_path)[0].albums
    assert title.startswith("a [2J b") and title.isprintable() and len(title) == 200


@given(
    content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))),
    name=st.sampled_from(["metadata.json", "Photo Details.csv", ".picasa.ini"]),
)
def test_no_bytes_make_the_reading_of_lists_raise(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"notes-{name}"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    read_notes(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000, b'{"title": ' * 50_000, b"[a]\n" * 200_000, b"a,b\n" * 200_000, b'"' + b"x" * 900_000,
        b"\0" * 1000, b"[.album:]\nname\n[x]\nstar\nalbums\n", b"[[[]]]\n = =\n",
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["metadata.json", "Photo Details.csv", ".picasa.ini"])
def test_hostile_lists_end_with_a_word_or_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    notes, failures = read_notes(tmp_path)
    assert () == notes.albums
    assert all(each.path == tmp_path / name for each in failures)

"""The parts that provenance is drawn from."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from albumclean.comparison.claims import Claims, read_claims
from albumclean.comparison.jpeg import read_jpeg, standard_quality
from albumclean.comparison.lattice import Lattice, lattices
from albumclean.comparison.patches import cut, moved
from albumclean.comparison.prediction import predict
from albumclean.comparison.raster import Raster, scaling
from albumclean.comparison.registration import refine
from tests.test_provenance import camera, packed, side, textured


@pytest.mark.parametrize("quality", [1, 30, 50, 75, 90, 97, 100])
def test_the_tables_of_libjpeg_are_known_by_their_quality(quality: int) -> None:
    stored = read_jpeg(packed(textured(1, 64, 64), quality=quality))

    assert stored is not None
    assert quality == standard_quality(stored.table)


def test_another_table_is_nobodys_quality() -> None:
    assert standard_quality(np.full((8, 8), 7.0)) is None


def test_what_is_no_jpeg_has_no_stored_blocks() -> None:
    assert read_jpeg(packed(textured(1, 64, 64), "PNG")) is None
    assert read_jpeg(b"\xff\xd8\xff\xe0 cut short") is None
    assert read_jpeg(b"") is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_pixels_are_found_in_the_upright_picture(orientation: int) -> None:
    data = packed(textured(2, 96, 64), quality=100, exif=camera(orientation))
    raster = Raster.of(side(data))
    points = np.array([[5.0, 9.0], [80.0, 50.0], [40.0, 3.0]])
    upright = np.asarray(side(data).image.convert("L")).astype(int)

    for (x, y), (across, down) in zip(points.astype(int), moved(raster.to_colours, points), strict=True):
        assert abs(int(raster.luma[y, x]) - upright[round(down), round(across)]) <= 3


def _lattices_of(first: int, second: int) -> tuple[Lattice, Lattice]:
    """Of a photo saved at one quality and of the copy of it that was saved at another."""
    source = side(packed(textured(3), quality=first))
    copy = side(packed(source.image, quality=second))
    one, other = Raster.of(source), Raster.of(copy)
    assert one.table is not None
    assert other.table is not None
    mine = lattices(predict(cut(one, other, np.eye(3))), one.table)
    theirs = lattices(predict(cut(other, one, np.eye(3))), other.table)
    return mine[0], theirs[0]


def test_a_finer_copy_lies_on_the_lattice_of_its_source() -> None:
    source, copy = _lattices_of(70, 96)

    assert source.near > 0.95
    assert source.beyond < 0.02
    assert source.fixed > 0.8 > copy.fixed


def test_a_coarser_copy_is_spread_evenly_over_its_own_steps_and_ends_there() -> None:
    source, copy = _lattices_of(92, 60)

    assert copy.near == pytest.approx(0.5, abs=0.06)
    assert copy.edge > 0.7 > source.edge
    assert source.beyond > 0.3


@pytest.mark.parametrize("first, second", [(85, 88), (75, 78), (92, 91), (90, 85), (60, 95)])
def test_what_was_rounded_twice_has_gaps_in_its_coefficients(first: int, second: int) -> None:
    source, copy = _lattices_of(first, second)

    assert copy.uneven > 1.5 * source.uneven


def test_an_estimated_map_becomes_the_whole_pixel_move_that_it_was() -> None:
    source = side(packed(textured(4), quality=90))
    copy = side(packed(source.image.crop((16, 8, 600, 440)), quality=80))
    guess = np.array([[1.0004, 0, 16.3], [0, 0.9997, 7.8], [0, 0, 1]])

    found = refine(Raster.of(source), Raster.of(copy), guess)

    assert np.array_equal([[1, 0, 16], [0, 1, 8], [0, 0, 1]], found)


def test_an_estimated_map_becomes_the_scaling_of_the_frame_that_it_was() -> None:
    source = side(packed(textured(5), quality=90))
    copy = side(packed(source.image.resize((400, 300)), quality=90))
    exact = scaling((640, 480), (400, 300))
    guess = exact + np.array([[0.0005, 0, 0.3], [0, -0.0005, -0.2], [0, 0, 0]])

    found = refine(Raster.of(copy), Raster.of(source), guess)

    assert np.abs(found - exact).max() < 1e-9


def test_claims_are_read_from_exif() -> None:
    claims = read_claims(packed(textured(6, 96, 64), exif=camera(size=(4000, 3000), software="GIMP 2.10.36")))

    assert claims.camera
    assert claims.taken
    assert claims.maker_note
    assert claims.size_changed
    assert not claims.size_kept
    assert "GIMP 2.10.36" == claims.editor


def _exif(tags: dict[int, object], of_shot: dict[int, object]) -> bytes:
    exif = Image.Exif()
    exif.update(tags)
    exif.get_ifd(0x8769).update(of_shot)
    return exif.tobytes()


TIME = "2024:05:06 07:08:09"


@pytest.mark.parametrize(
    "exif", [_exif({0x0131: "GIMP 2.10.36"}, {}), _exif({0x0112: 6}, {}), _exif({0x0132: TIME}, {0x9003: TIME})]
)
def test_a_few_tags_without_a_camera_are_what_a_program_writes(exif: bytes) -> None:
    assert read_claims(packed(textured(6, 96, 64), exif=exif)).thin


def test_what_a_phone_leaves_that_hides_its_name_is_no_word_of_a_program() -> None:
    hidden = _exif({0x0112: 6}, {0x9003: TIME, 0x9004: TIME, 0x9291: "25", 0x9292: "25"})
    whole = camera(software="GIMP 2.10.36")

    assert not read_claims(packed(textured(6, 96, 64), exif=hidden)).thin
    assert not read_claims(packed(textured(6, 96, 64), exif=whole)).thin


def test_a_cameras_firmware_is_no_editor() -> None:
    assert "" == read_claims(packed(textured(6, 96, 64), exif=camera(software="Ver.1.00"))).editor


def test_claims_of_rubbish_are_none() -> None:
    assert Claims() == read_claims(b"")
    assert Claims() == read_claims(b"\xff\xd8\xff\xe1\x00\x10Exif\0\0garbage")


def test_a_grey_jpeg_has_blocks_too() -> None:
    out = io.BytesIO()
    Image.new("L", (64, 64), 90).save(out, "JPEG", quality=75)

    stored = read_jpeg(out.getvalue())

    assert stored is not None
    assert (64, 64) == stored.luma.shape

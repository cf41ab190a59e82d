"""The judge without the cache: files through real workers, pictures in memory, one photo in depth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from albumclean.config import Settings
from albumclean.domain import Failure, Stage
from albumclean.engines.closeup import PREVIEW
from albumclean.engines.judge import Quantities, inspect, judge_files, judge_images, of_scorer
from albumclean.errors import DecodeError, ReadError
from albumclean.scoring import registry
from tests.pictures import save, scene

QUANTITIES = registry.spec(registry.JUDGE).quantities


JUDGE = registry.shipped(registry.JUDGE)


def judged(*paths: Path) -> dict[Path, Quantities | Failure]:
    found = judge_files(paths, scorers=[JUDGE], settings=Settings(), device="cpu", workers=2)
    return {path: said if isinstance(said, Failure) else of_scorer(said, registry.JUDGE) for path, said in found}


def test_every_file_gets_its_values_or_the_reason_why_not(album: Path) -> None:
    good = [save(scene(seed), album / f"{seed}.jpg") for seed in range(3)]
    copy = album / "copy.jpg"
    copy.write_bytes(good[0].read_bytes())
    link = album / "link.jpg"
    link.symlink_to(good[1])
    text = album / "text.jpg"
    text.write_text("no picture")
    missing = album / "missing.jpg"
    found = judged(*good, copy, link, text, missing)
    assert {*good, copy, link, text, missing} == found.keys()
    for path in (*good, copy, link):
        values = found[path]
        assert isinstance(values, dict)
        assert set(QUANTITIES) == values.keys()
    assert found[good[0]] == found[copy]
    assert found[good[1]] == found[link]
    stages = {path: failure.stage for path, failure in found.items() if isinstance(failure, Failure)}
    assert {text: Stage.DECODE, missing: Stage.READ} == stages


def test_a_file_a_picture_and_a_close_look_are_judged_alike(album: Path) -> None:
    paths = [save(scene(seed, 700, 500 + 300 * (seed % 2)), album / f"{seed}.png") for seed in range(5)]
    files = judged(*paths)
    images = list(judge_images((Image.open(path) for path in paths), "cpu"))
    assert len(paths) == len(images)
    for path, values in zip(paths, images, strict=True):
        assert files[path] == pytest.approx(values, abs=1e-3)
    looked_at = inspect(paths[0], settings=Settings(), device="cpu")
    close = of_scorer(looked_at.values, registry.JUDGE)
    assert images[0] == pytest.approx(close, abs=0.02)  # the others may run in half precision


def test_pictures_come_back_in_their_order_whatever_their_shapes() -> None:
    images = [scene(seed, 320 + 100 * (seed % 3), 320) for seed in range(9)]
    alone = [values for image in images for values in judge_images([image], "cpu")]
    together = list(judge_images(images, "cpu", batch=3))
    for one, other in zip(alone, together, strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_pictures_are_taken_as_values_are_wanted() -> None:
    taken = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal taken
        while True:
            taken += 1
            yield scene(1, 64, 64)

    first = next(judge_images(endless(), "cpu", batch=2))
    assert set(QUANTITIES) == first.keys()
    assert taken <= 4


def test_a_picture_without_a_finite_value_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    class Broken(torch.nn.Module):
        def forward(self, whole: torch.Tensor, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            mean = whole.float().mean(dim=(1, 2, 3))[:, None] / 255
            return torch.where(mean > 0.9, torch.nan, mean).repeat(1, len(QUANTITIES)), mean.sign()

    monkeypatch.setattr(registry.Shipped, "load", lambda _: Broken())
    monkeypatch.setattr(registry.Shipped, "compiled", lambda *_: None)
    images = [Image.new("RGB", (64, 64), (level, level, level)) for level in (51, 255, 102)]
    assert [pytest.approx(0.2), None, pytest.approx(0.4)] == [one.get("mos") for one in judge_images(images, "cpu", 2)]


def test_a_close_look_tells_all_of_the_upright_photo(album: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(1, 2000, 1200).save(album / "a.jpg", exif=exif)
    seen = inspect(album / "a.jpg", settings=Settings(), device="cpu")
    assert (1200, 2000) == (seen.photo.width, seen.photo.height)
    assert tuple(QUANTITIES) == tuple(of_scorer(seen.values, registry.JUDGE))
    rows, columns = seen.quality_map.shape
    assert rows > columns
    assert 0 <= seen.quality_map.min() <= seen.quality_map.max() <= 1
    assert 1.0 == pytest.approx(float(np.linalg.norm(seen.embedding)))
    assert all(0 <= left <= 1200 - 224 and 0 <= top <= 2000 - 224 for left, top in seen.patches)
    assert (224, 4) == (seen.patch_side, len(seen.patches))
    assert PREVIEW == max(seen.preview.size)
    assert seen.preview.width < seen.preview.height


def test_a_close_look_at_a_huge_photo_tells_places_in_its_own_pixels(album: Path) -> None:
    Image.new("RGB", (5200, 4800), (90, 120, 90)).save(album / "huge.jpg", quality=40)
    seen = inspect(album / "huge.jpg", settings=Settings(), device="cpu")
    assert 448 == seen.patch_side
    assert max(left for left, _ in seen.patches) > 5200 // 2


def test_a_close_look_at_what_is_no_photo_names_it(album: Path) -> None:
    (album / "text.jpg").write_text("no picture")
    with pytest.raises(DecodeError, match=r"text\.jpg"):
        inspect(album / "text.jpg", settings=Settings())
    with pytest.raises(ReadError, match=r"none\.jpg"):
        inspect(album / "none.jpg", settings=Settings())


def test_a_head_alone_is_asked_by_way_of_what_it_reads(album: Path) -> None:
    path = save(scene(1), album / "a.jpg")
    kind = registry.shipped(registry.KIND)
    ((found, said),) = judge_files([path], scorers=[kind], settings=Settings(), device="cpu", workers=1)
    assert path == found
    assert isinstance(said, dict)
    assert {(registry.KIND, quantity) for quantity in kind.spec.quantities} == said.keys()  # and nothing of the judge
    assert 1.0 == pytest.approx(sum(said.values()), abs=1e-3)
    both = judge_files([path], scorers=[JUDGE, kind], settings=Settings(), device="cpu", workers=1)
    ((_, all_said),) = both
    assert isinstance(all_said, dict)
    assert {registry.JUDGE, registry.KIND} == {scorer for scorer, _ in all_said}

"""The published networks against their authors' own code, with the same random weights."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models.vision_transformer import EncoderBlock

from albumclean.domain import CropInput, NativeInput, PaddedInput, ScorerSpec, ShortSideInput
from albumclean.media import published
from albumclean.media.view import NetworkView, network_view
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.nets import degradation, maniqa
from albumclean.scoring.nets.censeo import CenseoMos
from albumclean.scoring.nets.degradation import Degradations
from albumclean.scoring.nets.filled import filled
from albumclean.scoring.nets.folding import fold_batch_norms
from albumclean.scoring.variants import recognised, variant
from tests import modelscope_originals
from tests.modelscope_originals import originals
from tests.published_pictures import (
    SIZES,
    decoded,
    degradation_original,
    files,
    mos_original,
    picture,
    stirred,
)

EXACT = 1e-5  # what ours may differ by from the originals

MOS, DEGRADATION = variant("modelscope-mos"), variant("modelscope-degradation")


@dataclass(frozen=True)
class Pair:
    """An original with its way to prepare a picture, and ours with the same weights."""

    prepare: Any
    model: Any
    ours: Any


@pytest.fixture(scope="module")
def mos() -> Pair:
    preprocessor, model = mos_original()
    ours = filled(CenseoMos, model.model.state_dict())
    return Pair(lambda path: preprocessor(str(path))["input"], model, ours)


@pytest.fixture(scope="module")
def degradations() -> Pair:
    pipeline = degradation_original()
    ours = filled(Degradations, pipeline.model.model.state_dict())
    return Pair(lambda path: pipeline.preprocess(str(path))["src"], pipeline.model, ours)


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return list(files(tmp_path_factory.mktemp("album")))


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def seen(path: Path, scorer: Any) -> Tensor:
    """Our view of a file: uint8 (1, H, W, 3)."""
    return torch.from_numpy(network_view(decoded(path), scorer.input).whole[None].copy())


def as_original(view: Tensor) -> Tensor:
    return view.permute(0, 3, 1, 2).float() / 255


def worst(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def said(model: Any, *logits: Tensor) -> Tensor:
    """What the original makes of its network's answers for one picture: (1, 3)."""
    alone = SimpleNamespace(
        model=lambda *_, **__: (None, [each.reshape(1, 1) for each in logits]), sigmoid_layer=model.sigmoid_layer
    )
    return torch.cat(list(type(model)._inference_forward(alone, torch.empty(1)).values()), dim=1)


def test_the_originals_are_those_of_the_package() -> None:
    lines = (modelscope_originals.ROOT / "SHA256SUMS").read_text().splitlines()
    expected = {name: digest for digest, name in (line.split() for line in lines)}
    found = {
        file.relative_to(modelscope_originals.ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in modelscope_originals.ROOT.rglob("*.py")
    }
    assert expected == found


def test_at_least_fifty_pictures_of_all_sizes_and_orientations_are_compared(album: list[Path]) -> None:
    assert len(album) >= 50
    assert {"1x1", "800x40", "40x800", "1024x901"} <= {path.name.split("_")[1] for path in album}
    assert {str(turn) for turn in range(1, 9)} == {path.stem[-1] for path in album}
    assert any(width % 2 and height % 2 for width, height in SIZES)


def test_the_mos_network_agrees_with_the_original_on_every_picture(mos: Pair, album: list[Path]) -> None:
    answers = []
    for path in album:
        original, ours = mos.prepare(path), seen(path, MOS)
        assert torch.equal(original, as_original(ours.flip(-1))), path.name
        # Every eighth pixel, for time: the network takes any size, and `test_at_full_size...` gives it whole ones.
        expected = mos.model({"input": original[:, :, ::8, ::8]})["output"]
        answers.append(float(expected))
        assert worst(expected, mos.ours(ours[:, ::8, ::8], None)[0]) <= EXACT, path.name
    assert max(answers) - min(answers) > 100 * EXACT  # or else the comparison would say nothing


def test_the_degradation_network_agrees_with_the_original_on_every_picture(
    degradations: Pair, album: list[Path]
) -> None:
    prepared, views = [], []
    for path in album:
        original, ours = degradations.prepare(path), seen(path, DEGRADATION)
        assert torch.equal(original, as_original(ours)), path.name
        part = (slice(None), slice(5, 5 + 9 * 64, 9), slice(3, 3 + 9 * 64, 9))  # 64 x 64, for time
        prepared.append(original.permute(0, 2, 3, 1)[part].permute(0, 3, 1, 2))
        views.append(ours[part])
    logits = degradations.model.model(torch.cat(prepared))[1][:3]
    expected = torch.cat([said(degradations.model, *one) for one in zip(*logits, strict=True)])
    assert worst(expected, degradations.ours(torch.cat(views), None)[0]) <= EXACT
    assert expected.std(dim=0).min() > 100 * EXACT


def test_at_full_size_a_scan_gives_what_the_original_pipeline_gives(mos: Pair, album: list[Path]) -> None:
    """The degradation network at its size takes ten times as long: `benchmarks/published_equality.py`."""
    upright = next(path for path in album if "200x300_6" in path.name)
    large = next(path for path in album if "1281x721" in path.name)
    expected = torch.cat([mos.model({"input": mos.prepare(path)})["output"] for path in (upright, large)])
    found = scanned(mos.ours, MOS, [network_view(decoded(path), MOS.input) for path in (upright, large)], batch=16)
    assert worst(expected, torch.tensor(found)) <= EXACT


def scanned(network: nn.Module, known: Any, views: list[NetworkView], batch: int) -> list[list[float]]:
    """The values of each view as a scan finds them, on the CPU."""
    loaded = Loaded(known.spec("it", "", "0" * 64), filled(known.network, network.state_dict()))
    batches = NetworkBatches(loaded, "cpu", batch)
    found: dict[bytes, list[float]] = {bytes([number]): [] for number in range(len(views))}
    scores = [score for key, view in zip(found, views, strict=True) for score in batches.add(key, view).scores]
    for score in scores + batches.flush().scores:
        found[score.content_hash].append(score.value)
    return list(found.values())


@dataclass(frozen=True)
class Loaded:
    spec: ScorerSpec
    network: nn.Module

    def load(self) -> nn.Module:
        return self.network


@pytest.mark.parametrize("which", ["mos", "degradations"])
def test_a_batch_gives_each_picture_what_it_gets_alone(which: str, request: pytest.FixtureRequest) -> None:
    pair, known = request.getfixturevalue(which), {"mos": MOS, "degradations": DEGRADATION}[which]
    sizes = [(96, 64), (64, 96), (96, 64), (65, 67), (96, 64), (65, 67)]
    wholes = [np.asarray(picture(seed, *size)) for seed, size in enumerate(sizes)]
    views = [NetworkView(whole, np.empty((0, 0, 0, 3), np.uint8)) for whole in wholes]
    together = scanned(pair.ours, known, views, batch=16)
    for whole, values in zip(wholes, together, strict=True):
        alone = pair.ours(torch.from_numpy(whole[None].copy()), None)[0][0]
        assert worst(alone, torch.tensor(values)) <= EXACT


def test_the_names_and_shapes_of_the_originals_are_ours_both_ways(mos: Pair, degradations: Pair) -> None:
    for pair, known in ((mos, MOS), (degradations, DEGRADATION)):
        original = pair.model.model
        assert {name: each.shape for name, each in original.state_dict().items()} == {
            name: each.shape for name, each in pair.ours.state_dict().items()
        }
        original.load_state_dict(pair.ours.state_dict(), strict=True)
        assert known == recognised(original.state_dict()).variant


def test_severities_are_corrected_as_the_original_does_at_every_step(degradations: Pair) -> None:
    steps = torch.cat([torch.linspace(0.01, 0.99, 99), torch.tensor([0.19999, 0.20001, 0.29999, 0.30001])]).logit()
    for noise, compression in zip(steps, steps.flip(0), strict=True):
        expected = said(degradations.model, noise, torch.tensor(0.3), compression)
        maps = torch.stack((noise, torch.tensor(0.3), compression)).reshape(1, 3, 1, 1)
        found = degradation.severities(maps)
        assert worst(expected, found) <= 1e-7


@pytest.mark.parametrize("size", [(333, 500), (500, 333), (257, 640), (96, 1501), (1501, 33), (352, 351)])
def test_a_large_picture_in_strips_gives_the_same_as_whole(
    degradations: Pair, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = torch.from_numpy(np.asarray(picture(5, *size))[None].copy())
    plain = degradations.ours.features[: degradation._EARLY](as_original(whole))
    monkeypatch.setattr(degradation, "STRIP_PIXELS", 1 << 15)
    strips = degradations.ours._early(whole)
    assert plain.shape == strips.shape
    assert worst(plain, strips) <= EXACT


def test_strips_hold_as_many_pixels_as_they_may_and_leave_none_out() -> None:
    for length, across in ((4000, 3000), (4032, 3024), (12_000, 1000), (100_003, 125)):
        strips = list(degradation._strips(length, across))
        assert [0, *(end for _, end in strips)] == [*(start for start, _ in strips), length]
        assert all((end - start) * across <= degradation.STRIP_PIXELS for start, end in strips)
        assert all(start % degradation._EARLY_STRIDE == 0 for start, _ in strips)


def test_folding_normalisations_changes_no_answer_and_leaves_none(mos: Pair) -> None:
    known = filled(CenseoMos, mos.ours.state_dict())
    x = torch.from_numpy(np.asarray(picture(1, 120, 90))[None].copy())
    before = known(x, None)[0]
    fold_batch_norms(known)
    assert not any(isinstance(each, nn.BatchNorm2d) for each in known.modules())
    assert worst(before, known(x, None)[0]) <= 1e-6


# --- CenseoQoE's own ------------------------------------------------------------------------------------------------


def test_a_network_with_a_resnet_50_agrees_with_its_class() -> None:
    with originals() as get:
        package = "modelscope.models.cv.image_quality_assessment_mos"
        backbone = get(f"{package}.backbones").resnet50(out_indices=(3,), strides=(2, 2, 2))
        head = get(f"{package}.heads").SimpleHead(backbone.ouput_dims, out_num=1)
    original = stirred(nn.ModuleDict({"backbone": backbone, "head": head}))
    found = recognised(original.state_dict())
    assert "censeo-icme" == found.variant.name
    ours = filled(found.variant.network, found.state)
    x = torch.from_numpy(np.stack([np.asarray(picture(seed, 200, 120)) for seed in range(3)]))
    assert worst(head(backbone(as_original(x.flip(-1)))), ours(x, None)[0]) <= EXACT


def test_tencents_files_of_the_same_network_are_taken_by_their_name(mos: Pair) -> None:
    for name in ("censeo-ugc", "censeo-pgc", "censeo-game"):
        assert name == recognised(mos.ours.state_dict(), wanted=name).variant.name


@pytest.mark.parametrize(
    ("size", "standing"), [((640, 480), False), ((480, 640), False), ((640, 480), True), ((300, 801), True)]
)
def test_tencents_pictures_are_scaled_without_rounding_up_and_stand_as_their_network_wants(
    size: tuple[int, int], standing: bool
) -> None:
    image = picture(3, *size)
    spec = variant("censeo-ugc" if standing else "censeo-pgc").input
    assert isinstance(spec, CropInput)
    pixels, turned = np.asarray(image), (size[1] > size[0]) != standing
    wide, high, crop_wide, crop_high = (1080, 1920, 720, 1280) if size[1] > size[0] else (1920, 1080, 1280, 720)
    scale = max(wide / size[0], high / size[1])
    scaled = cv2.resize(pixels, (int(size[0] * scale), int(size[1] * scale)))  # bilinear
    top, left = (scaled.shape[0] - crop_high) // 2, (scaled.shape[1] - crop_wide) // 2
    piece = scaled[top : top + crop_high, left : left + crop_wide]
    assert np.array_equal(np.rot90(piece) if turned else piece, published.cropped(image, spec))


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (2000, 300), (31, 1)])
def test_a_padded_picture_lies_in_the_middle_of_black(size: tuple[int, int]) -> None:
    found = published.padded(Image.new("RGB", size, "white"), PaddedInput((1280, 720)))
    assert (720, 1280, 3) == found.shape
    rows, columns = (np.flatnonzero(found[..., 0].any(axis=1 - axis)) for axis in (0, 1))
    scale = min(1280 / max(size), 720 / min(size))
    assert [int(scale * min(size)), int(scale * max(size))] == [len(rows), len(columns)]
    assert abs(rows[0] - (719 - rows[-1])) <= 1
    assert abs(columns[0] - (1279 - columns[-1])) <= 1


# --- MANIQA ---------------------------------------------------------------------------------------------------------
# The whole network against the whole original, which needs timm, is compared by `benchmarks/published_equality.py`.


@pytest.fixture(scope="module")
def man() -> Iterator[SimpleNamespace]:
    """ModelScope's own parts of MANIQA, with the little of einops and timm that they ask for."""

    def rearrange(x: Tensor, pattern: str, **sizes: int) -> Tensor:
        if pattern == "b c h w -> b (h w) c":
            return x.flatten(2).transpose(1, 2)
        assert "b (h w) c -> b c h w" == pattern
        return x.transpose(1, 2).reshape(len(x), -1, sizes["h"], sizes["w"])

    stand_ins = {name: ModuleType(name) for name in ("einops", "timm", "timm.models", "timm.models.vision_transformer")}
    vars(stand_ins["einops"])["rearrange"] = rearrange
    vars(stand_ins["timm.models.vision_transformer"])["Block"] = nn.Module
    with pytest.MonkeyPatch.context() as patch, originals() as get:
        for name, module in stand_ins.items():
            patch.setitem(sys.modules, name, module)
        package = "modelscope.models.cv.image_quality_assessment_man"
        yield SimpleNamespace(swin=get(f"{package}.swin").SwinTransformer, tab=get(f"{package}.maniqa").TABlock)


def test_maniqas_attention_in_windows_agrees_with_the_original(man: SimpleNamespace) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.meshgrid wants to be told an order
        original = man.swin(
            (28, 28), depths=[2, 2], num_heads=[4, 4], embed_dim=384, window_size=4, dim_mlp=768, scale=0.13
        ).eval()
    ours = maniqa._ScaledSwin(384)
    for name in ("attn_mask", "relative_position_index"):
        ends = [key for key in original.state_dict() if key.endswith(name)]
        assert ends
        assert all(torch.equal(original.state_dict()[key], ours.state_dict()[key]) for key in ends)
    generator = torch.Generator().manual_seed(1)
    for parameter in original.parameters():
        parameter.data.add_(torch.randn(parameter.shape, generator=generator) / 20)
    ours.load_state_dict(original.state_dict(), strict=True)
    x = torch.randn(2, 784, 384, generator=generator)
    expected = original(x.transpose(1, 2).reshape(2, 384, 28, 28))
    assert worst(expected.flatten(2).transpose(1, 2), ours.eval()(x)) <= EXACT


def test_maniqas_attention_of_channels_agrees_with_the_original(man: SimpleNamespace) -> None:
    original, ours = man.tab(784).eval(), maniqa._TransposedAttention()
    ours.load_state_dict(original.state_dict(), strict=True)
    x = torch.randn(2, 96, 784, generator=torch.Generator().manual_seed(1))
    assert worst(original(x), ours(x)) <= EXACT


def test_maniqas_blocks_are_those_of_a_vision_transformer() -> None:
    generator = torch.Generator().manual_seed(1)
    theirs = EncoderBlock(12, 768, 3072, 0.0, 0.0).eval()  # torchvision's, which names its parameters otherwise
    for parameter in theirs.parameters():
        parameter.data.add_(torch.randn(parameter.shape, generator=generator) / 50)
    state = theirs.state_dict()
    ours = maniqa._Block().eval()
    ours.load_state_dict(
        {
            f"{name}.{kind}": state[f"{other}{'_' if other.endswith('in_proj') else '.'}{kind}"]
            for name, other in (
                ("norm1", "ln_1"),
                ("attn.qkv", "self_attention.in_proj"),
                ("attn.proj", "self_attention.out_proj"),
                ("norm2", "ln_2"),
                ("mlp.fc1", "mlp.0"),
                ("mlp.fc2", "mlp.3"),
            )
            for kind in ("weight", "bias")
        },
        strict=True,
    )
    x = torch.randn(2, 50, 768, generator=generator)
    assert worst(theirs(x), ours(x)) <= EXACT


def test_maniqas_pictures_are_those_of_the_original_on_every_file(album: list[Path]) -> None:
    with originals() as get:
        module = get("modelscope.preprocessors.cv.image_quality_assessment_man")
        prepare = module.ImageQualityAssessmentMANPreprocessor()
    for path in album:
        ours = as_original(seen(path, variant("modelscope-maniqa")))
        assert torch.equal(prepare(str(path))["input"], (ours - 0.5) / 0.5), path.name


# --- pictures that the originals can't take -------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000), (9000, 3), (100_000, 50)])
def test_a_line_of_pixels_costs_no_more_memory_than_a_large_photo(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = 0
    resize, pillow = cv2.resize, Image.Image.resize

    def watched(image: Any, to: tuple[int, int], *rest: Any, **named: Any) -> Any:
        nonlocal largest
        largest = max(largest, to[0] * to[1])
        return (resize if isinstance(image, np.ndarray) else pillow)(image, to, *rest, **named)

    monkeypatch.setattr(cv2, "resize", watched)
    monkeypatch.setattr(Image.Image, "resize", watched)
    image = Image.new("RGB", size, "grey")
    assert MOS.input.pixels * 3 == published.seen(image, CropInput((1920, 1080), (1280, 720))).size
    assert published.seen(image, NativeInput(1280 * 720, 720, 12_500_000)).size <= 3 * 12_500_000
    assert (224, 224, 3) == published.seen(image, ShortSideInput(224)).shape
    assert largest <= published.MOST_SCALED


def test_a_picture_above_the_cap_is_scaled_to_it_and_one_below_is_left_alone() -> None:
    spec = NativeInput(least=100, short_side=10, most=10_000)
    assert (100, 100, 3) == published.native(picture(1, 100, 100), spec).shape
    assert (86, 115, 3) == published.native(picture(1, 400, 300), spec).shape

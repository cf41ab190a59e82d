"""The map of local quality: one linear layer on the head's map, taught by whole scores and by half-spoiled photos."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from albumclean.distortions import DISTORTIONS, distort
from albumclean.media.view import network_view
from albumclean.scoring.nets.judge import Judge
from albumclean.scoring.scorers.judge import INPUT
from models import biq2021

PHOTOS: Final = 600
HALF: Final = 0.5  # what the worst fault takes from the quality of the cells that it covers


def train_regions(network: Judge, photos: list[biq2021.Rated], seed: int = 0) -> nn.Linear:
    """Fit `Judge.regions`: their weighted mean is the score, and a spoiled half is worth less than before."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    chosen = [photos[number] for number in random.choice(len(photos), min(PHOTOS, len(photos)), replace=False)]
    maps, spoiled_maps, covers, severities = [], [], [], []
    names = sorted(set(DISTORTIONS) - {"jpeg2000"})
    for photo in chosen:
        image = biq2021.open_rgb(photo.path)
        severity = float(random.uniform(0.3, 1.0))
        worse = distort(image, names[random.integers(len(names))], severity, random)
        box = _box(image, random)
        half = image.copy()
        half.paste(worse.crop(box), box[:2])
        maps.append(_head_map(network, image))
        spoiled_maps.append(_head_map(network, half))
        covers.append(_cover(box, image.size, maps[-1].shape[1:]))
        severities.append(severity)
    clean, worse_maps = torch.stack(maps).float(), torch.stack(spoiled_maps).float()
    cover, severity_of = torch.stack(covers), torch.tensor(severities)[:, None, None]
    mos = torch.tensor([photo.mos for photo in chosen])
    regions = nn.Linear(clean.shape[1], 2)
    network.regions = regions
    optimiser = torch.optim.AdamW(regions.parameters(), lr=2e-3, weight_decay=0.02)
    for step in range(400):
        rows = torch.randperm(len(mos))[:64]
        quality, weight = network.judge_regions(clean[rows])
        after, _ = network.judge_regions(worse_maps[rows])
        whole = (quality * weight).sum(dim=(1, 2))
        wanted = quality.detach() * (1 - HALF * severity_of[rows] * cover[rows])
        loss = functional.mse_loss(whole, mos[rows]) + functional.mse_loss(after, wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % 100 == 99:
            print(f"regions: step {step + 1}, loss {float(loss.detach()):.4f}", flush=True)
    return regions.eval()


def _head_map(network: Judge, image: Image.Image) -> Tensor:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        view = network_view(image, INPUT)
        look = network.look(torch.from_numpy(view.whole.copy())[None])
    return look.head[0].half()


def _box(image: Image.Image, random: np.random.Generator) -> tuple[int, int, int, int]:
    """About half of the picture, at any place."""
    width, height = (round(side * float(random.uniform(0.5, 0.85))) for side in image.size)
    left, top = int(random.integers(image.width - width + 1)), int(random.integers(image.height - height + 1))
    return left, top, left + width, top + height


def _cover(box: tuple[int, int, int, int], size: tuple[int, int], shape: torch.Size) -> Tensor:
    """(h, w): the share of each cell that the box covers."""
    shares = []
    for begin, end, length, cells in ((box[1], box[3], size[1], shape[0]), (box[0], box[2], size[0], shape[1])):
        edges = torch.arange(cells + 1) * length / cells
        inside = (edges[1:].clamp(max=end) - edges[:-1].clamp(min=begin)).clamp(min=0)
        shares.append(inside * cells / length)
    return shares[0][:, None] * shares[1][None]

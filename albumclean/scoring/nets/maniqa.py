"""MANIQA: a vision transformer whose features attend to each other across channels and places.

As ModelScope publishes it (`damo/cv_man_image-quality-assessment`). The names of the parameters are the original's,
those that nothing reads included, so that its file loads as it is. What only matters in training is left out.

Sources: Yang et al., arXiv:2204.08958; https://github.com/IIGROUP/MANIQA and the PyPI package `modelscope` (both
Apache-2.0); its blocks come from timm (Apache-2.0) and Swin Transformer (MIT).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE: Final = 224  # pixels of the square that it sees
_PATCH: Final = 8
_GRID: Final = SIDE // _PATCH
_PLACES: Final = _GRID**2
_WIDTH: Final = 768
_BLOCKS: Final = 12
_READ: Final = (6, 7, 8, 9)  # the blocks whose features are used; what follows them is in the file for nothing
_CLASSES: Final = 1000
_WINDOW: Final = 4
_HEADS: Final = 4
_SCALE: Final = 0.13  # of each group of window attention; IIGROUP's own files were trained with 0.8
_BLOCKED: Final = -100.0  # added to the attention between places that are no neighbours


class Maniqa(nn.Module):
    """Pictures -> MOS."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = _VisionTransformer()
        self.tablock1 = nn.ModuleList(_TransposedAttention() for _ in range(2))
        self.conv1 = nn.Conv2d(len(_READ) * _WIDTH, _WIDTH, 1)
        self.swintransformer1 = _ScaledSwin(_WIDTH)
        self.tablock2 = nn.ModuleList(_TransposedAttention() for _ in range(2))
        self.conv2 = nn.Conv2d(_WIDTH, _WIDTH // 2, 1)
        self.swintransformer2 = _ScaledSwin(_WIDTH // 2)
        self.fc_score = _perceptron(_WIDTH // 2, nn.ReLU())
        self.fc_weight = _perceptron(_WIDTH // 2, nn.Sigmoid())

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, 224, 224, 3) -> MOS (N, 1) in [0, 1], float32, and no embedding (N, 0). `patches`: not used."""
        x = self.vit((whole.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5)
        x = self._stage(x, self.tablock1, self.conv1, self.swintransformer1)
        x = self._stage(x, self.tablock2, self.conv2, self.swintransformer2).transpose(1, 2)  # (N, places, channels)
        weights = self.fc_weight(x)
        mos = ((self.fc_score(x) * weights).sum(dim=1) / weights.sum(dim=1)).float().clamp(0, 1)
        return mos, mos.new_empty((len(mos), 0))

    @staticmethod
    def _stage(x: Tensor, channels: nn.ModuleList, mix: nn.Module, places: nn.Module) -> Tensor:
        """(N, channels, places) -> the same with the channels that `mix` gives."""
        for block in channels:
            x = block(x)
        x = mix(_image(x)).flatten(2)
        return places(x.transpose(1, 2)).transpose(1, 2)  # type: ignore[no-any-return]


class _VisionTransformer(nn.Module):
    """timm's `vit_base_patch8_224`, up to the last block that is read."""

    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, _WIDTH))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + _PLACES, _WIDTH))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, _WIDTH, _PATCH, stride=_PATCH)})
        self.blocks = nn.ModuleList(_Block() for _ in range(_BLOCKS))
        self.norm = nn.LayerNorm(_WIDTH, eps=1e-6)
        self.head = nn.Linear(_WIDTH, _CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 224, 224) -> (N, 4 * 768, places), the features of the blocks that are read."""
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1) + self.pos_embed
        found = []
        for number in range(_READ[-1] + 1):
            x = self.blocks[number](x)
            if number in _READ:
                found.append(x[:, 1:])
        return torch.cat(found, dim=2).transpose(1, 2)


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(_WIDTH, eps=1e-6)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(_WIDTH, 3 * _WIDTH), "proj": nn.Linear(_WIDTH, _WIDTH)})
        self.norm2 = nn.LayerNorm(_WIDTH, eps=1e-6)
        self.mlp = _Mlp(_WIDTH, 4 * _WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """(N, tokens, 768) -> the same."""
        q, k, v = self.attn["qkv"](self.norm1(x)).unflatten(2, (3, 12, -1)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self.attn["proj"](attended)
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class _Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))  # type: ignore[no-any-return]


class _TransposedAttention(nn.Module):
    """Channels attend to channels: each is a token of all its places."""

    def __init__(self) -> None:
        super().__init__()
        self.c_q = nn.Linear(_PLACES, _PLACES)
        self.c_k = nn.Linear(_PLACES, _PLACES)
        self.c_v = nn.Linear(_PLACES, _PLACES)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, places) -> the same."""
        attended = functional.scaled_dot_product_attention(self.c_q(x), self.c_k(x), self.c_v(x))
        # The original reads the transposed result as if it were not; its weights were trained so.
        return x + attended.transpose(1, 2).reshape(x.shape)


class _ScaledSwin(nn.Module):
    """Two groups of attention in windows, each added to what it got."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.downsample = nn.Conv2d(width, width, kernel_size=3, stride=2, padding=1)  # never asked
        self.layers = nn.ModuleList(_SwinLayer(width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """(N, places, width) -> the same."""
        for layer in self.layers:
            x = _SCALE * layer(x) + x
        return x


class _SwinLayer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel_size=3, padding=1)
        self.blocks = nn.ModuleList((_SwinBlock(width, shift=0), _SwinBlock(width, shift=_WINDOW // 2)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, places, width) -> the same."""
        for block in self.blocks:
            x = block(x)
        return functional.relu(self.conv(_image(x.transpose(1, 2)))).flatten(2).transpose(1, 2)


class _SwinBlock(nn.Module):
    attn_mask: Tensor | None  # (windows, 16, 16)

    def __init__(self, width: int, shift: int) -> None:
        super().__init__()
        self._shift = shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = _WindowAttention(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _Mlp(width, _WIDTH)
        self.register_buffer("attn_mask", _mask(shift) if shift else None)

    def forward(self, x: Tensor) -> Tensor:
        """(N, places, width) -> the same."""
        image = self.norm1(x).unflatten(1, (_GRID, _GRID)).roll((-self._shift, -self._shift), dims=(1, 2))
        image = _from_windows(self.attn(_windows(image), self.attn_mask), len(x))
        x = x + image.roll((self._shift, self._shift), dims=(1, 2)).flatten(1, 2)
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class _WindowAttention(nn.Module):
    relative_position_index: Tensor  # (16, 16), whole numbers

    def __init__(self, width: int) -> None:
        super().__init__()
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * _WINDOW - 1) ** 2, _HEADS))
        self.register_buffer("relative_position_index", _relative_positions())
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(N * windows, 16, width) -> the same."""
        q, k, v = self.qkv(x).unflatten(2, (3, _HEADS, -1)).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None]
        if mask is not None:
            bias = (bias + mask[:, None]).repeat(len(x) // len(mask), 1, 1, 1)
        attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.proj(attended.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def _perceptron(width: int, last: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Identity(), nn.Linear(width, 1), last)


def _image(x: Tensor) -> Tensor:
    """(N, channels, places) -> (N, channels, 28, 28)."""
    return x.reshape(*x.shape[:2], _GRID, _GRID)


def _windows(image: Tensor) -> Tensor:
    """(N, 28, 28, width) -> (N * windows, 16, width)."""
    count = _GRID // _WINDOW
    split = image.reshape(len(image), count, _WINDOW, count, _WINDOW, image.shape[-1])
    return split.transpose(2, 3).flatten(3, 4).flatten(0, 2)


def _from_windows(windows: Tensor, number: int) -> Tensor:
    """The reverse of `_windows` for `number` pictures."""
    count = _GRID // _WINDOW
    split = windows.reshape(number, count, count, _WINDOW, _WINDOW, -1)
    return split.transpose(2, 3).reshape(number, _GRID, _GRID, -1)


def _mask(shift: int) -> Tensor:
    """(windows, 16, 16): places that the shift has brought into one window without being neighbours don't attend."""
    band = torch.zeros(_GRID)
    band[-_WINDOW:-shift], band[-shift:] = 1, 2
    regions = _windows((3 * band[:, None] + band)[None, :, :, None]).flatten(1)  # (windows, 16)
    differ = regions[:, None] != regions[:, :, None]
    return differ * _BLOCKED


def _relative_positions() -> Tensor:
    """(16, 16): which row of the bias table belongs to a pair of places in a window."""
    along = torch.arange(_WINDOW)
    down, right = along.repeat_interleave(_WINDOW), along.repeat(_WINDOW)
    rows, columns = (each[:, None] - each + _WINDOW - 1 for each in (down, right))
    return rows * (2 * _WINDOW - 1) + columns

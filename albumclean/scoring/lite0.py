"""EfficientNet-Lite0 in numbers: its stages, and what stands where among the features that it gives.

Tan & Le, "EfficientNet", 2019 (arXiv:1905.11946), in the "lite" variant of the TensorFlow TPU repository. Both forms of
the network are built from this: PyTorch's (`scoring.nets`) and the one for processors (`scoring.graphs`).
"""

from __future__ import annotations

from typing import Final

STEM_CHANNELS: Final = 32
HEAD_CHANNELS: Final = 1280
STAGES: Final = (  # (expansion, channels, blocks, stride of the first block, kernel)
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
SPREAD_FLOOR: Final = 0.03  # far below the spread of a living channel; keeps the logarithm of a flat map tame
LEAST_VARIANCE: Final = 1e-8  # keeps the gradient of a flat map finite
PRECISE_STAGES: Final = 2  # half precision in the stem and the first stages shifts the mean of a whole channel
FORK: Final = 5  # the stage after which another ending may begin: three quarters of the weights come after it
MULTIPLE: Final = 32  # the sides of the input must be multiples of the whole network's stride


def inputs_of(stage: int) -> int:
    """Channels of the map that a stage, from 1, begins with."""
    return STEM_CHANNELS if stage == 1 else STAGES[stage - 2][1]


def pools_wide(stage: int, stride: int) -> bool:
    """Whether the wide map of a block of this stage is pooled: where it is the last one before a downsampling.

    But not the first of all, which is the largest and adds nothing.
    """
    return stride > 1 and stage > 2


def mean_columns() -> dict[str, slice]:
    """Where the channel means of each map stand among the F features; their log spreads follow them."""
    widths = {"stem": STEM_CHANNELS}
    inputs = STEM_CHANNELS
    for number, (expansion, outputs, _, stride, _) in enumerate(STAGES, 1):
        if pools_wide(number, stride):
            widths[f"wide{number}"] = inputs * expansion
        widths[f"stage{number}"] = inputs = outputs
    widths["head"] = HEAD_CHANNELS
    found: dict[str, slice] = {}
    start = 0
    for name, width in widths.items():
        found[name] = slice(start, start + width)
        start += 2 * width
    return found


def before_fork() -> slice:
    """The columns among the F features of the maps up to stage `FORK`, which all endings share."""
    return slice(0, mean_columns()[f"wide{FORK + 1}"].start)  # the first map after it, as stage 6 downsamples


FEATURES: Final = mean_columns()["head"].stop + HEAD_CHANNELS  # F
# What a picture shows, as the means of channels from details to things: those of the wide maps and of the head.
CONTENT: Final = tuple(columns for name, columns in mean_columns().items() if name.startswith(("wide", "head")))
CONTENT_CHANNELS: Final = sum(columns.stop - columns.start for columns in CONTENT)
EARLY: Final = before_fork()

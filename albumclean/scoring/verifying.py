"""Whether an added model is still what it was when it was added."""

from __future__ import annotations

from typing import Final

from albumclean.errors import ModelBroken
from albumclean.scoring.inspection import tried
from albumclean.scoring.library import Added

_TOLERANCE: Final = 1e-5  # of a value, or of 1 where it is smaller: other processors add in another order


def verify(model: Added) -> bool:
    """Check the stored weights, byte by byte, and what the network says of the made picture.

    False if that could not be compared, as this albumclean computes it in another way than the one that added it.
    Raises ModelBroken.
    """
    outputs = tried(model.load(), model.variant.input)
    if model.record.variant_revision != model.variant.revision:
        return False
    recorded = model.record.outputs
    if len(outputs) != len(recorded) or any(
        not abs(found - told) <= _TOLERANCE * max(1.0, abs(told))  # also true of a NaN
        for found, told in zip(outputs, recorded, strict=False)
    ):
        detail = f"it gives {_numbers(outputs)} for a picture for which it once gave {_numbers(recorded)}"
        raise ModelBroken(name=model.name, detail=detail)
    return True


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6f}" for value in values)

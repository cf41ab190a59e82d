"""The user's models: a folder for each, with its weights and a record of what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from albumclean.domain import ScorerSpec
from albumclean.errors import ModelBroken, ModelDamaged, ModelUnreadable
from albumclean.scoring.registry import check_weights
from albumclean.scoring.variant import Variant
from albumclean.scoring.variants import variant
from albumclean.words import shown

if TYPE_CHECKING:
    from torch import nn

WEIGHTS: Final = "weights.safetensors"
RECORD: Final = "model.json"
OWN_FILES: Final = (RECORD, WEIGHTS)  # the record first: without it the rest is no model
CALIBRATIONS: Final = "calibrations"  # a folder beside those of the models
_LARGEST_RECORD: Final = 1 << 20  # bytes; they have about a thousand
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_WINDOWS: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")  # devices there, whatever follows


def is_name(text: str) -> bool:
    """Whether a model may be called so: it is a folder on every system, and a word in the settings."""
    return bool(_NAME.fullmatch(text)) and not _WINDOWS.fullmatch(text) and text != CALIBRATIONS


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one added model."""

    variant: str
    variant_revision: str  # of albumclean's code for it when the model was added
    source_name: str  # of the file that it came from, without its folder
    source_sha256: str
    weights_sha256: str  # of what is stored
    size: int  # bytes of what is stored
    added: str  # date and time with its zone, ISO 8601
    licence: str
    outputs: tuple[float, ...]  # what it said of the made picture, by quantity

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Raises ValueError for anything but what `text` makes."""
        document = json.loads(text)
        if not isinstance(document, dict) or document.pop("version", None) != 1:
            raise ValueError("it was written by another albumclean")
        kinds: dict[str, type] = dict.fromkeys(cls.__dataclass_fields__, str) | {"size": int, "outputs": list}
        for name, kind in kinds.items():
            if type(document.get(name)) is not kind:
                raise ValueError(f"it does not say {name}")
        outputs = document.pop("outputs")
        if document.keys() != kinds.keys() - {"outputs"} or not all(type(each) is float for each in outputs):
            raise ValueError("it says what it should not")
        return cls(**document, outputs=tuple(outputs))

    @property
    def text(self) -> str:
        """The file that it is kept in."""
        return json.dumps({"version": 1, **asdict(self)}, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class Added:
    """A `Scorer` that the user has brought."""

    name: str
    folder: Path
    record: Record
    variant: Variant

    @property
    def spec(self) -> ScorerSpec:
        """What its scores depend on."""
        return self.variant.spec(self.name, WEIGHTS, self.record.weights_sha256)

    def load(self) -> nn.Module:
        """The network, its weights checked; in single precision as the original. Raises ModelBroken."""
        self.check()
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from albumclean.scoring.nets.filled import filled

        try:
            return filled(self.variant.network, load_file(self.folder / WEIGHTS))
        except (RuntimeError, SafetensorError, OSError) as error:
            raise ModelBroken(name=self.name, detail="its weights don't fit its network") from error

    def check(self) -> None:
        """Whether the weights are those that were stored. Raises ModelBroken."""
        try:
            check_weights(self.folder / WEIGHTS, self.record.weights_sha256)
        except ModelDamaged:
            raise ModelBroken(name=self.name, detail="its weights have been changed since") from None
        except ModelUnreadable as error:
            raise ModelBroken(name=self.name, detail=f"its weights can't be read ({error.fields['detail']})") from error


class ModelLibrary:
    """What `albumclean models add` has brought."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Of all models, sorted; loads nothing. Raises ModelBroken if the folder can't be read."""
        return tuple(sorted(self._names()))

    def _names(self) -> Iterator[str]:
        try:
            for entry in self.folder.iterdir():
                if is_name(entry.name) and (entry / RECORD).exists():
                    yield entry.name
        except FileNotFoundError:
            return
        except OSError as error:
            raise ModelBroken(name=self.folder.name, detail=error.strerror or error) from error

    def find(self, name: str) -> Added | None:
        """The model with this name. Raises ModelBroken where it is there but can't be used."""
        folder = self.folder / name
        if not is_name(name) or not (folder / RECORD).exists():
            return None
        try:
            with (folder / RECORD).open("rb") as file:
                record = Record.parsed(file.read(_LARGEST_RECORD).decode())
        except OSError as error:
            raise ModelBroken(name=name, detail=f"its record can't be read ({error.strerror or error})") from error
        except (ValueError, RecursionError) as error:
            raise ModelBroken(name=name, detail=f"its record {RECORD} is damaged") from error
        try:
            known = variant(record.variant)
        except KeyError:
            detail = f"this albumclean does not know its network {shown(record.variant)!r}; is there a newer one?"
            raise ModelBroken(name=name, detail=detail) from None
        with suppress(OSError):  # which `load` says in better words
            if (folder / WEIGHTS).stat().st_size != record.size:
                raise ModelBroken(name=name, detail="its weights are cut off or have been changed")
        return Added(name, folder, record, known)

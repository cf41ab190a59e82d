"""imagededup (idealo, Apache-2.0): perceptual hashes, or the pooled features of a CNN.

Documented defaults: PHash with a Hamming distance of at most 10 of 64 bits; the CNN (MobileNetV3 small) with a cosine
likeness of at least 0.9. The CNN fetches its weights on first use. It answers file by file, hence in pairs.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer, paired
from benchmarks.near_duplicates.peers.tool import Tool, field, strings

PACKAGES = ("imagededup==0.3.3.post2",)


class Hashes(Tool):
    """Its four hashes; a setting is `<method>-<most bits that differ>`."""

    name = "imagededup"
    requirements = PACKAGES
    default = "PHash-10"
    settings = tuple(
        f"{method}-{bits}" for method in ("PHash", "DHash", "WHash", "AHash") for bits in (0, 2, 4, 6, 8, 10, 12, 14)
    )
    keeps = False

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        methods = importlib.import_module("imagededup.methods")
        encoded: dict[str, dict[str, str]] = {}
        for setting in settings:
            method, bits = setting.split("-")
            finder = getattr(methods, method)(verbose=False)
            if method not in encoded:
                encoded[method] = finder.encode_images(str(folder), recursive=True)
            found = finder.find_duplicates(encoding_map=encoded[method], max_distance_threshold=int(bits))
            yield setting, {"read": len(encoded[method]), "duplicates": found}

    def read(self, said: object, folder: Path) -> Answer:
        return read(said)


class Cnn(Tool):
    """Its network; a setting is `<least cosine likeness>`."""

    name = "imagededup-cnn"
    requirements = PACKAGES
    default = "0.9"
    settings = ("0.8", "0.85", "0.9", "0.925", "0.95", "0.975", "0.99")
    keeps = False

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        finder = importlib.import_module("imagededup.methods").CNN(verbose=False)
        encoded = finder.encode_images(str(folder), recursive=True)
        for setting in settings:
            found = finder.find_duplicates(encoding_map=encoded, min_similarity_threshold=float(setting))
            yield setting, {"read": len(encoded), "duplicates": found}

    def read(self, said: object, folder: Path) -> Answer:
        return read(said)


def read(said: object) -> Answer:
    """The pairs of `{"duplicates": {file: [copies]}}`, whose names are relative already."""
    duplicates = field(said, "duplicates")
    if not isinstance(duplicates, dict):
        raise ValueError("imagededup's answer is no mapping of files to lists of copies")
    return paired({Path(name).as_posix(): strings(copies) for name, copies in duplicates.items()})

"""Metrics of pyiqa (https://github.com/chaofengc/IQA-PyTorch) as scorers of albumclean.

What a metric is (its range, and whether lower is better) is read from pyiqa's own table, without importing pyiqa: that
takes ten seconds and loads torch, and a scorer's spec is asked for in lists. Weights come as pyiqa gets them, from its
hub at the first use. How to write a scorer of your own: docs/scorers.md of albumclean.
"""

from __future__ import annotations

import re
import runpy
from functools import cached_property, partial
from importlib.metadata import PackageNotFoundError, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from albumclean.domain import NATIVE, AnyInput, NativeInput, Says, ScorerSpec
from albumclean.errors import ScorerBroken

if TYPE_CHECKING:
    from torch import nn

PACKAGE = "albumclean-pyiqa"
VERSION = "1"  # raise by hand whenever the same picture could get another value with the same pyiqa

# Tiny pictures are scaled up, as most metrics cut patches of up to 224 pixels out of them. Large ones are scaled down:
# to 1024 x 768 pixels for networks that learned from KonIQ-10k, whose photos have that size; to full HD for statistics
# of natural scenes, which were fitted to screen-sized photos. That is this package's choice, not pyiqa's.
KONIQ = NativeInput(least=224 * 224, short_side=224, most=1024 * 768)
SCENES = NativeInput(least=224 * 224, short_side=224, most=1920 * 1080)

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Metric:
    """One metric of pyiqa as a scorer."""

    def __init__(self, metric: str, seen: AnyInput, says: Says = Says.QUALITY) -> None:
        """`metric`: pyiqa's name of it; `seen`: which pixels it gets; `says`: what its value is about."""
        self.metric = metric
        self.name = "pyiqa-" + metric.replace("_", "-")
        self.seen = seen
        self.says = says

    @cached_property
    def spec(self) -> ScorerSpec:
        """What albumclean has to know of it. Raises ScorerBroken if there is no pyiqa, or if it lacks this metric."""
        about = self._about()
        ends = [float(number) for number in _NUMBER.findall(about["score_range"])]
        if len(ends) != 2:
            raise self._broken(f"pyiqa names no range for it but {about['score_range']!r}")
        facts = metadata("pyiqa")
        return ScorerSpec(
            name=self.name,
            revision=f"{VERSION}-pyiqa-{facts['Version']}",
            quantities=("score",),
            value_range=(min(ends), max(ends)),  # "only rough estimation", says pyiqa: calibrate it
            licence=f"pyiqa: {facts.get('License-Expression', 'see there')}; its weights: see pyiqa's model cards",
            summary=f"{self.metric} as pyiqa has it.",
            input=self.seen,
            min_short_side=NATIVE,  # the pixels as they are in the file, not a reduced decode
            says=self.says,
            rises=not about.get("lower_better", False),
        )

    def load(self) -> nn.Module:
        """Fetch the weights, if pyiqa does not have them yet, and build the network."""
        from albumclean_pyiqa.network import PyiqaNetwork

        return PyiqaNetwork(self.metric)

    def _about(self) -> dict[str, Any]:
        """pyiqa's own words on the metric. The file is run by itself: importing the package would import torch."""
        found = find_spec("pyiqa")
        if found is None or found.origin is None:
            raise self._broken("it needs the package pyiqa: pip install pyiqa")
        try:
            table = runpy.run_path(str(Path(found.origin).with_name("default_model_configs.py")))["DEFAULT_CONFIGS"]
            about: dict[str, Any] = table[self.metric]
            metadata("pyiqa")
        except (OSError, KeyError, PackageNotFoundError) as error:
            raise self._broken(f"this version of pyiqa has no metric {self.metric!r}, or keeps it elsewhere") from error
        if about.get("metric_mode") != "NR":
            raise self._broken(f"{self.metric!r} compares a picture with another, and here is only one")
        return about

    def _broken(self, detail: str) -> ScorerBroken:
        return ScorerBroken(name=self.name, package=PACKAGE, detail=f"{detail}.")


# What the entry points name: each gives a scorer when it is called. Another metric is one line here, and one there.
brisque = partial(Metric, "brisque", SCENES)
clipiqa = partial(Metric, "clipiqa", KONIQ)
dbcnn = partial(Metric, "dbcnn", KONIQ)
hyperiqa = partial(Metric, "hyperiqa", KONIQ)
laion_aes = partial(Metric, "laion_aes", KONIQ, Says.BEAUTY)
maniqa = partial(Metric, "maniqa", KONIQ)
musiq = partial(Metric, "musiq", KONIQ)
niqe = partial(Metric, "niqe", SCENES)
nima = partial(Metric, "nima", KONIQ, Says.BEAUTY)
piqe = partial(Metric, "piqe", SCENES)
topiq_iaa = partial(Metric, "topiq_iaa", KONIQ, Says.BEAUTY)
topiq_nr = partial(Metric, "topiq_nr", KONIQ)

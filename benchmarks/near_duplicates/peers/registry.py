"""The tools, by name."""

from __future__ import annotations

from benchmarks.near_duplicates.peers.clearclutter import ClearClutter
from benchmarks.near_duplicates.peers.czkawka import Czkawka
from benchmarks.near_duplicates.peers.difpy import DifPy
from benchmarks.near_duplicates.peers.findimagedupes import FindImageDupes
from benchmarks.near_duplicates.peers.image_dedup_ai import ImageDedupAi
from benchmarks.near_duplicates.peers.imagededup import Cnn, Hashes
from benchmarks.near_duplicates.peers.tool import Tool

TOOLS: dict[str, Tool] = {
    tool.name: tool for tool in (Hashes(), Cnn(), Czkawka(), ImageDedupAi(), DifPy(), ClearClutter(), FindImageDupes())
}

"""How much each fact counts: log-odds for a value of 1.

Fitted by `python -m benchmarks.near_duplicates.fit_provenance` on 1,314 pairs of a photo and a copy of it, of sources
that the published numbers are not measured on. A fact that is not named here was found redundant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "border": 1.80,
        "camera": 1.00,
        "capture_time": 0.60,
        "claimed_size": 1.41,
        "clipped_black": 0.15,
        "clipped_white": 0.79,
        "colour_error": 0.49,
        "colours_lost": 0.33,
        "compression_traces": 1.76,
        "contrast": 2.55,
        "dark_corners": 3.96,
        "detail_alone": 1.13,
        "detail_gained": 1.22,
        "editor": 1.04,
        "faded_black": 0.47,
        "few_colours": 5.32,
        "filtered": 0.86,
        "fixes_the_other": 1.85,
        "format": 3.29,
        "grain": 2.07,
        "hard_edges": 0.90,
        "histogram_gaps": 0.79,
        "in_colour": 0.60,
        "jpeg_steps": 0.01,
        "larger": 0.39,
        "library_table": 1.09,
        "maker_note": 1.06,
        "pixels": 0.06,
        "power_at_limit": 2.45,
        "power_beyond": 1.42,
        "range": 0.58,
        "rounded_twice": 3.17,
        "saturation": 0.45,
        "saved_from": 2.57,
        "tones_merged": 2.85,
        "unexplained": 2.12,
        "white": 0.08,
        "wider": 2.36,
    }
)

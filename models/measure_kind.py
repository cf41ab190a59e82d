"""What the shipped kind head calls the pictures of its tests: writes `models/kind.json`.

    python -m models.measure_kind --pictures DIR --biq2021 DIR --photos DIR --hard DIR --cache DIR [TEST ...]

Runs after `kind_features` on tests of `kind_samples.TESTS`. Each is told twice: as if nothing were known of the files,
and, of the pictures as they are, with what the program reads from them (format, size, camera), as users have it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from safetensors.torch import load_file

from models.kind_features import parser_of_kinds, places_of
from models.kind_numbers import facts_of, numbers
from models.kind_samples import TESTS
from models.train_kind import WEIGHTS_OUT, probabilities, read

METRICS_OUT: Final = Path(__file__).with_name("kind.json")


def main() -> None:
    """Measure and write."""
    parser = parser_of_kinds(__doc__)
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"all of: {', '.join(TESTS)}")
    arguments = parser.parse_args()
    places, state = places_of(arguments), load_file(WEIGHTS_OUT)
    told: dict[str, object] = {"sha256": hashlib.sha256(WEIGHTS_OUT.read_bytes()).hexdigest()}
    for name in arguments.tests or TESTS:
        pictures = read(arguments.cache, TESTS[name](places))
        found = probabilities(state, pictures)
        told[name] = numbers(found, pictures.samples)
        facts = [facts_of(sample) for sample in pictures.samples]
        with_facts = numbers(found, pictures.samples, facts)
        told[f"{name}, as files"] = {key: each for key, each in with_facts.items() if key.endswith("plain")}
    METRICS_OUT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()

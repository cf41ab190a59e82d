"""Ask one tool, inside its own environment: `python -m (this module) TOOL FOLDER SCRATCH SAID SETTING...`.

SAID gets one line of JSON a setting. Started by the runner, with the root of this repository on PYTHONPATH.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.near_duplicates.peers.registry import TOOLS


def main() -> None:
    name, folder, scratch, said, *settings = sys.argv[1:]
    with Path(said).open("w", encoding="utf-8") as out:
        for setting, words in TOOLS[name].ask(Path(folder), Path(scratch), settings):
            out.write(json.dumps({"setting": setting, "said": words}) + "\n")
            out.flush()


if __name__ == "__main__":
    main()

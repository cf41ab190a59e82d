"""What all tests share: a home of their own, so that no test sees or touches the user's files."""

from __future__ import annotations

import functools
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from albumclean.scoring import registry
from albumclean.scoring.graphs import runtime

if TYPE_CHECKING:
    from albumclean.scoring.graphs.judge import JudgeGraph, KindGraph

# The same examples on every machine and in every run: a failure is of the change that it is seen with.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

# A background job of a shell ignores Ctrl-C, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Each of several test processes has its share of the cores: threads that wait for a core that another process holds
# took four times as long. Read when torch is loaded, and by the programs that tests start.
_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // _processes)))

_compile = registry.Shipped.compiled
_compiled: dict[tuple[str, str, int], JudgeGraph | KindGraph | None] = {}


@functools.wraps(_compile)
def _compiled_once(scorer: registry.Shipped, threads: int) -> JudgeGraph | KindGraph | None:
    """Compiling takes half a second, and hundreds of tests scan a few photos in this process."""
    if runtime.openvino() is None:
        return None
    registry.weights_of(scorer.spec)  # checked each time
    key = scorer.spec.name, scorer.spec.revision, threads
    if key not in _compiled:
        _compiled[key] = _compile(scorer, threads)
    return _compiled[key]


registry.Shipped.compiled = _compiled_once  # type: ignore[assignment, method-assign]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """albumclean's own files and the trash, below this test's folder."""
    own = tmp_path / "home"
    own.mkdir()
    monkeypatch.setenv("ALBUMCLEAN_HOME", str(own))
    monkeypatch.setenv("XDG_DATA_HOME", str(own / "share"))
    monkeypatch.delenv("ALBUMCLEAN_CONFIG", raising=False)
    monkeypatch.delenv("ALBUMCLEAN_CACHE_URL", raising=False)
    return own


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """An empty folder for photos."""
    folder = tmp_path / "album"
    folder.mkdir()
    return folder

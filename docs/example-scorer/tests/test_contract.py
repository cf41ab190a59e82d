"""Each scorer keeps albumclean's contract, as far as pyiqa is there and its weights can be had."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import pytest
from albumclean.scoring.contract import check, flaw_of

import albumclean_pyiqa

pytestmark = pytest.mark.skipif(find_spec("pyiqa") is None, reason="pyiqa is not installed")

NAMES = sorted(name for name, made in vars(albumclean_pyiqa).items() if isinstance(made, partial))


@pytest.mark.parametrize("name", NAMES)
def test_its_spec_is_sound(name: str) -> None:
    assert flaw_of(getattr(albumclean_pyiqa, name)().spec) is None


def test_a_metric_without_weights_keeps_the_contract() -> None:
    check(albumclean_pyiqa.piqe())

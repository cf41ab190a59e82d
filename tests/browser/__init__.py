"""Whole reviews in a real browser, driven by keys, mouse and touch, with the real program behind it."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.browser.choices", "tests.browser.pages", "tests.browser.libraries")

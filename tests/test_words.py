from __future__ import annotations

import json
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.words import counted, duration, file_size, json_text, shown


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/é.jpg", "a b/é.jpg"),
        ("a\x1b[31mred\n.jpg", "a\\x1b[31mred\\x0a.jpg"),
        (os.fsdecode(b"caf\xe9.jpg"), "caf\\xe9.jpg"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
    ],
)
def test_a_shown_path_can_not_speak_to_the_terminal(path: str, expected: str) -> None:
    assert expected == shown(path)


@given(st.text())
def test_nothing_shown_is_a_control_character(text: str) -> None:
    assert not [character for character in shown(text) if unicodedata.category(character) in {"Cc", "Cf", "Cs"}]


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters())))
def test_json_steers_no_terminal_and_reads_back_the_same(value: dict[str, str]) -> None:
    line = json_text(value)
    assert value == json.loads(line)
    assert not [character for character in line if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert line.encode()


def test_json_stays_readable() -> None:
    assert '{"name": "Käthe 日本 \\u202e.jpg"}' == json_text({"name": "Käthe 日本 \u202e.jpg"})


def test_sizes_counts_and_times_are_words_for_people() -> None:
    assert ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "12.3 MB", "1.0 GB"] == [
        file_size(count) for count in (0, 1, 999, 1000, 12_340_000, 999_600_000)
    ]
    assert ["1 photo", "2,000 photos", "0 copies"] == [
        counted(1, "photo"),
        counted(2000, "photo"),
        counted(0, "copy", "copies"),
    ]
    assert ["42 s", "3 min 20 s", "2 h 5 min"] == [duration(seconds) for seconds in (42, 200, 7500)]

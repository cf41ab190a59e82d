"""What travels between a scan and its cluster: the same file on two machines, and contents that are known.

Apart from `test_engines`, whose cluster draws random numbers beside Hypothesis.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from albumclean.domain import FileIdentity
from albumclean.engines import errands
from albumclean.engines.errands import Contents, prefixes, same_file, same_moment


@given(st.integers(0, 2**62), st.sampled_from(errands._TICKS))
def test_a_coarser_clock_tells_the_same_moment(moment: int, tick: int) -> None:
    assert same_moment(moment, moment // tick * tick)
    assert same_moment(moment // tick * tick, moment)


@given(st.integers(10**18, 2**62), st.integers(2_000_000_000, 10**17))
def test_times_two_seconds_apart_are_two_moments(moment: int, apart: int) -> None:
    assert not same_moment(moment, moment + apart)


def test_a_file_of_another_size_or_time_is_another_file_and_another_inode_says_nothing() -> None:
    file = FileIdentity(Path("/a"), 10, 1_700_000_000_123_456_789, 1, 1)
    assert same_file(file, replace(file, inode=2, device=3))
    assert not same_file(file, replace(file, size=11))
    assert not same_file(file, replace(file, mtime_ns=file.mtime_ns + 5))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=20), st.binary(min_size=32, max_size=32))
def test_known_contents_are_never_missed(contents: list[bytes], other: bytes) -> None:
    known = Contents(prefixes(sorted(contents)))
    assert all(content in known for content in contents)
    assert (other in known) == (other[:8] in {content[:8] for content in contents})

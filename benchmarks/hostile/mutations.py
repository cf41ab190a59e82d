"""Ways to break a sound file: each takes it, another one and a random generator. The same seed, the same file."""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.hostile.structure import fields_of, mended

Mutation = Callable[[bytes, bytes, random.Random], bytes]

_EVIL = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
_HEAD = 512  # bytes in which headers lie


def truncated(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Cut off anywhere."""
    return data[: rng.randrange(len(data))]


def flipped(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Some bits the other way round, anywhere."""
    return _with_flips(data, rng, len(data), rng.choice((1, 4, 32, 256)))


def flipped_head(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Some bits of the headers the other way round."""
    return _with_flips(data, rng, min(_HEAD, len(data)), rng.choice((1, 2, 8, 24)))


def extreme_bytes(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Some bytes of the headers at their limits."""
    broken = bytearray(data)
    for _number in range(rng.choice((1, 2, 6))):
        broken[rng.randrange(min(_HEAD, len(data)))] = rng.choice((0x00, 0x01, 0x7F, 0x80, 0xFF))
    return bytes(broken)


def zero_run(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """A stretch of zero bytes, as a bad sector leaves it."""
    start, end = _stretch(data, rng)
    return data[:start] + bytes(end - start) + data[end:]


def spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def repeated(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """A stretch many times over."""
    start, end = _stretch(data[:4096], rng)
    return data[:end] + data[start:end] * rng.choice((1, 10, 200)) + data[end:]


def lacking(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Without a stretch from its midst."""
    start, end = _stretch(data, rng)
    return data[:start] + data[end:]


def stuffed(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """With random bytes in its midst."""
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.choice((1, 3, 64, 4096))) + data[at:]


def lying(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """With one or a few other sizes, counts or offsets than are true."""
    fields = fields_of(data)
    for field in rng.sample(fields, min(len(fields), rng.choice((1, 1, 2, 5)))):
        old = int.from_bytes(data[field.at : field.at + field.width], field.order)
        value = rng.choice((*_EVIL, old + 1, old - 1, old * 2, old // 2, len(data), rng.getrandbits(32)))
        data = field.written(data, value)
    return mended(data)


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        truncated,
        flipped,
        flipped_head,
        extreme_bytes,
        zero_run,
        spliced,
        repeated,
        lacking,
        stuffed,
        lying,
    )
}
# Lies about sizes are what decoders stumble over.
WEIGHTS = {name: 4 if name == "lying" else 2 if name == "flipped_head" else 1 for name in MUTATIONS}


def mutate(data: bytes, other: bytes, rng: random.Random) -> tuple[str, bytes]:
    """The name of a mutation, and the file broken by it."""
    [name] = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
    return name, MUTATIONS[name](data, other, rng)


def _with_flips(data: bytes, rng: random.Random, end: int, count: int) -> bytes:
    broken = bytearray(data)
    for _ in range(count):
        broken[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(broken)


def _stretch(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 16, 256, 4096)))

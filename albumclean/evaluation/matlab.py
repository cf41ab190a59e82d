"""What MATLAB wrote: numbers and lists of names out of `.mat` files of version 5 to 7.

Source: MathWorks, "MAT-File Format", "Level 5 MAT-File Format". The little that labels need is read here, every length
checked: scipy's reader, made for files that one trusts, crashes the program on some damaged ones. Version 7.3 is
another format (HDF5).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from albumclean.errors import TableError
from albumclean.evaluation.weighted import Floats
from albumclean.words import shown

_HEADER: Final = 128  # bytes: a text, the version and the byte order
_MOST: Final = 1 << 26  # bytes of one variable, unpacked
_MATRIX: Final = 14  # an element that holds others: flags, dimensions, name and content
_COMPRESSED: Final = 15
_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS: Final = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_CELL, _CHAR, _NUMERIC = 1, 4, range(6, 16)  # classes of matrices
_COMPLEX: Final = 0x800  # among the flags


class _Unsound(Exception):
    """The file is not what its header says."""


@dataclass(frozen=True, slots=True)
class _Element:
    kind: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class _Matrix:
    form: int  # its class
    name: str
    content: list[_Element]


def numbers(path: Path, variable: str) -> Floats:
    """A matrix as (n,), column by column as MATLAB counts. Raises TableError."""
    order, matrix = _variable(path, variable)
    if matrix.form not in _NUMERIC or len(matrix.content) != 1 or matrix.content[0].kind not in _NUMBERS:
        raise _error(path, f"its variable {variable} holds no numbers")
    kind, data = matrix.content[0].kind, matrix.content[0].data
    form = np.dtype(order + _NUMBERS[kind])
    return np.frombuffer(data[: len(data) // form.itemsize * form.itemsize], form).astype(np.float64)


def texts(path: Path, variable: str) -> list[str]:
    """A cell array of texts, column by column. Raises TableError."""
    order, matrix = _variable(path, variable)
    try:
        found = [_text(order, cell) for cell in matrix.content] if matrix.form == _CELL else []
    except (_Unsound, struct.error, UnicodeDecodeError):
        found = []
    if not found:
        raise _error(path, f"its variable {variable} is not a list of texts")
    return found


def _text(order: str, cell: _Element) -> str:
    matrix = _matrix(order, cell)
    if matrix.form != _CHAR or len(matrix.content) != 1 or matrix.content[0].kind not in _TEXTS:
        raise _Unsound
    encoding = _TEXTS[matrix.content[0].kind]
    if encoding == "utf-16":
        encoding = "utf-16-le" if order == "<" else "utf-16-be"
    return bytes(matrix.content[0].data).decode(encoding)


def _variable(path: Path, name: str) -> tuple[str, _Matrix]:
    """The byte order, and the variable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _error(path, f"it can't be read ({error.strerror or error})") from error
    order = {b"IM": "<", b"MI": ">"}.get(data[126:_HEADER])
    if order is None:
        raise _error(path, "it is not a sound MATLAB file")
    if struct.unpack(f"{order}H", data[124:126]) == (0x0200,):
        raise _error(path, "it is in MATLAB's format 7.3; save it again with save(..., '-v7')")
    try:
        for element in _elements(order, memoryview(data)[_HEADER:]):
            matrix = _matrix(order, _unpacked(order, element))
            if matrix.name == name:
                return order, matrix
    except (_Unsound, struct.error, UnicodeDecodeError, zlib.error) as error:
        raise _error(path, "it is not a sound MATLAB file") from error
    raise _error(path, f"it has no variable {name}")


def _elements(order: str, data: memoryview) -> Iterator[_Element]:
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # a small one: kind and size share four bytes, and the data are the next four
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            if size > 4:
                raise _Unsound
        if size > len(data) - start:
            raise _Unsound
        yield _Element(kind, data[start : start + size])
        at = start + size if kind == _COMPRESSED else -(-(start + size) // 8) * 8


def _unpacked(order: str, element: _Element) -> _Element:
    if element.kind != _COMPRESSED:
        return element
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(element.data, _MOST)
    if not unpacking.eof:  # cut off, or larger than any list of scores
        raise _Unsound
    return next(_elements(order, memoryview(data)), element)


def _matrix(order: str, element: _Element) -> _Matrix:
    if element.kind != _MATRIX:
        raise _Unsound
    parts = list(_elements(order, element.data))
    if len(parts) < 3:
        raise _Unsound
    flags, _, name, *content = parts
    (form,) = struct.unpack_from(f"{order}I", flags.data)
    if form & _COMPLEX:
        raise _Unsound
    return _Matrix(form & 0xFF, bytes(name.data).decode("ascii"), content)


def _error(path: Path, detail: str) -> TableError:
    return TableError(path=shown(path), detail=detail)

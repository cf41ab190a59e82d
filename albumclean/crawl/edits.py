"""Which photos of a folder are edits that a phone or a service keeps beside the untouched photo. Pure: names only.

An edit goes where its photo goes, so a photo wrongly taken for an edit is a lost photo. Only names that programs give
to edits count, only beside exactly one original in the same folder, and never an edit of an edit:

- Apple: `IMG_E1234.HEIC` beside `IMG_1234.HEIC`, as phones and iCloud hand them out.
- Google Takeout: `IMG-edited.jpg` in the account's language, numbered like the photo (`IMG-edited(1).jpg` goes with
  `IMG(1).jpg`), and cut where the whole name would have more than 51 characters.
- Google Photos and Samsung's gallery on the phone: `IMG~2.jpg`, `IMG~3.jpg`.
- osxphotos, PhotoSync and Immich: `IMG_edited.jpg`.

Sources: the tables of immich-go (docs/misc/google-takeout.md) and GooglePhotosTakeoutHelper (extra_formats.dart) for
the languages. Languages that nobody has confirmed do no harm, as the original has to lie there too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from albumclean.crawl.kinds import split_name, split_number

_GOOGLE_WORDS = frozenset(
    {
        "edited", "bearbeitet", "modifié", "modifiée", "editado", "editada", "ha editado", "editat", "modificato",
        "bewerkt", "edytowane", "redigeret", "redigert", "redigerad", "muokattu", "upravené", "upraveno",
        "szerkesztett", "szerkesztve", "editată", "редактирано", "отредактировано", "изменено", "відредаговано",
        "düzenlendi", "επεξεργασμένο", "編集済み", "编辑", "已编辑", "已修改", "已編輯", "編輯", "편집됨", "수정됨",
        "đã chỉnh sửa", "diedit", "แก้ไขแล้ว", "נערך",
    }
)  # fmt: skip
_OTHER_WORD = "_edited"
_TAKEOUT_NAME = 51  # characters of a file's name, with its extension; longer ones are cut
_SHORTEST_CUT = 2  # letters that must be left of the word

_HINT = re.compile(r"[-~]|_[eE]")  # without it no name says anything
_APPLE = re.compile(r"(img_)e(\d{4,})")
_TILDE = re.compile(r"(.+)~([2-9]|\d\d)", re.DOTALL)
_SHORT_NAME = 8  # DOS makes IMG_20~2 of long names; Google's are longer


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the name of an edit says of its original."""

    name: str  # of the edit
    base: str  # the original's stem without its number, folded
    number: str = ""  # "(1)", which both have

    @property
    def stem(self) -> str:
        return self.base + self.number


def find_edits(candidates: Iterable[str], originals: Iterable[str]) -> dict[str, str]:
    """Edit -> the one original that it was made from. All are names of photos of one folder, and so are `originals`.

    In doubt a photo is no edit: two photos have the original's stem; numbered originals and edits don't match one to
    one; the original is an edit itself.
    """
    claims = [claim for name in candidates if (claim := _claim(name))]
    if not claims:
        return {}
    bases, stems = {claim.base for claim in claims}, {claim.stem for claim in claims}
    found: dict[str, list[str]] = {}  # stem -> photos of that stem
    numbers: dict[str, set[str]] = {}  # base -> the numbers of its originals, "" for none
    for name in originals:
        stem = _folded(split_name(name)[0])
        if stem in stems:
            found.setdefault(stem, []).append(name)
        if stem in bases:
            numbers.setdefault(stem, set()).add("")
        plain, number = split_number(stem)
        if number and plain in bases:
            numbers.setdefault(plain, set()).add(number)
    edited: dict[str, set[str]] = {}
    for claim in claims:
        edited.setdefault(claim.base, set()).add(claim.number)
    pairs: dict[str, str] = {}
    for claim in claims:
        fitting = found.get(claim.stem, [])
        known = numbers.get(claim.base, set())
        if len(fitting) == 1 and fitting[0] != claim.name and (len(known) == 1 or known == edited[claim.base]):
            pairs[claim.name] = fitting[0]
    return {edit: original for edit, original in pairs.items() if original not in pairs}


def _claim(name: str) -> _Claim | None:
    if not _HINT.search(name):  # nearly all names
        return None
    stem, extension = split_name(name)
    folded = _folded(stem)
    if apple := _APPLE.fullmatch(folded):
        return _Claim(name, apple[1] + apple[2])
    if len(folded) > _SHORT_NAME and (tilde := _TILDE.fullmatch(folded)):
        return _Claim(name, tilde[1])
    plain, number = split_number(folded)
    if plain.endswith(_OTHER_WORD) and plain != _OTHER_WORD:
        return _Claim(name, plain.removesuffix(_OTHER_WORD), number)
    base, dash, word = plain.rpartition("-")
    if dash and base and (word in _GOOGLE_WORDS or _was_cut(word, len(stem) + 1 + len(extension), number)):
        return _Claim(name, base, number)
    return None


def _was_cut(word: str, length: int, number: str) -> bool:
    """Whether it is the beginning of an edit's word at the end of a name of the longest length."""
    if length - len(number) != _TAKEOUT_NAME or len(word) < _SHORTEST_CUT:
        return False
    return any(whole.startswith(word) for whole in _GOOGLE_WORDS)


def _folded(text: str) -> str:
    """Upper and lower case don't count, nor how an accent is written: a Mac's archives hold it as a sign of its own."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()

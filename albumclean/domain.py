"""The nouns of albumclean: frozen values that every room shares. Standard library only, no I/O.

Paths are absolute `pathlib.Path`; on POSIX they may hold bytes that are not UTF-8 as surrogate escapes
(`os.fsdecode`). Times are integers in nanoseconds or seconds since the epoch, as each name says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from os import stat_result
from pathlib import Path
from typing import TypeAlias


class RootRole(StrEnum):
    """What may happen to the photos under a root."""

    NORMAL = "normal"
    PROTECTED = "protected"  # compared with the others, never proposed
    EXCLUDED = "excluded"  # not even looked at


@dataclass(frozen=True, slots=True)
class Root:
    """A folder (or a single file) named by the user."""

    path: Path
    role: RootRole = RootRole.NORMAL


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """One physical file as `stat` saw it: what must still hold at the moment of a move."""

    path: Path
    size: int  # bytes
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, path: Path, seen: stat_result) -> FileIdentity:
        """What a `stat` of `path` said."""
        return cls(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)

    def same_file_state(self, other: FileIdentity) -> bool:
        """Whether `other` is the same file with the same size and time (device numbers change between mounts)."""
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)


class CompanionKind(StrEnum):
    """Files that belong to a photo and travel with it."""

    LIVE_VIDEO = "live-video"  # the moving half of a Live Photo
    RAW = "raw"  # camera RAW twin
    XMP = "xmp"
    AAE = "aae"  # Apple's edit instructions
    THUMBNAIL = "thumbnail"  # THM
    TAKEOUT_JSON = "takeout-json"
    EDIT = "edit"  # the photo as the user edited it, which a phone keeps beside the untouched one
    SETTINGS = "settings"  # how another program develops it: .pp3, .dop, .on1, ...


@dataclass(frozen=True, slots=True)
class Companion:
    """A companion and the file that it is."""

    kind: CompanionKind
    file: FileIdentity


@dataclass(frozen=True, slots=True)
class Asset:
    """One photo (or video) as the user sees it: every file that must be trashed together or not at all."""

    primary: FileIdentity
    companions: tuple[Companion, ...] = ()
    role: RootRole = RootRole.NORMAL
    video: bool = False  # by its name a video that stands for itself, no half of a Live Photo

    @property
    def size(self) -> int:
        """Bytes of the photo and all its companions."""
        return self.primary.size + sum(companion.file.size for companion in self.companions)

    @property
    def files(self) -> tuple[FileIdentity, ...]:
        """The photo first."""
        return (self.primary, *(companion.file for companion in self.companions))


@dataclass(frozen=True, slots=True)
class Shot:
    """How the camera took it, from EXIF and XMP; each field None where they don't say."""

    exposure: float | None = None  # seconds
    f_number: float | None = None
    iso: int | None = None
    bias: float | None = None  # EV
    focal_length: float | None = None  # millimetres
    bracketed: bool = False  # one of an exposure bracket
    panorama: bool = False  # stitched from several shots
    burst: str | None = None  # what the shots of one burst share
    software: str | None = None  # what wrote the file

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return self == _UNKNOWN_SHOT


_UNKNOWN_SHOT = Shot()


class Extra(StrEnum):
    """What a file carries beside its picture; a copy without it is less than the whole."""

    MOTION = "motion"  # the seconds around the shot, as a video in the file
    GAIN_MAP = "gain-map"  # what makes the picture brighter on an HDR screen
    DEPTH = "depth"  # how far away everything is

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return _EXTRA_TEXTS[self]


_EXTRA_TEXTS = {
    Extra.MOTION: "a short video in the photo",
    Extra.GAIN_MAP: "HDR brightness",
    Extra.DEPTH: "a depth map",
}


# What `Photo.format` is for camera RAW; plain "RAW" where the maker is not known.
RAW_FORMATS = frozenset(
    {
        "3FR", "ARW", "CR2", "CR3", "CRW", "DCR", "DNG", "ERF", "IIQ", "KDC", "MEF", "MOS", "MRW", "NEF", "ORF", "PEF",
        "RAF", "RAW", "RW2", "RWL", "SRW", "X3F",
    }
)  # fmt: skip


# What `Photo.format` is for a video, by its container.
VIDEO_FORMATS = frozenset({"MP4", "MOV", "3GP", "MKV", "WEBM", "AVI", "MPEG", "MPEG-TS", "WMV"})


@dataclass(frozen=True, slots=True)
class Photo:
    """What the bytes of a photo say of it, keyed by the BLAKE2b-256 of the file."""

    content_hash: bytes
    width: int  # pixels, upright (EXIF orientation applied)
    height: int
    format: str  # what was found in the content, by Pillow's names: "JPEG", "HEIF", ...; or one of RAW_FORMATS
    taken_at: str | None = None  # EXIF DateTimeOriginal, "2024-05-06T07:08:09[.fff]", no zone
    camera: str | None = None  # make and model
    rating: int | None = None  # 0 to 5 (xmp:Rating; -1 is "rejected"), from the file itself
    shot: Shot = _UNKNOWN_SHOT
    pictures: int = 1  # frames of an animation, pages, pictures of a sequence; previews and gain maps don't count
    extras: tuple[Extra, ...] = ()  # sorted

    @property
    def pixels(self) -> int:
        """Of the whole picture."""
        return self.width * self.height

    @property
    def is_raw(self) -> bool:
        """Whether it is what the sensor saw, of which only a preview is looked at."""
        return self.format in RAW_FORMATS

    @property
    def is_video(self) -> bool:
        """Whether it moves: `pictures` are its frames, of which a few are looked at."""
        return self.format in VIDEO_FORMATS


@dataclass(frozen=True, slots=True)
class UserMarks:
    """What the user said of the photo in other programs: in the file, its XMP, or its Takeout JSON."""

    rating: int | None = None
    favourite: bool = False
    unknown: bool = False  # a sidecar can't be read; it may hide five stars
    albums: tuple[str, ...] = ()  # that the user put it into, sorted

    @property
    def treasured(self) -> bool:
        """Whether the user has marked it as one to keep."""
        return self.favourite or (self.rating is not None and self.rating > 0)


class Stage(StrEnum):
    """Where a photo failed."""

    CRAWL = "crawl"
    READ = "read"
    DECODE = "decode"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Failure:
    """Could not be read or scored. Listed for the user; never evidence for trashing."""

    path: Path
    stage: Stage
    reason: str  # one sentence for people
    transient: bool = False  # worth another try on the next scan (permissions, I/O), not a property of the bytes


class PhotoKind(StrEnum):
    """What sort of picture a file holds. Only photos and scans are judged by how good they look."""

    PHOTO = "photo"
    SCREENSHOT = "screenshot"
    DOCUMENT = "document"  # a page, a receipt or a board, photographed or rendered
    GRAPHIC = "graphic"  # a drawing, a logo, a meme
    SCAN = "scan"  # a paper photo, scanned
    VIDEO = "video"  # told by the file, never by a network
    UNSURE = "unsure"  # nothing tells for sure, or it has not been looked at yet

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return _KIND_TEXTS[self]

    @property
    def is_judged(self) -> bool:
        """Whether a photo score says anything of it."""
        return self in {PhotoKind.PHOTO, PhotoKind.SCAN}


_KIND_TEXTS = {
    PhotoKind.PHOTO: "a photo",
    PhotoKind.SCREENSHOT: "a screenshot",
    PhotoKind.DOCUMENT: "a document",
    PhotoKind.GRAPHIC: "a graphic",
    PhotoKind.SCAN: "a scanned photo",
    PhotoKind.VIDEO: "a video",
    PhotoKind.UNSURE: "perhaps no photo",
}


class Degradation(StrEnum):
    """What can be wrong with a photo; the judge gives each a severity in [0, 1], 0 for none and 1 for ruined."""

    DEFOCUS = "defocus"
    MOTION = "motion"
    NOISE = "noise"
    COMPRESSION = "compression"
    UNDEREXPOSURE = "underexposure"
    OVEREXPOSURE = "overexposure"

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return _DEGRADATION_TEXTS[self]


_DEGRADATION_TEXTS = {
    Degradation.DEFOCUS: "out of focus",
    Degradation.MOTION: "motion blur",
    Degradation.NOISE: "noise",
    Degradation.COMPRESSION: "compression",
    Degradation.UNDEREXPOSURE: "under-exposed",
    Degradation.OVEREXPOSURE: "over-exposed",
}


@dataclass(frozen=True, slots=True)
class PatchSpec:
    """Square pieces of the picture that a network sees at the resolution of the decoded frame."""

    count: int
    side: int  # pixels


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The one description of a network's input; training and inference both build their pixels from it.

    A picture is scaled, keeping its aspect as nearly as the grid allows, to about `area` pixels with both sides
    multiples of `multiple`, as RGB; then `(x - mean) / std` with x in [0, 255]. `patches` are not scaled.
    """

    area: int
    patches: PatchSpec | None = None
    multiple: int = 32
    max_aspect: float = 3.0  # longer panoramas are squeezed to this
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)

    @property
    def pixels(self) -> int:
        """About how many pixels of one photo go through the network."""
        return self.area + (self.patches.count * self.patches.side**2 if self.patches else 0)


@dataclass(frozen=True, slots=True)
class CropInput:
    """The middle of the picture: scaled to cover a box, cut to a smaller one, and turned if it stands otherwise.

    Sizes are (width, height) in pixels. Both boxes stand as the picture does while it is scaled and cut; then it is
    turned counter-clockwise to stand as `crop` is given.
    """

    cover: tuple[int, int]
    crop: tuple[int, int]
    cubic: bool = True  # OpenCV's bicubic filter, else its bilinear one
    rounds_up: bool = True  # the size that covers the box, else down

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.crop[0] * self.crop[1]


@dataclass(frozen=True, slots=True)
class PaddedInput:
    """The whole picture, turned counter-clockwise if it stands otherwise, scaled to fit a box, with black around it."""

    box: tuple[int, int]  # width and height in pixels

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.box[0] * self.box[1]


@dataclass(frozen=True, slots=True)
class ShortSideInput:
    """The square in the middle of the picture, whose short side is scaled to that square's."""

    side: int  # pixels

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.side * self.side


@dataclass(frozen=True, slots=True)
class NativeInput:
    """The picture as it is, unless it is too small or too large.

    Of fewer than `least` pixels, it is scaled to a short side of `short_side`; of more than `most`, to `most`.
    """

    least: int
    short_side: int
    most: int

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network, at most."""
        return self.most


@dataclass(frozen=True, slots=True)
class SquareInput:
    """The whole picture squeezed into a square, whatever its shape."""

    side: int  # pixels
    smooth: bool = False  # each pixel the mean of those around it (Pillow's bilinear filter), not the nearest one

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.side * self.side


AnyInput: TypeAlias = InputSpec | CropInput | PaddedInput | NativeInput | ShortSideInput | SquareInput


class Says(StrEnum):
    """What a scorer's first quantity is about."""

    QUALITY = "quality"  # how good it looks technically: what rules go by
    BEAUTY = "beauty"  # how much people like it: a wish among copies and in lists, never a reason to trash
    FAULTS = "faults"  # each quantity is the severity of one fault
    KIND = "kind"  # each quantity is how likely one kind of picture is


NATIVE = 1 << 30  # a `min_short_side` that no picture has: the frame is not reduced


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """What a scorer is: everything that its scores depend on."""

    name: str
    revision: str  # changes whenever the same photo could get another value
    quantities: tuple[str, ...]  # the values that it predicts, in order; the first is the main one
    value_range: tuple[float, float]  # of the main quantity; its ends, where it has none by itself
    licence: str
    summary: str
    input: AnyInput
    weights: str = ""  # file name of the weights; empty: the scorer finds them by itself
    weights_sha256: str = ""
    min_short_side: int = 384  # the decoded frame must offer at least this, if the photo has it
    embedding: int = 0  # how many values its embedding has; 0: it gives none
    reads: str = ""  # the scorer of whose features and the picture's statistics it is a head; empty: its own network
    says: Says = Says.QUALITY
    rises: bool = True  # whether more of the main quantity is better
    half_precision: bool = False  # whether its scores hold in half precision, where a device is faster with it


@dataclass(frozen=True, slots=True)
class Score:
    """A scorer's raw output; thresholds are policy, so changing one recomputes nothing."""

    content_hash: bytes
    scorer: str
    revision: str
    quantity: str
    value: float


@dataclass(frozen=True, slots=True)
class FrameScore:
    """A scorer's raw output for one frame of a video; the video's own `Score` is the mean over its frames."""

    content_hash: bytes
    seconds: float  # since the beginning of the video
    scorer: str
    revision: str
    quantity: str
    value: float


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What near-duplicates are found by."""

    content_hash: bytes
    phash: int  # 64 bits
    dhash: int  # 64 bits
    layout: bytes  # 8 x 8 x 3 uint8, the upright picture's mean colours, row by row
    detail: float  # standard deviation of the 32 x 32 luma in [0, 255]; flat pictures don't match by hash


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a network says that the picture shows; likeness of content is the cosine of two of them."""

    content_hash: bytes
    vector: bytes  # int8, a vector of length 127


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact behind a proposal: the value met the threshold in the way that the text says."""

    fact: str  # machine name, e.g. "mos", "phash_distance"
    value: float | int | str | None
    threshold: float | int | str | None
    text: str  # for people
    weight: float = 1.0  # order of importance, largest first


class Relation(StrEnum):
    """What the pixels of two photos say of them."""

    SAME_PIXELS = "same-pixels"  # other bytes: metadata, or packed otherwise
    DERIVED = "derived"  # one was made from the other, or both from a third
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a close look at two contents found. Symmetric: `one` sorts before `other`."""

    one: bytes  # content hashes
    other: bytes
    relation: Relation
    likeness: float  # of what both show, in [0, 1]: 1 is the same
    source: bytes | None = None  # of the two the one that is nearer to the camera; None: nothing tells
    reasons: tuple[Reason, ...] = ()  # why it is the source, the strongest first; each text begins with a verb


class GroupKind(StrEnum):
    """How the members of a group are alike."""

    EXACT = "exact"  # the same bytes, or the same pixels with other metadata
    DERIVED = "derived"  # resized, recompressed, edited
    MOMENT = "moment"  # several shots of one moment

    @property
    def text(self) -> str:
        """What the members are, for people."""
        return _GROUP_TEXTS[self]


_GROUP_TEXTS = {
    GroupKind.EXACT: "exact copies",
    GroupKind.DERIVED: "resized or edited copies",
    GroupKind.MOMENT: "shots of one moment",
}


class Action(StrEnum):
    """What a rule proposes or a person decides."""

    KEEP = "keep"
    REVIEW = "review"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class MomentFacts:
    """One frame of a video."""

    seconds: float  # since the beginning
    mos: float  # [0, 1]


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """All that policy may know of one asset: read from the cache and the ledger, no pixels."""

    asset: Asset
    photo: Photo | None = None
    mos: float | None = None  # [0, 1]
    degradations: dict[Degradation, float] = field(default_factory=dict)  # severities
    marks: UserMarks = UserMarks()
    failure: Failure | None = None
    preference: float | None = None  # which shot of one scene people like best: larger is better
    kind: PhotoKind = PhotoKind.UNSURE
    days_old: int | None = None  # of a screenshot: since it was taken, or else since its file was written
    aesthetic: float | None = None  # how much people would like it, in [0, 1]; known where such a scorer was chosen

    moments: tuple[MomentFacts, ...] = ()  # of a video: the frames that were looked at, by time

    @property
    def path(self) -> Path:
        """Where the photo lies."""
        return self.asset.primary.path

    @property
    def worst(self) -> MomentFacts:
        """The worst of the moments, of equals the first; raises ValueError where there are none."""
        return min(self.moments, key=lambda moment: moment.mos)

    @property
    def content(self) -> bytes:
        """The hash of its bytes; empty if they were not read."""
        return self.photo.content_hash if self.photo else b""

    @property
    def untouchable(self) -> str | None:
        """Why it is never proposed by default, or None."""
        if self.asset.role is RootRole.PROTECTED:
            return "lies in a protected folder"
        if self.marks.unknown:
            return "has a sidecar that can't be read and may hold a rating"
        if self.marks.favourite:
            return "is a favourite"
        if self.marks.treasured:
            return f"is rated {self.marks.rating}"
        return None


@dataclass(frozen=True, slots=True)
class SimilarGroup:
    """Photos of which each matches every other; ordered, the keeper first."""

    id: str  # stable: derived from the members' content hashes and paths
    kind: GroupKind
    members: tuple[PhotoFacts, ...]
    keeper_reason: str = ""
    verdicts: tuple[Reason, ...] = ()  # why the keeper beats each member, in their order; the first: the runner-up
    comparisons: tuple[Comparison, ...] = ()  # the close looks at pairs of members, as far as there were any

    @property
    def keeper(self) -> PhotoFacts:
        """The member that stays."""
        return self.members[0]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule suggests for one asset, and why. Changes nothing by itself."""

    facts: PhotoFacts
    action: Action
    rule: str
    sentence: str
    reasons: tuple[Reason, ...] = ()
    group: SimilarGroup | None = None


class DecisionBy(StrEnum):
    """Who decided."""

    USER = "user"
    RULE = "rule"  # a named, bounded rule that the user has turned on


@dataclass(frozen=True, slots=True)
class Decision:
    """The user's word on an asset, remembered for ever."""

    content_hash: bytes
    path: Path
    action: Action
    rule: str
    at: float  # seconds since the epoch
    by: DecisionBy = DecisionBy.USER


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a planned move, with what must still be true of it."""

    identity: FileIdentity
    content_hash: bytes | None  # None for companions, which the scan does not hash
    kind: CompanionKind | None = None  # None: the photo itself


@dataclass(frozen=True, slots=True)
class PlanItem:
    """An asset that will move, whole or not at all."""

    files: tuple[PlannedFile, ...]  # the photo first
    rule: str
    sentence: str
    keeper: PlannedFile | None = None  # must still exist, unchanged and readable, when the move happens

    @property
    def path(self) -> Path:
        """Where the photo lies."""
        return self.files[0].identity.path

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.identity.size for file in self.files)


@dataclass(frozen=True, slots=True)
class TrashPlan:
    """What will be moved, decided and checked; printed by the dry run, carried out by the real one."""

    items: tuple[PlanItem, ...]
    quarantine: Path | None = None  # None: the system's trash

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(item.size for item in self.items)


class MoveState(StrEnum):
    """The life of one file in the journal."""

    PLANNED = "planned"
    MOVING = "moving"  # written before the move begins
    MOVED = "moved"
    SKIPPED = "skipped"  # something changed since the scan; nothing was done
    FAILED = "failed"  # the system refused; nothing was done
    ROLLED_BACK = "rolled-back"  # moved, then put back as the asset could not move whole
    RESTORING = "restoring"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class TrashOutcome:
    """What became of one planned asset."""

    path: Path
    state: MoveState
    reason: str = ""
    size: int = 0
    destinations: tuple[Path | None, ...] = ()  # None where the platform does not tell

"""The nouns of albumclean: frozen values that every room shares. Standard library only, no I/O.

Paths are absolute `pathlib.Path`; on POSIX they may hold bytes that are not UTF-8 as surrogate escapes
(`os.fsdecode`). Times are integers in nanoseconds or seconds since the epoch, as each name says.
"""

from __future__ import annotations

from albumclean.domain.address import ServerAddress
from albumclean.domain.facts import (
    BEYOND_DOUBT,
    Action,
    Comparison,
    GroupKind,
    MomentFacts,
    PhotoFacts,
    Proposal,
    Reason,
    Relation,
    SimilarGroup,
)
from albumclean.domain.files import Asset, Companion, CompanionKind, FileIdentity, Root, RootRole
from albumclean.domain.moves import Decision, DecisionBy, MoveState, PlanItem, PlannedFile, TrashOutcome, TrashPlan
from albumclean.domain.photo import (
    LOSSLESS_FORMATS,
    RAW_FORMATS,
    VIDEO_FORMATS,
    Degradation,
    Extra,
    Failure,
    Photo,
    PhotoKind,
    Shot,
    Stage,
    UserMarks,
)
from albumclean.domain.scores import (
    NATIVE,
    AnyInput,
    CropInput,
    Embedding,
    Fingerprint,
    FrameScore,
    InputSpec,
    NativeInput,
    PaddedInput,
    PatchSpec,
    Says,
    Score,
    ScorerSpec,
    ShortSideInput,
    SquareInput,
)
from albumclean.domain.turn import AS_IT_LIES, Turn

__all__ = [
    "AS_IT_LIES",
    "BEYOND_DOUBT",
    "LOSSLESS_FORMATS",
    "NATIVE",
    "RAW_FORMATS",
    "VIDEO_FORMATS",
    "Action",
    "AnyInput",
    "Asset",
    "Companion",
    "CompanionKind",
    "Comparison",
    "CropInput",
    "Decision",
    "DecisionBy",
    "Degradation",
    "Embedding",
    "Extra",
    "Failure",
    "FileIdentity",
    "Fingerprint",
    "FrameScore",
    "GroupKind",
    "InputSpec",
    "MomentFacts",
    "MoveState",
    "NativeInput",
    "PaddedInput",
    "PatchSpec",
    "Photo",
    "PhotoFacts",
    "PhotoKind",
    "PlanItem",
    "PlannedFile",
    "Proposal",
    "Reason",
    "Relation",
    "Root",
    "RootRole",
    "Says",
    "Score",
    "ScorerSpec",
    "ServerAddress",
    "ShortSideInput",
    "Shot",
    "SimilarGroup",
    "SquareInput",
    "Stage",
    "TrashOutcome",
    "TrashPlan",
    "Turn",
    "UserMarks",
]

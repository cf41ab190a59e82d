"""How good the picture is."""

from __future__ import annotations

from albumclean.domain import Degradation, GroupKind, PhotoFacts
from albumclean.similar.criteria.criterion import Context, Criterion, banded, each
from albumclean.similar.criteria.origin import pixel_words, pixels

_BLUR_MARGIN = 0.1  # of severity


def _score_margin(context: Context) -> float:
    settings = context.settings
    return settings.moment_margin if context.kind is GroupKind.MOMENT else settings.mos_margin


def _score_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    return f"has the better score ({winner.mos:.2f} against {loser.mos:.2f})"


def _preference_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    return f"is the better shot of the scene ({winner.preference:.2f} against {loser.preference:.2f})"


def _blur(facts: PhotoFacts) -> float | None:
    """How badly the subject is out of focus or smeared, whichever is worse; the judge knows bokeh from blur."""
    known = [facts.degradations.get(kind) for kind in (Degradation.DEFOCUS, Degradation.MOTION)]
    return max((severity for severity in known if severity is not None), default=None)


def _sharpness(facts: PhotoFacts) -> float | None:
    blur = _blur(facts)
    return None if blur is None else -blur


def _sharp_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    return f"is sharper (blur {_blur(winner):.2f} against {_blur(loser):.2f})"


def _aesthetic_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    return f"is the more beautiful one ({winner.aesthetic:.2f} against {loser.aesthetic:.2f})"


CRITERIA = (
    Criterion(
        "preference",
        banded(lambda facts: facts.preference, _score_margin),
        _preference_words,
        lambda facts: facts.preference,
    ),
    Criterion(
        "mos",
        banded(lambda facts: facts.mos, _score_margin),
        _score_words,
        lambda facts: facts.mos,
    ),
    # In no default order: an edit of a photo is often the more beautiful one, and the judge's `preference` knows better
    # which shot of a moment people like (docs/aesthetics.md has the numbers).
    Criterion(
        "aesthetic",
        banded(lambda facts: facts.aesthetic, lambda context: context.settings.aesthetic_margin),
        _aesthetic_words,
        lambda facts: facts.aesthetic,
    ),
    Criterion("sharpness", banded(_sharpness, lambda _: _BLUR_MARGIN), _sharp_words, _blur),
    Criterion("resolution", each(lambda facts: (-pixels(facts),)), pixel_words, pixels),
)

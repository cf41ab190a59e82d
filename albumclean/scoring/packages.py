"""Scorers of other packages, by entry points in the group `albumclean.scorers`.

Such a package is a program of somebody else, and runs with the user's rights: it is imported when its scorer is chosen,
never for a list. What it gets wrong costs a clear error that names it, or single photos their scores; its scores count
only if the user chooses it, and no rule asks it for anything else. docs/scorers.md tells how to write one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import TYPE_CHECKING, Any, Final

from albumclean.domain import ScorerSpec
from albumclean.errors import AlbumcleanError, ScorerBroken
from albumclean.scoring import registry
from albumclean.scoring.scorer import Scorer
from albumclean.words import shown

if TYPE_CHECKING:
    from torch import nn

GROUP: Final = "albumclean.scorers"

_LONGEST: Final = 300  # characters of what an error of another package says


@dataclass(frozen=True, slots=True)
class Offer:
    """A scorer that an installed package announces. Nothing of the package has been imported."""

    name: str
    package: str  # as pip knows it
    version: str
    entry: EntryPoint = field(repr=False)
    trouble: str = ""  # why it can't be chosen, as far as that shows without importing it

    def broken(self, detail: str) -> ScorerBroken:
        """The error that names it."""
        return ScorerBroken(name=shown(self.name), package=shown(self.package), detail=detail)


class Packages:
    """Installed packages that offer scorers."""

    def __init__(self, path: Sequence[str] | None = None) -> None:
        """`path`: the folders in which packages are looked for; None: those in which Python looks."""
        self._path = None if path is None else list(path)

    def offers(self) -> tuple[Offer, ...]:
        """All that is announced, by name and package; imports nothing."""
        found: dict[tuple[str, str], Offer] = {}
        for package in distributions() if self._path is None else distributions(path=self._path):
            for offer in _announced_by(package):
                found.setdefault((offer.name, offer.package), offer)  # as for imports, the first on the path counts
        packages: dict[str, list[str]] = {}
        for name, package_name in sorted(found):
            packages.setdefault(name, []).append(package_name)
        return tuple(
            Offer(each.name, each.package, each.version, each.entry, _trouble(each.name, packages[each.name]))
            for _, each in sorted(found.items(), key=lambda item: item[0])
        )

    def names(self) -> Sequence[str]:
        """Of all scorers that packages announce, sorted; imports nothing."""
        return sorted({offer.name for offer in self.offers()})

    def find(self, name: str) -> Scorer | None:
        """The scorer with this name; of all packages, only its own is imported.

        Raises ScorerBroken if the package can't be imported, the scorer is none, or the name is not its own.
        """
        offer = next((each for each in self.offers() if each.name == name), None)
        if offer is None:
            return None
        if offer.trouble:
            raise offer.broken(offer.trouble)
        return _loaded(offer)


@dataclass(frozen=True, slots=True)
class _Packaged:
    """A `Scorer` of another package, held to its contract."""

    spec: ScorerSpec  # as it was when it was checked
    offer: Offer
    scorer: Any  # of the package: a `Scorer`, if it keeps its word

    def load(self) -> nn.Module:
        """Raises ScorerBroken whatever goes wrong. Takes as long as the package takes, which may fetch its weights."""
        from albumclean.scoring.nets.guarded import Guarded

        try:
            return Guarded(self.scorer.load(), self.spec, self.offer.broken)
        except ScorerBroken:
            raise
        except (Exception, SystemExit) as error:  # the trust boundary: other people's code
            raise self.offer.broken(f"its model can't be loaded: {_said(error)}") from error


def _announced_by(package: Distribution) -> list[Offer]:
    try:
        entries = [entry for entry in package.entry_points if entry.group == GROUP]
        return [Offer(entry.name, package.name, package.version, entry) for entry in entries]
    except Exception:  # noqa: BLE001 - metadata of any installed package, which may be damaged: it announces nothing
        return []


def _trouble(name: str, packages: Sequence[str]) -> str:
    if name in registry.names():
        return "its name is that of a scorer that comes with albumclean; the package has to choose another."
    if len(packages) > 1:
        return f"several packages have one of this name ({', '.join(map(shown, packages))}); uninstall all but one."
    return ""


def _loaded(offer: Offer) -> _Packaged:
    try:
        found = offer.entry.load()
        if isinstance(found, type) or not (hasattr(found, "spec") and hasattr(found, "load")):
            if not callable(found):
                raise offer.broken(f"{shown(offer.entry.value)} is neither a scorer nor a function that gives one.")
            found = found()
        spec = found.spec
    except ScorerBroken:
        raise
    except (Exception, SystemExit) as error:  # the trust boundary: other people's code
        raise offer.broken(f"importing it failed: {_said(error)}") from error
    if not callable(getattr(found, "load", None)):
        raise offer.broken("it has no method `load`.")
    from albumclean.scoring.contract import flaw_of  # numpy: only where a package has a scorer

    if flaw := flaw_of(spec):
        raise offer.broken(flaw)
    if spec.name != offer.name:
        raise offer.broken(f"it is announced by this name, but calls itself {shown(spec.name)!r}.")
    if spec.reads or spec.embedding:
        raise offer.broken("only scorers that come with albumclean may read another one or give embeddings.")
    return _Packaged(spec, offer, found)


def _said(error: BaseException) -> str:
    """One line that is safe to print."""
    text = str(error) if isinstance(error, AlbumcleanError) else f"{type(error).__name__}: {error}"
    line = shown(" ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

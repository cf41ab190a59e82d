"""Scorers of other packages: found without being imported, held to the contract, and never more than their scores."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from albumclean.cli.main import main
from albumclean.config import Settings
from albumclean.domain import (
    CropInput,
    Failure,
    InputSpec,
    NativeInput,
    PaddedInput,
    PatchSpec,
    Says,
    ScorerSpec,
    ShortSideInput,
    SquareInput,
    Stage,
)
from albumclean.engines.judge import judge_files, judge_images
from albumclean.errors import ContractBroken, ScorerBroken
from albumclean.scoring import registry
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.collection import Scorers
from albumclean.scoring.contract import check, flaw_of, made_picture
from albumclean.scoring.nets import guarded
from albumclean.scoring.packages import Packages
from albumclean.scoring.registry import Shipped
from albumclean.scoring.scorer import Scorer
from tests.installed import installing
from tests.pictures import save, scene

EXAMPLE = Path(__file__).parents[1] / "docs" / "example-scorer"

# A package's module: it notes which process imports it, and its scorer says how bright a picture is.
MODULE = """
import json
import os
from pathlib import Path
from albumclean.domain import ScorerSpec, SquareInput

with Path(__file__).with_name("imported").open("a") as file:
    file.write(f"{os.getpid()}\\n")

class Bright:
    spec = ScorerSpec(name="bright", revision="1", quantities=("level",), value_range=(0.0, 255.0), licence="none",
                      summary="Brightness.", input=SquareInput(side=32))

    def load(self):
        import torch

        class Network(torch.nn.Module):
            def forward(self, whole, patches):
                level = whole.float().mean(dim=(1, 2, 3))[:, None]
                return level, level.new_empty((len(level), 0))

        return Network().eval()

an_object = Bright()
def a_function():
    return Bright()
"""

SPEC = ScorerSpec(
    name="made",
    revision="1",
    quantities=("level", "spread"),
    value_range=(0.0, 255.0),
    licence="none",
    summary="Brightness.",
    input=SquareInput(side=32),
)


class Level(nn.Module):
    """The brightness and its spread, from the pixels alone."""

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        pixels = whole.float()
        values = torch.stack((pixels.mean(dim=(1, 2, 3)), pixels.std(dim=(1, 2, 3))), dim=1)
        return values, values.new_empty((len(values), 0))


class Made:
    """A scorer with a network of the test."""

    def __init__(self, network: nn.Module | None = None, spec: ScorerSpec = SPEC) -> None:
        self.spec = spec
        self.network = network or Level()
        self.network.eval()

    def load(self) -> nn.Module:
        return self.network


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Bring a package as pip would. Gives the file that tells of imports."""
    with installing(tmp_path / "site", monkeypatch) as bring:
        yield lambda package, code=MODULE, **entries: bring(package, code, entries)


def scored(scorer: Scorer, *levels: int, batch: int = 4) -> list[float | None]:
    """What it says of grey pictures, by the way that all pictures take; None for no score."""
    grey = (Image.new("RGB", (64, 64), (level, level, level)) for level in levels)
    name = scorer.spec.quantities[0]
    return [said.get(name) for said in judge_images(grey, "cpu", batch, scorer)]


def found(name: str) -> Scorer:
    scorer = Packages().find(name)
    assert scorer is not None
    return scorer


def guarded_as(network: nn.Module, spec: ScorerSpec = SPEC) -> Scorer:
    """What becomes of this network if a package brings it."""

    class Held:
        def __init__(self) -> None:
            self.spec = spec

        def load(self) -> nn.Module:
            return guarded.Guarded(
                network, spec, lambda detail: ScorerBroken(name="made", package="pip", detail=detail)
            )

    return Held()


# --- finding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ["Bright", "an_object", "a_function"])
def test_a_class_an_object_and_a_function_can_stand_for_a_scorer(attribute: str, install: Install) -> None:
    install("some-package", bright=attribute)
    assert [pytest.approx(10), pytest.approx(200)] == scored(found("bright"), 10, 200)


def test_a_list_of_scorers_imports_none_of_them(install: Install) -> None:
    imported = install("some-package", bright="Bright", other="Bright")
    assert {"bright", "other"} <= set(Packages().names())
    assert [("bright", "some-package", "1.0", ""), ("other", "some-package", "1.0", "")] == [
        (offer.name, offer.package, offer.version, offer.trouble) for offer in Packages().offers()
    ]
    Scorers(Packages()).find(registry.JUDGE)
    assert Packages().find("unknown") is None
    assert not imported.exists()


def test_only_the_chosen_package_is_imported_and_only_where_its_network_runs(install: Install, album: Path) -> None:
    chosen, other = install("one-package", bright="Bright"), install("two-package", dark="Bright")
    paths = [save(Image.new("RGB", (64, 64), (9 * n, 9 * n, 9 * n)), album / f"{n}.png") for n in range(6)]
    scorers = (registry.shipped(registry.JUDGE), found("bright"))
    said = dict(judge_files(paths, scorers=scorers, settings=Settings(), device="cpu", workers=2))
    for n, path in enumerate(paths):
        values = said[path]
        assert not isinstance(values, Failure)
        assert 9 * n == pytest.approx(values["bright", "level"])
        assert 0 < values["judge", "mos"] < 1
    assert [str(os.getpid())] == chosen.read_text().split()  # the decoding processes have not
    assert not other.exists()


def test_the_name_of_a_shipped_scorer_stays_its_own(install: Install) -> None:
    imported = install("impostor", judge="Bright")
    assert isinstance(Scorers(Packages()).find("judge"), Shipped)
    with pytest.raises(ScorerBroken, match=r"judge of the package impostor .* comes with albumclean"):
        Packages().find("judge")
    assert not imported.exists()


def test_two_packages_with_one_name_are_both_named_and_neither_is_taken(install: Install) -> None:
    imported = [install(f"{word}-package", bright="Bright") for word in ("one", "two")]
    with pytest.raises(ScorerBroken, match=r"\(one-package, two-package\); uninstall all but one"):
        Packages().find("bright")
    assert not any(path.exists() for path in imported)


def test_a_package_that_is_there_twice_counts_once(install: Install, tmp_path: Path) -> None:
    install("some-package", bright="Bright")
    again = [str(tmp_path / "site"), str(tmp_path / "site")]
    assert ["bright"] == [offer.name for offer in Packages(again).offers()]


@pytest.mark.parametrize("text", [b"[albumclean.scorers]\nno equals sign\n", b"\xff\xfe[albumclean", b"= \n[x"])
def test_damaged_metadata_of_one_package_hides_no_other(text: bytes, install: Install, tmp_path: Path) -> None:
    install("some-package", bright="Bright")
    install("odd-package")
    (tmp_path / "site" / "odd_package-1.0.dist-info" / "entry_points.txt").write_bytes(text)
    assert "bright" in Packages().names()


# --- what can't be used --------------------------------------------------------------------------------------------

BROKEN = {
    "an import that fails": ("import no_such_module", "an_object", "importing it failed: ModuleNotFoundError"),
    "a program that ends": ("raise SystemExit(3)", "an_object", "importing it failed: SystemExit"),
    "no such name": ("", "an_object", "importing it failed: AttributeError"),
    "no scorer": ("an_object = 3", "an_object", "neither a scorer nor a function"),
    "a function that fails": ("def make():\n    1 / 0", "make", "importing it failed: ZeroDivisionError"),
    "a function that gives none": ("def make():\n    pass", "make", "importing it failed: AttributeError"),
    "a spec of its own": ("class S:\n    spec = {}\n    load = print", "S", "no albumclean.domain.ScorerSpec"),
    "another name": (MODULE.replace('"bright"', '"dark"'), "Bright", "calls itself 'dark'"),
    "no load": (MODULE.replace("def load", "def lead"), "Bright", "importing it failed|no method `load`"),
    "an embedding": (
        MODULE.replace('revision="1",', 'revision="1", embedding=3,'), "Bright", "or give embeddings",
    ),
    "a head": (MODULE.replace('revision="1",', 'revision="1", reads="judge",'), "Bright", "may read another one"),
    "no quantities": (MODULE.replace('("level",)', "()"), "Bright", "at least one"),
    "a line for the terminal": ("raise ValueError('\\x1b[2J')", "S", "importing it failed: ValueError"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_scorer_that_can_not_be_used_is_told_with_its_package(case: str, install: Install) -> None:
    code, attribute, words = BROKEN[case]
    install("some-package", code, bright=attribute)
    with pytest.raises(
        ScorerBroken, match=rf"The scorer bright of the package some-package can't be used: .*({words})"
    ) as told:
        Packages().find("bright")
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    ("code", "words"), [("raise OSError('no net')", "OSError: no net"), ("return 3", "no torch.nn.Module")]
)
def test_a_model_that_can_not_be_loaded_is_told(code: str, words: str, install: Install) -> None:
    install("some-package", MODULE.replace("import torch\n", f"{code}\n        import torch\n"), bright="Bright")
    with pytest.raises(ScorerBroken, match=f"package some-package .*{words}"):
        scored(found("bright"), 1)


class Answers(nn.Module):
    """A network that gives what the test says."""

    def __init__(self, answer: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, whole: Tensor, patches: Tensor) -> object:
        return self.answer(whole)


def level(whole: Tensor) -> Tensor:
    return whole.float().mean(dim=(1, 2, 3))[:, None].repeat(1, 2)


def raising(whole: Tensor) -> object:
    raise KeyError("layer")


WRONG: dict[str, tuple[Callable[[Tensor], object], str]] = {
    "values alone": (level, "does not give a pair"),
    "one value for all": (lambda whole: (level(whole)[:1], torch.empty(1, 0)), r"shape \(1, 2\) where \(2, 2\)"),
    "a value too many": (
        lambda whole: (level(whole).repeat(1, 2), torch.empty(2, 0)),
        r"shape \(2, 4\) where \(2, 2\)",
    ),
    "an array": (lambda whole: (level(whole).numpy(), None), "no tensor of floating-point"),
    "whole numbers": (lambda whole: (level(whole).long(), None), "no tensor of floating-point"),
    "an error": (raising, "fails on every picture: KeyError: 'layer'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_is_an_error_and_never_a_score(case: str) -> None:
    answer, words = WRONG[case]
    with pytest.raises(ScorerBroken, match=words):
        scored(guarded_as(Answers(answer)), 1, 2, batch=2)


def test_a_network_that_does_not_come_back_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "PATIENCE", 0.05)
    gate = threading.Event()
    with pytest.raises(ScorerBroken, match=r"did not answer within 0\.05 seconds"):
        scored(guarded_as(Answers(lambda whole: gate.wait(20))), 1)
    gate.set()


def test_a_picture_that_the_network_fails_on_costs_no_other_its_score() -> None:
    def picky(whole: Tensor) -> object:
        if (level(whole)[:, 0] > 240).any():
            raise ValueError("too bright")
        return level(whole), torch.empty(len(whole), 0)

    assert [1, 2, None, 3, None] == scored(guarded_as(Answers(picky)), 1, 2, 250, 3, 251, batch=4)


def test_what_is_not_finite_is_no_score() -> None:
    def odd(whole: Tensor) -> object:
        values = level(whole)
        return torch.where(values > 240, torch.inf, torch.where(values > 200, torch.nan, values)), None

    assert [1, None, None] == scored(guarded_as(Answers(odd)), 1, 210, 250)


def test_a_photo_without_any_score_is_a_failure_with_its_name(album: Path) -> None:
    path, fine = (save(Image.new("RGB", (64, 64), colour), album / f"{colour}.png") for colour in ("white", "grey"))

    def odd(whole: Tensor) -> object:
        return level(whole) / (level(whole) < 240), None

    made = guarded_as(Answers(odd))
    said = dict(judge_files([path, fine], scorers=[made], settings=Settings(), device="cpu", workers=1))
    assert Failure(path, Stage.SCORE, "the model gave no usable score for it") == said[path]
    assert {("made", "level"), ("made", "spread")} == set(said[fine])  # type: ignore[arg-type]


def test_a_network_that_was_left_in_training_is_put_right() -> None:
    class Noisy(Level):
        def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
            values, none = super().forward(whole, patches)
            return nn.functional.dropout(values, 0.5, self.training), none

    assert [1, 2, 3] == scored(guarded_as(Noisy().train()), 1, 2, 3)


def test_embeddings_of_a_package_are_never_taken() -> None:
    """Look-alikes are found by the judge's; another's in their place would group the wrong photos."""
    network = guarded_as(Answers(lambda whole: (level(whole), torch.ones(len(whole), 128))))
    from albumclean.media.view import network_view

    seen = NetworkBatches(network, "cpu", 1).add(b"x", network_view(scene(1), SPEC.input))
    assert (2, []) == (len(seen.scores), seen.embeddings)


# --- the contract, for authors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.names())
def test_every_shipped_scorer_keeps_the_contract(name: str) -> None:
    check(registry.shipped(name))


@pytest.mark.parametrize(
    "seen",
    [
        SquareInput(side=16),
        PaddedInput(box=(64, 48)),
        ShortSideInput(side=40),
        CropInput(cover=(96, 54), crop=(64, 36)),
        NativeInput(least=2000, short_side=40, most=9000),
        InputSpec(area=64 * 64, patches=PatchSpec(count=2, side=16)),
    ],
    ids=lambda seen: type(seen).__name__,
)
def test_a_sound_scorer_keeps_the_contract_whatever_it_sees(seen: object) -> None:
    check(Made(spec=replace(SPEC, input=seen)))  # type: ignore[arg-type]


def by_call() -> Callable[[Tensor], object]:
    calls = 0

    def answer(whole: Tensor) -> object:
        nonlocal calls
        calls += 1
        return level(whole) / 2 + calls, torch.empty(len(whole), 0)

    return answer


def painting(whole: Tensor) -> object:
    said = level(whole)
    whole[:, 0, 0] = 0
    return said, torch.empty(len(whole), 0)


def raising_on_small(whole: Tensor) -> object:
    if whole.shape[1] < 100:
        raise ValueError("too small")
    return level(whole), torch.empty(len(whole), 0)


def none(whole: Tensor) -> Tensor:
    return torch.empty(len(whole), 0)


BREACHES: dict[str, tuple[Callable[[Tensor], object], str]] = {
    "chance": (by_call(), "two different values when it was asked twice"),
    "beyond the range": (lambda whole: (level(whole) + 200, none(whole)), "not within the range of 0 to 255"),
    "by its neighbours": (
        lambda whole: (level(whole).mean(0, keepdim=True).expand(len(whole), 2), none(whole)), "beside a second one",
    ),
    "no number": (lambda whole: (level(whole) * torch.nan, none(whole)), "not finite"),
    "double precision": (lambda whole: (level(whole).double(), none(whole)), "float64 .* where float32"),
    "an embedding": (lambda whole: (level(whole), torch.ones(len(whole), 5)), r"embeddings of .* \(1, 5\)"),
    "pixels changed": (painting, "changes the pictures"),
    "small ones": (raising_on_small, "raises on a picture of 97 x 61 pixels: ValueError: too small"),
}  # fmt: skip


@pytest.mark.parametrize("case", BREACHES)
def test_the_check_finds_each_breach_and_says_it_in_a_sentence(case: str) -> None:
    answer, words = BREACHES[case]
    native = replace(SPEC, input=NativeInput(least=1, short_side=1, most=10_000_000))
    with pytest.raises(ContractBroken, match=f"The scorer made breaks the contract of docs/scorers.md: .*{words}"):
        check(Made(Answers(answer), native))


def test_the_check_finds_a_network_in_training() -> None:
    scorer = Made()
    scorer.network.train()
    with pytest.raises(ContractBroken, match="eval"):
        check(scorer)


class Mine(ScorerSpec):
    """A spec that the decoding processes would have to import its author's code for."""


FLAWS = [
    (None, "no albumclean.domain.ScorerSpec"),
    (Mine(**{field: getattr(SPEC, field) for field in ScorerSpec.__slots__}), "no albumclean.domain.ScorerSpec"),
    (replace(SPEC, name="a:b"), "is no name for a scorer"),
    (replace(SPEC, name="../x"), "is no name for a scorer"),
    (replace(SPEC, revision=" "), "has no revision"),
    (replace(SPEC, licence=""), "has no licence"),
    (replace(SPEC, quantities=()), "at least one"),
    (replace(SPEC, quantities=("a", "a")), "none twice"),
    (replace(SPEC, quantities="ab"), "must be a tuple"),  # type: ignore[arg-type]
    (replace(SPEC, quantities=("a\x1b",)), "plain names"),
    (replace(SPEC, quantities=tuple(f"q{number}" for number in range(61))), "at most 60"),
    (replace(SPEC, value_range=(1.0, 1.0)), "the lower one first"),
    (replace(SPEC, value_range=(0.0, float("inf"))), "the lower one first"),
    (replace(SPEC, value_range=(1.0,)), "another type"),  # type: ignore[arg-type]
    (replace(SPEC, says="quality"), "Says"),  # type: ignore[arg-type]
    (replace(SPEC, min_short_side=None), "another type"),  # type: ignore[arg-type]
    (replace(SPEC, input=(224, 224)), "must be one of InputSpec, "),  # type: ignore[arg-type]
    (replace(SPEC, input=SquareInput(side=0)), "1 or more"),
    (replace(SPEC, input=SquareInput(side=10_000)), "40 megapixels"),
    (replace(SPEC, input=CropInput(cover=(10, 10), crop=(20, 5))), "crops more than it covers"),
    (replace(SPEC, summary=lambda: None), "pickled|no summary"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("spec", "words"), FLAWS)
def test_an_unsound_spec_is_told_in_a_sentence(spec: ScorerSpec, words: str) -> None:
    assert flaw_of(SPEC) is None
    assert re.search(words, flaw_of(spec) or "")


def test_made_pictures_are_always_the_same() -> None:
    assert made_picture(40, 30).tobytes() == made_picture(40, 30).tobytes()
    assert made_picture(40, 30).tobytes() != made_picture(40, 30, seed=1).tobytes()
    assert np.asarray(made_picture(300, 200)).std() > 20


# --- the example ---------------------------------------------------------------------------------------------------

# The real pyiqa is no dependency, and fetches its weights from a hub: this stands for it, with its table's form.
PYIQA = """
    import torch
    from pathlib import Path
    Path(__file__).with_name("imported").touch()

    class Metric(torch.nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, picture):
            assert picture.shape[:2] == (1, 3) and 0 <= picture.min() and picture.max() <= 1
            noise = torch.rand(()) / 10
            return 90 * picture.mean() + noise

    def create_metric(name, device):
        if name == "niqe":
            raise OSError("the hub does not answer")
        return Metric(name)
"""
TABLE = """
from collections import OrderedDict
DEFAULT_CONFIGS = OrderedDict({
    "brisque": {"metric_mode": "NR", "lower_better": True, "score_range": "~0, ~150"},
    "musiq": {"metric_mode": "NR", "score_range": "~0, ~100"},
    "niqe": {"metric_mode": "NR", "lower_better": True, "score_range": "~0, ~100"},
    "topiq_iaa": {"metric_mode": "NR", "score_range": "1, 10"},
    "dbcnn": {"metric_mode": "NR", "score_range": "~0, ~"},
    "hyperiqa": {"metric_mode": "FR", "score_range": "0, 1"},
})
"""


@pytest.fixture
def example(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example package as pip would have installed it, and a pyiqa that is made up. Gives that one's import mark."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    entries = project["entry-points"]["albumclean.scorers"]
    facts = tmp_path / "site" / "albumclean_pyiqa-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"{name} = {value}" for name, value in entries.items()]
    (facts / "entry_points.txt").write_text("\n".join(["[albumclean.scorers]", *lines]))
    monkeypatch.syspath_prepend(str(EXAMPLE / "src"))
    for module in ("albumclean_pyiqa", "albumclean_pyiqa.network", "pyiqa"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    mark = install("pyiqa", PYIQA)
    (mark.parent / "default_model_configs.py").write_text(TABLE)
    return mark


def test_the_example_takes_range_and_direction_from_pyiqa_and_imports_it_last(example: Path) -> None:
    names = [name for name in Packages().names() if name.startswith("pyiqa-")]
    assert 12 == len(names)
    brisque, musiq, beauty = (found(f"pyiqa-{name}").spec for name in ("brisque", "musiq", "topiq-iaa"))
    assert ((0.0, 150.0), False, Says.QUALITY) == (brisque.value_range, brisque.rises, brisque.says)
    assert ((0.0, 100.0), True, Says.QUALITY) == (musiq.value_range, musiq.rises, musiq.says)
    assert ((1.0, 10.0), True, Says.BEAUTY) == (beauty.value_range, beauty.rises, beauty.says)
    assert "1-pyiqa-1.0" == musiq.revision  # another pyiqa is another scorer
    assert not example.exists()


def test_the_example_keeps_the_contract(example: Path) -> None:
    check(found("pyiqa-musiq"))
    assert example.exists()


def test_the_example_tells_what_it_lacks(example: Path) -> None:
    for name, words in {
        "pyiqa-maniqa": "has no metric 'maniqa'",
        "pyiqa-dbcnn": "names no range",
        "pyiqa-hyperiqa": "compares a picture with another",
    }.items():
        with pytest.raises(ScorerBroken, match=f"{name} of the package albumclean-pyiqa .*{words}"):
            Packages().find(name)
    with pytest.raises(ScorerBroken, match="the hub does not answer"):
        found("pyiqa-niqe").load()


def test_the_example_without_pyiqa_says_how_to_get_it(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    sys.modules.pop("albumclean_pyiqa", None)
    with pytest.raises(ScorerBroken, match="needs the package pyiqa: pip install pyiqa"):
        Packages().find("pyiqa-musiq")


def test_every_entry_point_of_the_example_is_there() -> None:
    entries = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    code = (EXAMPLE / "src" / "albumclean_pyiqa" / "__init__.py").read_text("utf-8")
    for name, value in entries["albumclean.scorers"].items():
        attribute = value.removeprefix("albumclean_pyiqa:")
        assert f"\n{attribute} = partial(Metric, " in code
        assert name == "pyiqa-" + attribute.replace("_", "-")


def test_no_scorer_of_a_package_is_looked_for_unless_one_is_named() -> None:
    """Start-up stays as fast as it was: metadata of a hundred packages is read only where a name is not known."""
    code = (
        "import sys, importlib.metadata as m; m.distributions = None\n"
        "from albumclean.scoring.opinion import default; default(); sys.exit('torch' in sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
    assert any(distributions())


# --- from the scan to the proposals --------------------------------------------------------------------------------

PICKY = MODULE.replace(
    "return level, level", "level = torch.where(level > 160, torch.nan, level)\n                return level, level"
)


@pytest.fixture
def albumclean(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """The program in this process: (exit code, standard output, and error below it)."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["albumclean", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run


def test_a_photo_without_a_score_of_a_package_keeps_the_judges(
    install: Install, album: Path, albumclean: Callable[..., tuple[int, str]]
) -> None:
    install("some-package", PICKY, bright="Bright")
    dull = save(scene(1), album / "dull.jpg")
    glaring = save(scene(2).point(lambda value: min(255, value + 70)), album / "glaring.jpg")  # too bright for it

    code, said = albumclean("scan", "--scorer", "bright", album)
    assert 1 == code
    assert f"{glaring}: bright gave no usable score for it" in said
    _, said = albumclean("propose", "--scorer", "bright", "--below", "1.0")
    assert (True, False) == (f"{dull}\n" in said, f"{glaring}\n" in said)
    assert "1 photo without a score of bright" in said
    _, said = albumclean("propose", "--below", "1.0")
    assert (True, True) == (f"{dull}\n" in said, f"{glaring}\n" in said)
    code, said = albumclean("scan", album)  # the judge has seen all there is, and nothing has failed for it
    assert 0 == code
    assert "2 unchanged" in said


def test_a_package_that_fails_ends_the_scan_with_its_name_and_keeps_what_was_done(
    install: Install, album: Path, albumclean: Callable[..., tuple[int, str]]
) -> None:
    install("some-package", MODULE.replace("level = whole", "level = nothing"), bright="Bright")
    save(scene(1), album / "a.jpg")
    code, said = albumclean("scan", "--scorer", "bright", album)
    assert 3 == code
    assert "The scorer bright of the package some-package can't be used: its network fails on every picture" in said
    assert "NameError" in said
    assert "Traceback" not in said
    assert 0 == albumclean("scan", album)[0]

"""Promises of beauty: published networks give their authors' numbers, and beauty chooses among copies and sorts lists.

It is never a reason to trash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms
from typer.testing import CliRunner

from albumclean.catalogue import Catalogue
from albumclean.cli.main import app
from albumclean.cli.ordering import Sort, in_order
from albumclean.config import Locations, Settings, SimilarSettings
from albumclean.domain import (
    Action,
    Asset,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    PhotoKind,
    Proposal,
    Says,
    Score,
    SimilarGroup,
    SquareInput,
    UserMarks,
)
from albumclean.errors import UsageError
from albumclean.media.published import squeezed
from albumclean.media.reading import content_hash
from albumclean.policy.engine import propose
from albumclean.report.proposals import CSV_HEADER, csv_row, to_json
from albumclean.review.course import Course
from albumclean.review.session import ReviewSession, questions
from albumclean.review.terminal.faces import details
from albumclean.review.web.choice import Choice, Filter, Order
from albumclean.review.web.choice import Sort as PageSort
from albumclean.scoring.checkpoints import read_weights
from albumclean.scoring.collection import Scorers
from albumclean.scoring.library import RECORD, Record
from albumclean.scoring.nets.filled import filled
from albumclean.scoring.nets.nima import Nima
from albumclean.scoring.nets.tanet import TANet
from albumclean.scoring.variants import NotRecognised, recognised, variant, variants
from albumclean.similar.criteria.registry import DEFAULT_ORDERS
from albumclean.similar.fingerprint import REVISION, fingerprint
from albumclean.similar.keeper import rank, verdicts
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.unattended.registry import all_rules as all_auto_rules
from benchmarks.nima import (
    graph_of_2_1_6,
    graph_of_today,
    made_pictures,
    moments_by_albumclean,
    moments_by_idealo,
    shares_by_keras,
)
from tests.facts import low_quality, photo
from tests.made_weights import made_weights
from tests.pictures import save, scene

Graph = Any  # a keras.Model
BAR = 1e-4
# Keras turns tensors of PyTorch into arrays in a way that NumPy 2 is about to stop.
OLD_WAYS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


# --- NIMA and Keras -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Keras on PyTorch, its settings in a folder of ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        yield pytest.importorskip("keras")


def saved(graph: Graph, file: Path) -> Path:
    """The graph's file, written by Keras, with random weights and statistics."""
    rng = np.random.default_rng(7)
    for layer in graph.layers:
        found = [rng.standard_normal(each.shape).astype(np.float32) for each in layer.weights]
        if layer.name.endswith("_bn"):  # gamma, beta, mean, variance
            found = [1 + np.abs(found[0]) / 5, found[1] / 5, found[2] / 5, 0.7 + np.abs(found[3]) / 5]
        elif found:
            found[0] /= np.sqrt(np.prod(found[0].shape) / max(found[0].shape[-1], found[0].shape[-2]) / 1.6)
        layer.set_weights(found)
    graph.save(file)
    return file


@pytest.fixture(scope="module")
def files(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Graph, Path]]:
    """A graph and its file, by the variant that it is: as Keras 2.1.6 builds it, and as today's does."""
    folder = tmp_path_factory.mktemp("files")
    graphs = {"nima-aesthetic": graph_of_2_1_6(), "nima-keras": graph_of_today()}
    return {name: (graph, saved(graph, folder / f"{name}.h5")) for name, graph in graphs.items()}


@OLD_WAYS
@pytest.mark.parametrize("name", ["nima-aesthetic", "nima-keras"])
def test_nima_gives_what_the_keras_graph_gives_from_a_file_that_keras_wrote(
    name: str, files: dict[str, tuple[Graph, Path]], tmp_path: Path
) -> None:
    graph, file = files[name]
    assert name == recognised(read_weights(file)).variant.name
    paths = list(made_pictures(tmp_path, 4))
    theirs = moments_by_idealo(shares_by_keras(graph, paths))
    ours = moments_by_albumclean(file, paths)
    assert 0.01 < np.ptp(theirs[:, 0])  # the pictures are told apart
    assert 0 < theirs[:, 1].min()
    assert 0 == np.count_nonzero(np.abs(theirs - ours) > BAR)


@OLD_WAYS
def test_how_a_file_of_keras_pads_is_told_and_not_to_be_overruled(files: dict[str, tuple[Graph, Path]]) -> None:
    (_, old), (_, new) = files.values()
    assert "nima-technical" == recognised(read_weights(old), "nima-technical").variant.name
    for file, other in ((old, "nima-keras"), (new, "nima-aesthetic"), (new, "nima-technical")):
        with pytest.raises(NotRecognised):
            recognised(read_weights(file), other)


def test_the_two_ways_to_pad_are_not_the_same() -> None:
    one, other = Nima(), Nima(one_sided=True)
    state = made_weights(one)
    views = torch.from_numpy(np.stack([squeezed(scene(seed), SquareInput(224)) for seed in range(2)]))
    with torch.inference_mode():
        values = [filled(lambda net=net: net, state)(views, views)[0] for net in (one, other)]  # type: ignore[misc]
    assert not torch.allclose(values[0], values[1], atol=1e-3)


def test_pictures_are_squeezed_as_keras_does_it(keras: Any, tmp_path: Path) -> None:
    from keras.utils import load_img

    for path in made_pictures(tmp_path, 5, seed=3):
        with Image.open(path) as image:
            ours = squeezed(image.convert("RGB"), SquareInput(224))
        assert np.array_equal(np.asarray(load_img(path, target_size=(224, 224))), ours)


# --- networks of PyTorch --------------------------------------------------------------------------------------------

VIEWED = ((1, 320, 240), (2, 150, 400), (3, 224, 224))  # seed and size of the pictures below


def views() -> Tensor:
    """As nima.pytorch and TANet see them."""
    return torch.from_numpy(np.stack([squeezed(scene(*each), SquareInput(224, smooth=True)) for each in VIEWED]))


def with_made_weights(network: nn.Module) -> nn.Module:
    return filled(lambda: network, made_weights(network))


# What the authors' own modules give, one picture at a time, with `made_weights` and the authors' own transforms.
# TANet: `code/TAD66K/train_nni.py` at da7aebdb; nima.pytorch: `nima/model.py` at 85ae11bc and, with the MobileNetV2,
# `nima/mobile_net_v2.py` at 8716ac7e.
AUTHORS = {
    "tanet": ((0.5400446,), (0.5352064,), (0.5390071,)),
    "nima-mobilenetv2": ((5.997887, 0.107736), (5.998079, 0.108149), (5.998419, 0.103836)),
    "nima-resnet18": ((5.932997, 2.784767), (5.880474, 2.789936), (5.875034, 2.766257)),
}


@pytest.mark.parametrize("name", AUTHORS)
def test_a_network_gives_the_numbers_of_its_authors_code_alone_and_in_a_batch(name: str) -> None:
    found = variant(name)
    network = with_made_weights(found.network())
    pictures = views()
    with torch.inference_mode():
        single = torch.cat([network(view[None], view[None])[0] for view in pictures])
        batch, embeddings = network(pictures, pictures)
    expected = torch.tensor(AUTHORS[name])
    assert torch.allclose(expected, single, rtol=0, atol=1e-5)
    assert torch.allclose(single, batch, rtol=0, atol=1e-5)
    assert (len(found.quantities), 0) == (batch.shape[1], embeddings.shape[1])


OF_KERAS = {"nima-aesthetic", "nima-keras"}
OF_PYTORCH = [each.name for each in variants() if each.says is Says.BEAUTY and each.name not in OF_KERAS]


@pytest.mark.parametrize("name", OF_PYTORCH)
def test_a_network_of_beauty_is_known_by_its_weights(name: str) -> None:
    found = variant(name)
    with torch.device("meta"):
        state = found.network().state_dict()
    assert name == recognised(state).variant.name


def test_pictures_are_squeezed_as_torchvision_does_it() -> None:
    resize = transforms.Resize((224, 224))
    for seed, (width, height) in enumerate(((640, 480), (91, 700), (223, 225), (224, 224), (41, 41), (1800, 300))):
        picture = scene(seed, width, height)
        assert np.array_equal(np.asarray(resize(picture)), squeezed(picture, SquareInput(224, smooth=True)))


def test_the_scene_branch_of_tanet_has_no_say_on_a_single_picture() -> None:
    """In the original it is a softmax over the batch: of one picture it is 1, so that it need not run."""
    network = TANet()
    state = made_weights(network)
    scenes = {name for name in state if name.startswith(("res365_last.", "hypernet.", "tygertnet."))}
    assert 100 < len(scenes) < len(state)
    other = {name: 3 * each + 1 if name in scenes else each for name, each in state.items()}
    pictures = views()
    with torch.inference_mode():
        values = [filled(TANet, each)(pictures, pictures)[0] for each in (state, other)]
        moved = filled(TANet, {**state, "head.2.weight": state["head.2.weight"].roll(10)})(pictures, pictures)[0]
    assert torch.equal(values[0], values[1])
    assert not torch.allclose(values[0], moved, atol=1e-4)


def test_tanet_of_ava_is_refused_as_it_has_no_number_for_a_single_picture() -> None:
    state = made_weights(TANet())
    state["head.2.weight"], state["head.2.bias"] = torch.zeros(10, 30), torch.zeros(10)
    with pytest.raises(NotRecognised, match=r"trained on AVA.*by itself it has none"):
        recognised(state)


# --- which copy stays -----------------------------------------------------------------------------------------------

BEAUTY_FIRST = SimilarSettings(keeper=("aesthetic",))


def like(name: str, aesthetic: float | None, **other: Any) -> PhotoFacts:
    return replace(photo(name), aesthetic=aesthetic, **other)


def keeper(*members: PhotoFacts, settings: SimilarSettings = BEAUTY_FIRST) -> tuple[str, str]:
    ranked, reason = rank(members, settings)
    assert (ranked, reason) == rank(members[::-1], settings)
    return ranked[0].path.name, reason


def test_the_clearly_more_beautiful_one_stays_where_the_user_wants_it() -> None:
    assert ("b.jpg", "is the more beautiful one (0.66 against 0.60)") == keeper(
        like("a.jpg", 0.60), like("b.jpg", 0.66)
    )
    told = verdicts(rank((like("a.jpg", 0.60), like("b.jpg", 0.66)), BEAUTY_FIRST)[0], BEAUTY_FIRST)[1]
    assert ("aesthetic", 0.60, 0.66) == (told.fact, told.value, told.threshold)


@pytest.mark.parametrize("beauty", [(0.60, 0.64), (None, 0.9), (0.1, None), (None, None), (float("nan"), 0.9)])
def test_beauty_that_is_not_known_or_hardly_differs_decides_nothing(beauty: tuple[float | None, float | None]) -> None:
    name, reason = keeper(like("a.jpg", beauty[0]), like("b.jpg", beauty[1]))
    assert "a.jpg" == name  # the first by name
    assert "beautiful" not in reason


def test_how_much_more_beautiful_is_for_the_user_to_say() -> None:
    pair = (like("a.jpg", 0.60), like("b.jpg", 0.66))
    assert "a.jpg" == keeper(*pair, settings=replace(BEAUTY_FIRST, aesthetic_margin=0.1))[0]
    assert "b.jpg" == keeper(*pair, settings=replace(BEAUTY_FIRST, aesthetic_margin=0.01))[0]


def test_beauty_stands_in_no_default_order() -> None:
    assert not [kind for kind, order in DEFAULT_ORDERS.items() if "aesthetic" in order]


# --- never a reason to trash ----------------------------------------------------------------------------------------


class Told(AssertionError):
    """Somebody has asked how beautiful a photo is."""


class Unasked(PhotoFacts):
    """Facts that tell all but their beauty."""

    @property
    def aesthetic(self) -> float | None:
        raise Told

    @aesthetic.setter
    def aesthetic(self, value: float | None) -> None: ...

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unasked) and self.asset == other.asset

    __hash__ = PhotoFacts.__hash__

    @classmethod
    def of(cls, facts: PhotoFacts) -> Unasked:
        return cls(**{each.name: getattr(facts, each.name) for each in fields(facts) if each.name != "aesthetic"})


def everything(make: Callable[[PhotoFacts, int], PhotoFacts]) -> tuple[list[PhotoFacts], list[SimilarGroup]]:
    """Photos of all kinds, good and bad, and a group of each kind, ranked as they come to the rules."""
    singles = [
        make(replace(photo(f"{kind.value}-{mos}.jpg", mos=mos), kind=kind, days_old=900), place)
        for place, (kind, mos) in enumerate((kind, mos) for kind in PhotoKind for mos in (0.05, 0.34, 0.9))
    ]
    groups = []
    for kind in GroupKind:
        content = "same" if kind is GroupKind.EXACT else None
        members = [photo(f"{kind.value}/{name}.jpg", content=content, mos=0.3 + n / 9) for n, name in enumerate("abc")]
        ranked, reason = rank([make(facts, place) for place, facts in enumerate(members)], SimilarSettings(), {}, kind)
        told = verdicts(ranked, SimilarSettings(), {}, kind)
        groups.append(SimilarGroup(kind.value, kind, tuple(ranked), reason, told))
    return singles, groups


def nothing_kept(rule: str) -> frozenset[bytes]:
    return frozenset()


def proposals(singles: list[PhotoFacts], groups: list[SimilarGroup]) -> list[Proposal]:
    settings = replace(Settings(), screenshots=replace(Settings().screenshots, older_than_days=30))
    return list(propose(singles, groups, settings, nothing_kept))


def test_no_rule_and_no_auto_rule_asks_how_beautiful_a_photo_is() -> None:
    found = proposals(*everything(lambda facts, _: Unasked.of(facts)))
    assert {"keep-best", "low-quality", "old-screenshots"} == {each.rule for each in found}
    assert {Action.TRASH, Action.KEEP, Action.REVIEW} == {each.action for each in found}
    for rule in all_auto_rules():
        wanted = [rule.wants(each) for each in found]
        assert any(wanted)
        for proposal in found:
            rule.confirms(proposal, lambda file: bytes(str(file.size), "ascii"))
    with pytest.raises(Told):
        _ = found[0].facts.aesthetic


def test_the_same_is_proposed_however_beautiful_the_photos_are() -> None:
    def told(beauty: Callable[[int], float | None]) -> list[tuple[Path, Action, str, str]]:
        found = proposals(*everything(lambda facts, place: replace(facts, aesthetic=beauty(place))))
        return [(each.facts.path, each.action, each.rule, each.sentence) for each in found]

    unknown = told(lambda _: None)
    for beauty in (lambda _: 0.0, lambda _: 1.0, lambda place: place % 3 / 2, lambda place: None if place % 2 else 0.0):
        assert unknown == told(beauty)


def test_beauty_may_choose_the_keeper_and_still_nothing_more_goes() -> None:
    """What the user's own order moves is only which of the copies stays."""
    settings = replace(Settings(), similar=BEAUTY_FIRST)
    members = [like("a.jpg", 0.2), like("b.jpg", 0.9)]
    for kind in GroupKind:
        going = set()
        for choice in (settings, Settings()):
            ranked, reason = rank(members, choice.similar, {}, kind)
            group = SimilarGroup("g", kind, tuple(ranked), reason, verdicts(ranked, choice.similar, {}, kind))
            going.add(tuple(each.action for each in propose([], [group], choice, nothing_kept)))
        assert 1 == len(going)


# --- sorting and telling --------------------------------------------------------------------------------------------


def single(name: str, mos: float, aesthetic: float | None) -> Proposal:
    return low_quality(replace(photo(name, mos=mos), aesthetic=aesthetic))


def pair(name: str, kept: float | None, goes: float | None) -> list[Proposal]:
    members = (like(f"{name}-kept.jpg", kept), like(f"{name}-goes.jpg", goes))
    group = SimilarGroup(name, GroupKind.DERIVED, members, "has more pixels")
    actions = (Action.KEEP, Action.TRASH)
    return [
        Proposal(each, action, "keep-best", "A copy.", (), group) for each, action in zip(members, actions, strict=True)
    ]


PROPOSED = [
    *pair("x", 0.1, 0.8),
    *pair("y", 0.9, 0.3),
    single("c.jpg", 0.30, 0.5),
    single("a.jpg", 0.20, 0.7),
    single("b.jpg", 0.10, None),
    single("d.jpg", 0.25, 0.2),
]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        (None, "x-kept x-goes y-kept y-goes a b c d"),
        (Sort.FOLDER, "x-kept x-goes y-kept y-goes a b c d"),
        (Sort.SCORE, "x-kept x-goes y-kept y-goes b a d c"),
        (Sort.AESTHETIC, "y-kept y-goes x-kept x-goes d c a b"),
    ],
)
def test_lists_are_sorted_by_what_would_go_and_groups_stay_together(sort: Sort | None, names: str) -> None:
    for proposed in (PROPOSED, [*PROPOSED[4:], *PROPOSED[:4]]):
        assert names.split() == [each.facts.path.stem for each in in_order(proposed, sort)]


def test_the_page_sorts_by_beauty_and_offers_it_only_where_it_is_known() -> None:
    choice = Choice(questions(PROPOSED), lambda _: None)
    for descending, names in ((False, "d y c"), (True, "x a c")):
        found = choice.matching(Filter(), Order(PageSort.AESTHETIC, descending))
        first = [choice.questions[place].members[0].path.stem.removesuffix("-kept") for place in found]
        assert names.split() == first[:3]
        assert "b" == first[-1]  # not known
    assert choice.knows_beauty
    assert not Choice(questions([low_quality(photo("a.jpg"))]), lambda _: None).knows_beauty


def test_beauty_is_told_wherever_the_score_is_and_only_if_it_is_known() -> None:
    for aesthetic, said in ((0.61234567, True), (None, False)):
        proposal = single("a.jpg", 0.2, aesthetic)
        assert (0.612346 if said else None) == to_json(proposal)["aesthetic"]
        assert ("0.6123" if said else "") == csv_row(proposal).split(",")[-1]
        assert said == ("beauty 0.61 of 1" in details(questions([proposal])[0], 0).plain)
    assert "aesthetic" == CSV_HEADER[-1]


@pytest.fixture
def scanned(album: Path, home: Path) -> Iterator[Catalogue]:
    """Four photos as a scan with two scorers leaves them, its values written by hand; the model is only a record."""
    name, known = "mine", variant("nima-mobilenetv2")
    record = Record(known.name, known.revision, "mine.pth", "0", "1", 1, "2026-11-22T00:00:00+00:00", "MIT", (5.0, 1.0))
    models = Locations.from_environment().models
    (models / name).mkdir(parents=True)
    (models / name / RECORD).write_text(record.text, "utf-8")
    judge, kind, mine = (Scorers.of(models).find(each).spec for each in ("judge", "kind", name))
    with Cache.open(home / "cache.sqlite") as cache, Ledger.open(home / "ledger.sqlite") as ledger:
        scan = cache.begin_scan([album])
        for seed, (mos, vote) in enumerate(((0.1, 5.5), (0.3, 2.8), (0.2, 9.1), (0.15, None))):
            path = save(scene(seed), album / f"{seed}.jpg")
            file, digest = FileIdentity.of(path, path.stat()), content_hash(path.read_bytes())
            cache.meet(scan, [(Asset(file), UserMarks())])
            scores = [Score(digest, judge.name, judge.revision, "mos", mos)]
            scores += [
                Score(digest, kind.name, kind.revision, each, float(each == "photo")) for each in kind.quantities
            ]
            if vote is not None:
                scores.append(Score(digest, mine.name, mine.revision, "mean", vote))
            seen = (Photo(digest, 320, 240, "JPEG"), fingerprint(scene(seed), digest), REVISION)
            cache.write(hashes=[(file, digest)], photos=[seen], scores=scores, failures=[])
        yield Catalogue(cache, ledger, Settings())


@pytest.mark.usefixtures("scanned")
def test_propose_and_report_tell_and_sort_by_the_beauty_of_the_chosen_scorer(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(app, list(words))
        assert 0 == result.exit_code, result.output
        return result.stdout

    def told(*words: str) -> list[tuple[str, float | None]]:
        lines = [json.loads(line) for line in run("propose", "--json", *words).splitlines()]
        return [(Path(line["path"]).stem, line["aesthetic"]) for line in lines]

    chosen = ("--scorer", "mine")
    by_beauty = [("1", 0.2), ("0", 0.5), ("2", 0.9), ("3", None)]  # votes of 1 to 10, stretched to [0, 1]
    assert by_beauty == told("--sort", "aesthetic", *chosen)
    assert ["0", "3", "2", "1"] == [name for name, _ in told("--sort", "score", *chosen)]
    assert sorted(by_beauty) == told(*chosen)
    assert [(name, None) for name, _ in sorted(by_beauty)] == told()
    table = run("propose", "--sort", "aesthetic", *chosen)
    assert ["0.20", "0.50", "0.90"] == re.findall(r"beauty (0\.\d\d)", table)
    assert "beauty" not in run("propose")
    run("report", "--output", str(tmp_path / "report.html"), *chosen)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert {"0.20", "0.50", "0.90"} == set(re.findall(r"beauty (0\.\d\d) of 1", page))


@pytest.mark.usefixtures("scanned")
@pytest.mark.parametrize("command", ["propose", "review"])
def test_sorting_by_beauty_where_nobody_was_asked_for_it_says_what_to_do(command: str) -> None:
    refused = CliRunner().invoke(app, [command, "--sort", "aesthetic"])
    assert isinstance(refused.exception, UsageError)
    assert "--scorer" in str(refused.exception)


@pytest.mark.usefixtures("scanned")
def test_the_review_asks_in_the_order_that_was_wished(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def conduct(reviewer: object, session: ReviewSession, *_: object) -> Course:
        asked.extend(question.members[0].path.stem for question in session.questions)
        return Course()

    monkeypatch.setattr("albumclean.review.course.conduct", conduct)
    monkeypatch.setattr("albumclean.cli.review.is_interactive", lambda: True)
    result = CliRunner().invoke(app, ["review", "--terminal", "--sort", "aesthetic", "--scorer", "mine"])
    assert 0 == result.exit_code, result.output
    assert ["1", "0", "2", "3"] == asked

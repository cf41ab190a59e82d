"""`albumclean explain --scorer`: the score by the chosen scorers, and beside it what each says in its own terms."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from albumclean.cli.main import main
from albumclean.domain import Photo
from albumclean.engines import judge
from tests.installed import installing
from tests.pictures import save, scene

Run = Callable[..., tuple[int, str, str]]

# Three scorers: noise on a falling scale, votes of beauty, and faults. What they say is in the pixels of grey pictures.
MODULE = """
    from albumclean.domain import NATIVE, Says, ScorerSpec, SquareInput

    class Level:
        def __init__(self, name, says, quantities, value_range, rises):
            self.spec = ScorerSpec(name=name, revision="7", quantities=quantities, value_range=value_range, rises=rises,
                                   licence="none", summary="Made up.", input=SquareInput(side=8), says=says,
                                   min_short_side=NATIVE)

        def load(self):
            import torch
            spec = self.spec

            class Network(torch.nn.Module):
                def forward(self, whole, patches):
                    low, high = spec.value_range
                    level = low + (high - low) * whole.float().mean(dim=(1, 2, 3))[:, None] / 255
                    steps = torch.arange(len(spec.quantities)) * 0.125
                    return level + steps, level.new_empty((len(level), 0))

            return Network().eval()

    def falling(): return Level("falling", Says.QUALITY, ("noise",), (0.0, 50.0), False)
    def votes(): return Level("votes", Says.BEAUTY, ("mean", "std"), (1.0, 10.0), True)
    def faults(): return Level("faults", Says.FAULTS, ("grain", "haze"), (0.0, 1.0), False)
    def blind():
        made = Level("blind", Says.QUALITY, ("mos",), (0.0, 1.0), True)
        load = made.load
        def broken():
            import torch
            network = load()
            network.register_forward_hook(lambda *a: (a[2][0] * torch.nan, a[2][1]))
            return network
        made.load = broken
        return made
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command in this process, with the package installed: (exit code, standard output, standard error)."""

    def explain(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["albumclean", "explain", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    with installing(tmp_path / "site", monkeypatch) as bring:
        bring("levels", MODULE, {name: name for name in ("falling", "votes", "faults", "blind")})
        yield explain


def grey(album: Path, level: int = 51) -> Path:
    return save(Image.new("RGB", (64, 48), (level, level, level)), album / "a.png")


def explained(run: Run, *arguments: str | Path) -> dict[str, Any]:
    code, out, _ = run("--json", *arguments)
    assert 0 == code
    (photo,) = json.loads(out)["photos"]
    return dict(photo)


def word(photo: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in photo["scorers"] if each["scorer"] == name)
    return dict(found)


def test_the_rules_go_by_the_chosen_scorer_and_each_says_its_own(album: Path, run: Run) -> None:
    path = grey(album)  # a fifth of white: 10 of 50 on the falling scale, which is 0.8 of 1
    wishes = ("--scorer", "falling", "--scorer", "votes", "--scorer", "faults")
    photo = explained(run, path, *wishes)
    assert (0.8, None, None) == (photo["mos"], photo["mos_std"], photo["interval"])
    assert ("falling", 0.2) == (photo["scored_by"], photo["aesthetic"])
    assert ["judge", "kind", "falling", "votes", "faults"] == [each["scorer"] for each in photo["scorers"]]
    falling = word(photo, "falling")
    assert ({"noise": 10.0}, 0.8, 1.0, False) == tuple(falling[key] for key in ("values", "common", "weight", "rises"))
    assert ([0.0, 50.0], "quality", "7") == (falling["range"], falling["says"], falling["revision"])
    assert "stretched" in falling["scale"]
    assert ({"mean": 2.8, "std": 2.925}, 0.2) == (word(photo, "votes")["values"], word(photo, "votes")["common"])
    assert ({"grain": 0.2, "haze": 0.325}, None) == (word(photo, "faults")["values"], word(photo, "faults")["weight"])
    assert (None, None) == (word(photo, "judge")["common"], word(photo, "judge")["weight"])

    lines = [line.strip() for line in run(path, *wishes)[1].splitlines()]
    assert any(line.startswith("score ") and line.endswith("0.80 of 1 (MOS by falling)") for line in lines)
    assert any(line.startswith("beauty ") and line.endswith("0.20 of 1") for line in lines)
    assert any("falling: 10.00 (0 to 50, lower is better); 0.80 of 1 (not calibrated" in line for line in lines)
    assert any("votes: 2.80 (1 to 10), std 2.92; 0.20 of 1" in line for line in lines)
    assert any("faults: grain 0.20, haze 0.32 (lower is better; no rule goes by it)" in line for line in lines)
    assert any(line.startswith("by scorer") and line.endswith("not counted") for line in lines)  # the judge
    assert not any("people's mean" in line for line in lines)


def test_weights_of_several_scorers_make_the_mean(album: Path, run: Run) -> None:
    path = save(scene(1), album / "a.jpg")
    photo = explained(run, path, "--scorer", "judge:3", "--scorer", "falling")
    mine, judged = word(photo, "falling"), word(photo, "judge")
    assert (3.0, 1.0) == (judged["weight"], mine["weight"])
    assert photo["mos"] == pytest.approx((3 * judged["common"] + mine["common"]) / 4, abs=1e-5)
    assert "judge:3,falling:1" == photo["scored_by"]
    margins = [rule["margins"] for rule in photo["rules"] if rule["rule"] == "low-quality"]
    assert [[{"fact": "mos", "value": photo["mos"], "threshold": 0.35}]] == margins


def test_the_settings_name_scorers_for_explain_too(album: Path, home: Path, run: Run) -> None:
    (home / "config.toml").write_text('[scoring]\nscorers = ["falling"]\n')
    photo = explained(run, grey(album))
    assert (0.8, "falling") == (photo["mos"], photo["scored_by"])


def test_the_judge_alone_is_shown_as_ever(album: Path, run: Run) -> None:
    code, out, err = run(grey(album))
    assert (0, "") == (code, err)
    assert "by scorer" not in out
    assert "(MOS)" in out
    photo = explained(run, grey(album))
    assert ("judge", None) == (photo["scored_by"], photo["aesthetic"])
    assert photo["mos"] == word(photo, "judge")["common"] == word(photo, "judge")["values"]["mos"]


def test_a_scorer_without_a_value_leaves_no_score_and_no_proposal(album: Path, run: Run) -> None:
    path = grey(album)
    photo = explained(run, path, "--scorer", "blind")
    assert photo["mos"] is None
    assert not any(rule["proposed"] for rule in photo["rules"])
    assert {"mos": None} == word(photo, "blind")["values"]
    assert "blind: gave no usable value" in run(path, "--scorer", "blind")[1]


def test_a_scorer_that_is_not_there_is_named_before_any_work(album: Path, run: Run) -> None:
    code, out, err = run(grey(album), "--scorer", "nobody")
    assert (2, "") == (code, out)
    assert "There is no scorer 'nobody'; there are blind, falling, faults, judge, kind, votes" in err


def test_the_rules_names_do_not_run_into_what_they_say(album: Path, run: Run) -> None:
    from albumclean.policy.registry import all_rules

    out = run(grey(album))[1]
    for rule in all_rules():
        assert f"\n{rule.name} " in out


@pytest.mark.parametrize("columns", [60, 130])
def test_a_terminal_shows_all_of_what_a_scorer_says(
    columns: int, album: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inspect(path: Path, **_: object) -> judge.Inspection:
        values = {("judge", "mos"): 0.5, ("kind", "photo"): 1.0, ("falling", "noise"): 10.0}
        photo = Photo(b"h" * 32, 64, 48, "PNG")
        return judge.Inspection(
            photo, values, np.full((9, 12), 0.5, np.float32), np.zeros(8, np.float32), (), 0, Image.new("RGB", (40, 30))
        )

    path = grey(album)
    monkeypatch.setattr(judge, "inspect", inspect)
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": str(columns), "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    out = "".join(re.sub(r"\x1b\[[0-9;]*m", "", run(path, "--scorer", "falling", "--no-preview")[1]).split())
    assert "falling:10.00(0to50,lowerisbetter);0.80of1(notcalibrated" in out

from __future__ import annotations

from pathlib import Path

import pytest

from albumclean.config import Locations, Settings, load_settings
from albumclean.errors import ConfigError


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert Settings() == load_settings(tmp_path / "none.toml", {})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[low_quality]\nbelow = 0.2\n[crawl]\nexclude = ["*.gif"]\n[scan]\nworkers = 3\n')
    settings = load_settings(file, {"ALBUMCLEAN_LOW_QUALITY_BELOW": "0.4"})
    assert (0.4, ("*.gif",), 3) == (settings.low_quality.below, settings.crawl.exclude, settings.scan.workers)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[low_quality\n", "config.toml"),
        ("[colour]\n", r"no table \[colour\]"),
        ("[scan]\nspeed = 1\n", "no 'speed'"),
        ('[scan]\nworkers = "many"\n', "scan.workers must be of type int"),
        ("[scan]\nworkers = true\n", "scan.workers must be of type int"),
        ('[crawl]\nexclude = "*.gif"\n', "crawl.exclude must be a list of str"),
        ("scan = 3\n", r"\[scan\] must be a table"),
        ("[low_quality]\nbelow = 7\n", "low_quality.below must lie between 0 and 1"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=named):
        load_settings(file, {})


def test_a_mistake_in_the_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ALBUMCLEAN_SCAN_WORKERS must be of type int, not 'x'"):
        load_settings(tmp_path / "none.toml", {"ALBUMCLEAN_SCAN_WORKERS": "x"})


def test_one_variable_puts_everything_under_one_folder(tmp_path: Path) -> None:
    places = Locations.from_environment({"ALBUMCLEAN_HOME": str(tmp_path)})
    assert (
        Locations(
            config=tmp_path / "config.toml",
            cache=tmp_path / "cache.sqlite",
            thumbnails=tmp_path / "thumbnails.sqlite",
            ledger=tmp_path / "ledger.sqlite",
            models=tmp_path / "models",
        )
        == places
    )


def test_scorers_in_the_environment_may_have_weights(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none.toml", {"ALBUMCLEAN_SCORING_SCORERS": "judge:2,other"})
    assert ("judge:2", "other") == settings.scoring.scorers

"""Settings from the TOML file, the environment and the command line, as values that are passed in, never global.

The file is `config.toml` in `platformdirs.user_config_dir("albumclean")`; `ALBUMCLEAN_CONFIG` names another. Caches and
the ledger lie in the user's cache and data folders; `ALBUMCLEAN_HOME` puts all three under one folder instead.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import platformdirs

from albumclean.domain import ServerAddress
from albumclean.errors import ConfigError

APP = "albumclean"
_LISTS_OF_NAMES = frozenset({"ALBUMCLEAN_SCORING_SCORERS"})  # in which a colon stands before a weight
MOST_FRAMES = 1000  # of one video


@dataclass(frozen=True, slots=True)
class Locations:
    """Where albumclean keeps its own files."""

    config: Path
    cache: Path | ServerAddress  # scores: disposable; `with_settings` may put them on a server
    thumbnails: Path  # disposable
    ledger: Path  # decisions and journal: precious
    models: Path  # a folder: the models that the user has added, and how scores of others are read

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Locations:
        """The user's folders, or those below `ALBUMCLEAN_HOME`."""
        if home := environ.get("ALBUMCLEAN_HOME"):
            base = Path(home).expanduser().absolute()
            config, cache, data = base, base, base
        else:
            config = Path(platformdirs.user_config_dir(APP, appauthor=False))
            cache = Path(platformdirs.user_cache_dir(APP, appauthor=False))
            data = Path(platformdirs.user_data_dir(APP, appauthor=False))
        named = environ.get("ALBUMCLEAN_CONFIG")
        return cls(
            config=Path(named).expanduser().absolute() if named else config / "config.toml",
            cache=cache / "cache.sqlite",
            thumbnails=cache / "thumbnails.sqlite",
            ledger=data / "ledger.sqlite",
            models=data / "models",
        )

    def with_settings(self, settings: Settings) -> Locations:
        """The same, but for what the settings put elsewhere."""
        return replace(self, cache=ServerAddress(settings.cache.url)) if settings.cache.url else self


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """[cache]: where the scores lie."""

    url: str = field(default="", repr=False)  # postgresql://...: on a server, which may be shared; empty: in a file


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    """[crawl]: what is looked at."""

    include: tuple[str, ...] = ()  # gitignore-style patterns; empty: every photo
    exclude: tuple[str, ...] = ()  # gitignore-style patterns
    protected: tuple[str, ...] = ()  # folders that are compared but never proposed
    open_libraries: tuple[str, ...] = ()  # folders of photo servers (Immich ...) that are treated as any other
    hidden: bool = False  # look into hidden files and folders too
    settle: float = 0.0  # seconds: what was changed more recently may still be written to and waits for the next scan


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """[scan]: how photos are decoded and scored."""

    device: str = "auto"  # auto, cpu, cuda, mps
    workers: int = 0  # decoding processes; 0: one per core
    batch: int = 0  # photos per forward pass; 0: found from memory
    max_pixels: int = 300_000_000  # larger pictures are refused, not decoded
    decode_timeout: float = 60.0  # seconds for one file
    worker_memory: int = 4 << 30  # bytes of address space for one decoder
    engine: str = "local"  # where photos are looked at: local, or dask for a cluster
    scheduler: str = ""  # of that cluster: tcp://HOST:8786, or tls://HOST:8786


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """[scoring]: whose word counts."""

    scorers: tuple[str, ...] = ("judge",)  # names, each with a weight if you like: "judge:2"


@dataclass(frozen=True, slots=True)
class LowQualitySettings:
    """[low_quality]: which photos are too bad to keep."""

    below: float = 0.35  # MOS under which trashing is proposed


@dataclass(frozen=True, slots=True)
class SimilarSettings:
    """[similar]: what counts as alike, and which one stays."""

    min_detail: float = 12.0  # flatter pictures (standard deviation of luma) don't match by hash
    mos_margin: float = 0.05  # a smaller difference of scores does not choose the keeper of copies
    moment_margin: float = 0.02  # the same among shots of one moment, where the scores are more comparable
    aesthetic_margin: float = 0.05  # the same for the criterion `aesthetic`, in groups of every kind
    keeper: tuple[str, ...] = ()  # order of the keeper's criteria in groups of every kind; empty: the default
    keeper_exact: tuple[str, ...] = ()  # an order for one kind of group; empty: that of `keeper`
    keeper_derived: tuple[str, ...] = ()
    keeper_moment: tuple[str, ...] = ()
    keeper_folders: tuple[str, ...] = ()  # the criterion `folder` prefers photos under the first, then the second, ...
    keeper_formats: tuple[str, ...] = ()  # `format` prefers these formats, in this order


@dataclass(frozen=True, slots=True)
class ScreenshotSettings:
    """[screenshots]: whether old ones are proposed."""

    older_than_days: int = 0  # 0: never


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """[videos]: whether videos are looked at, and which are proposed."""

    scan: bool = False  # look at videos in every scan, as `scan --videos` does in one
    frames: int = 12  # moments of each video that are looked at
    below: float = 0.0  # score under which a look at a video is proposed; 0: never


@dataclass(frozen=True, slots=True)
class UnattendedSettings:
    """[unattended]: how `albumclean run` behaves at night."""

    max_time: float = 0.0  # minutes after which it ends and leaves the rest for the next run; 0: no limit
    nice: int = 10  # how far behind other programs it stands, 0 to 19
    on_battery: bool = False  # go on while the computer runs on its battery
    settle: float = 120.0  # seconds, as [crawl] settle: a phone may be sending files just now
    reports: str = ""  # folder for the reports of the runs; empty: beside the ledger


@dataclass(frozen=True, slots=True)
class AutoSettings:
    """[auto]: what a run may move to the trash without asking."""

    rules: tuple[str, ...] = ()  # names of auto rules; empty: nothing
    max_photos: int = 50  # more than so many in one run: nothing moves
    max_share: float = 0.02  # more than this part of the library in one run: nothing moves
    to: str = ""  # folder that takes them instead of the trash


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the user can set; one field a table of the file."""

    cache: CacheSettings = field(default_factory=CacheSettings)
    crawl: CrawlSettings = field(default_factory=CrawlSettings)
    scan: ScanSettings = field(default_factory=ScanSettings)
    scoring: ScoringSettings = field(default_factory=ScoringSettings)
    low_quality: LowQualitySettings = field(default_factory=LowQualitySettings)
    similar: SimilarSettings = field(default_factory=SimilarSettings)
    screenshots: ScreenshotSettings = field(default_factory=ScreenshotSettings)
    videos: VideoSettings = field(default_factory=VideoSettings)
    unattended: UnattendedSettings = field(default_factory=UnattendedSettings)
    auto: AutoSettings = field(default_factory=AutoSettings)


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file, overridden by `ALBUMCLEAN_<TABLE>_<KEY>` variables; defaults where nothing is said.

    Raises ConfigError for a file that is not TOML, an unknown key, or a value of the wrong type.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        document = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(path=path, detail=error) from error
    settings = Settings()
    tables = {entry.name: getattr(settings, entry.name) for entry in fields(Settings)}
    if unknown := sorted(document.keys() - tables.keys()):
        raise ConfigError(path=path, detail=f"there is no table [{unknown[0]}]; there are {', '.join(tables)}")
    changed = {}
    for name, table in tables.items():
        said = document.get(name, {})
        if not isinstance(said, dict):
            raise ConfigError(path=path, detail=f"[{name}] must be a table")
        changed[name] = _override(path, name, table, said, environ)
    settings = replace(settings, **changed)
    for key, value, most in _bounded(settings):
        if not 0 <= value <= most:  # also true of a NaN
            bounds = "be 0 or more" if most == math.inf else f"lie between 0 and {most:g}"
            raise ConfigError(path=path, detail=f"{key} must {bounds}")
    if not 1 <= settings.videos.frames <= MOST_FRAMES:
        raise ConfigError(path=path, detail=f"videos.frames must lie between 1 and {MOST_FRAMES}")
    if settings.cache.url:
        try:
            ServerAddress(settings.cache.url)
        except ValueError as error:
            raise ConfigError(path=path, detail=f"cache.url can't be used: {error}") from None
    return settings


def _bounded(settings: Settings) -> tuple[tuple[str, float, float], ...]:
    """(name, value, largest value) of the numbers that must not be less than 0."""
    unattended, auto = settings.unattended, settings.auto
    return (
        ("low_quality.below", settings.low_quality.below, 1),
        ("crawl.settle", settings.crawl.settle, math.inf),
        ("screenshots.older_than_days", settings.screenshots.older_than_days, math.inf),
        ("videos.below", settings.videos.below, 1),
        ("unattended.max_time", unattended.max_time, math.inf),
        ("unattended.nice", unattended.nice, 19),
        ("unattended.settle", unattended.settle, math.inf),
        ("auto.max_photos", auto.max_photos, math.inf),
        ("auto.max_share", auto.max_share, 1),
    )


Table = TypeVar(
    "Table",
    CacheSettings,
    CrawlSettings,
    ScanSettings,
    ScoringSettings,
    LowQualitySettings,
    SimilarSettings,
    ScreenshotSettings,
    UnattendedSettings,
    AutoSettings,
)


def _override(path: Path, name: str, table: Table, said: dict[str, Any], environ: Mapping[str, str]) -> Table:
    types = get_type_hints(type(table))
    if unknown := sorted(said.keys() - types.keys()):
        raise ConfigError(path=path, detail=f"[{name}] has no {unknown[0]!r}; it has {', '.join(types)}")
    values: dict[str, Any] = {}
    for key, kind in types.items():
        if key in said:
            values[key] = _checked(path, f"{name}.{key}", said[key], kind)
        variable = f"{APP}_{name}_{key}".upper()
        if variable in environ:
            values[key] = _parsed(path, variable, environ[variable], kind)
    return replace(table, **values)


def _checked(path: Path, key: str, value: object, kind: Any) -> object:  # noqa: ANN401 - a type or a generic alias
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if isinstance(value, list) and all(isinstance(entry, item) for entry in value):
            return tuple(value)
        raise ConfigError(path=path, detail=f"{key} must be a list of {item.__name__}")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise ConfigError(path=path, detail=f"{key} must be of type {kind.__name__}")
    return value


def _parsed(path: Path, variable: str, text: str, kind: Any) -> object:  # noqa: ANN401 - a type or a generic alias
    if get_origin(kind) is tuple:
        separator = "," if variable in _LISTS_OF_NAMES else os.pathsep
        return tuple(part for part in text.split(separator) if part)
    if kind is bool:
        return text.strip().lower() in {"1", "true", "yes", "on"}
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(path=path, detail=f"{variable} must be of type {kind.__name__}, not {text!r}") from None

"""`albumclean scan --dry-bench`: what it measures, what it makes of it, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from albumclean.cli import dry_bench as view
from albumclean.cli.main import app
from albumclean.config import ScanSettings, Settings
from albumclean.domain import Root
from albumclean.engines import dry_bench
from albumclean.engines.dry_bench import DryBench, Limit, NothingToMeasure
from albumclean.engines.scan import ScanSummary, ScanWatcher
from albumclean.engines.stages import Forward, Stage
from tests.pictures import save, scene


def found(*, decode: float, forward: float, reading: float = 0.0, device: str = "cpu", cores: int = 2) -> DryBench:
    return DryBench(
        found=12_345,
        sample=48,
        size=4e6,
        pixels=12e6,
        device=device,
        precision="bfloat16",
        cores=cores,
        workers=cores,
        cpu={Stage.READ: 0.001, Stage.DECODE: decode, Stage.FORWARD: forward, Stage.REST: 0.0},
        floor={Stage.READ: 0.001, Stage.DECODE: decode, Stage.FORWARD: forward},
        reading=reading,
        forward=forward,
        whole_cpu=decode + forward,
        whole=(decode + forward) / cores,
    )


def test_every_stage_is_measured_and_nothing_is_remembered(album: Path, home: Path) -> None:
    for number in range(2):
        save(scene(number), album / f"{number}.jpg")
    (album / "no photo.jpg").write_bytes(b"these are no pixels")
    before = {path.name: path.stat().st_mtime_ns for path in album.iterdir()}
    result = CliRunner().invoke(app, ["scan", "--dry-bench", str(album)])
    assert 0 == result.exit_code, result.output
    assert "2 photos of 3" in result.output
    assert "1 can't be read" in result.output
    assert "too few photos" in result.output  # to time whole scans
    for stage in Stage:
        assert (stage.value in result.output) == (stage is not Stage.REST)
    assert max(map(len, result.output.splitlines())) <= 200
    assert not list(home.iterdir())
    assert before == {path.name: path.stat().st_mtime_ns for path in album.iterdir()}


def test_a_folder_without_photos_says_so(album: Path) -> None:
    result = CliRunner().invoke(app, ["scan", "--dry-bench", str(album)])
    assert isinstance(result.exception, NothingToMeasure)
    assert 2 == result.exception.exit_code
    assert "no photo here" in str(result.exception)


def test_a_scans_start_is_taken_off_and_the_cluster_is_left_out(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = []

    def scanned(assets: list[object], settings: Settings, _: object) -> tuple[float, float]:
        engines.append(settings.scan.engine)
        return 5.0 + 0.1 * len(assets), 7.0 + 0.2 * len(assets)

    def forward(views: list[object], *_: object) -> Forward:
        return Forward(0.1 * len(views), 0.1 * len(views), "cpu", "float32")

    monkeypatch.setattr(dry_bench, "_scanned", scanned)
    monkeypatch.setattr(dry_bench, "forward", forward)
    for number in range(8):
        save(scene(number, 64, 48), album / f"{number}.jpg")
    wish = Settings(scan=ScanSettings(engine="dask"))
    measured = dry_bench.dry_bench([Root(album)], wish, sample=8)
    assert measured.whole == pytest.approx(0.1)
    assert measured.whole_cpu == pytest.approx(0.2)
    assert measured.whole_cpu == pytest.approx(sum(measured.cpu.values()))
    assert ["local", "local"] == engines


def test_close_looks_at_look_alikes_do_not_count(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []

    def scan(roots: list[Root], *_: object, watcher: ScanWatcher, stop: Callable[[], bool], **__: object) -> None:
        summary = ScanSummary(to_do=len(roots))
        while summary.done < summary.to_do:
            assert not stop()
            summary.done += 1
            watcher.scanning(summary, album)
        stopped.append(stop())  # what a scan asks before it compares

    monkeypatch.setattr(
        dry_bench, "scan", lambda roots, cache, settings, watcher, **words: scan(roots, watcher=watcher, **words)
    )
    for number in range(3):
        (album / f"{number}.jpg").write_bytes(b"x")
    dry_bench._scanned(dry_bench._sample([Root(album)], Settings(), 3, DryBench()), Settings(), [])
    assert [True] == stopped


def test_a_sample_is_of_the_whole_folder_and_the_same_each_time(album: Path) -> None:
    for number in range(60):
        (album / f"{number:03}.jpg").write_bytes(b"x")
    taken = DryBench()
    chosen = dry_bench._sample([Root(album)], Settings(), 12, taken)
    assert 60 == taken.found
    assert 12 == len({asset.primary.path for asset in chosen})
    assert chosen == dry_bench._sample([Root(album)], Settings(), 12, DryBench())
    assert chosen[-1].primary.path.stem > "040"  # not just the first


@pytest.mark.parametrize(
    ("measured", "limit"),
    [
        (found(decode=0.05, forward=0.10), Limit.NETWORK),
        (found(decode=0.10, forward=0.05), Limit.DECODERS),
        (found(decode=0.10, forward=0.05, reading=0.5), Limit.DISK),
        (found(decode=0.10, forward=0.05, reading=0.1), Limit.DECODERS),
        (found(decode=0.10, forward=0.04, device="cuda:0"), Limit.DECODERS),  # 0.05 on two cores, beside the GPU
        (found(decode=0.10, forward=0.06, device="cuda:0"), Limit.NETWORK),
    ],
)
def test_what_takes_longest_is_the_limit(measured: DryBench, limit: Limit) -> None:
    assert limit is measured.limit


def test_the_efficiency_is_the_share_of_decoding_and_the_network() -> None:
    measured = found(decode=0.06, forward=0.10)
    measured.whole = 0.1
    assert measured.efficiency == pytest.approx(0.8)
    assert found(decode=0.1, forward=0.1, device="cuda:0").efficiency is None


@pytest.mark.parametrize("reading", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_the_table_fits_into_80_columns_and_advice_follows_the_limit(
    reading: float, device: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = found(decode=0.1, forward=0.11, reading=reading, device=device)
    monkeypatch.setattr(dry_bench, "dry_bench", lambda *_, **__: measured)
    view.dry_bench([], Settings(), [], quiet=False, json_=False)
    said = capsys.readouterr().out
    table = [line for line in said.splitlines() if "█" in line or "together" in line]
    assert len(table) >= 3
    assert max(map(len, table)) <= 80
    assert ("disk is the limit" in said) == (measured.limit is Limit.DISK)
    assert ("GPU would" in said) == (measured.limit is Limit.NETWORK and measured.on_cpu)


def test_nothing_can_be_measured_where_nothing_can_be_read(album: Path) -> None:
    (album / "no photo.jpg").write_bytes(b"these are no pixels")
    with pytest.raises(NothingToMeasure):
        dry_bench.dry_bench([Root(album)], Settings())

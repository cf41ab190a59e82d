"""What `benchmarks.performance` has measured, as docs/performance.md and its plots. Pure: numbers in, bytes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from albumclean.engines.stages import Stage
from albumclean.evaluation import drawing
from albumclean.evaluation.scatter import Shape
from benchmarks.peers_cpu import OURS, PEERS
from benchmarks.plots import Bar, bars, curves

Row = Mapping[str, Any]  # a part's result, as `benchmarks.performance` keeps it
Plots = dict[str, list[Shape]]

_HEAD = """# Performance

Made by `python -m benchmarks.performance`; every section names the command that gives its numbers, so that you can
run it on your machine and your photos. Times are CPU seconds unless a column says otherwise, as those hardly depend on
what else a machine does. What was **not** measured: GPUs (CUDA and MPS paths are tested for the same scores where
there is one, but none was at hand to time), macOS and Windows, network drives, and spinning disks."""

_QUICK = """

> **Only a try.** This page was made with `--quick`: the sizes are so small that the numbers mean nothing."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its heading, what is measured, and what its numbers give."""

    part: str
    title: str
    what: str
    shown: Callable[[Any, Plots], Iterator[str]]  # lines of Markdown from the numbers; plots are put into the dict


def page(results: Mapping[str, Row]) -> dict[str, bytes]:
    """Files by name, for the folder docs/. Parts that are not there are named as missing."""
    plots: Plots = {}
    text = [_HEAD + (_QUICK if any(result["quick"] for result in results.values()) else "")]
    missing = []
    for section in SECTIONS:
        if (result := results.get(section.part)) is None:
            missing.append(section.title)
            continue
        text.append("\n".join(_section(section, result, plots)))
    if missing:
        text.append(f"Not measured in this run: {'; '.join(missing)}.")
    files = {name: drawing.svg(shapes) for name, shapes in plots.items()}
    return {**files, "performance.md": ("\n\n".join(text) + "\n").encode()}


def _section(section: Section, result: Row, plots: Plots) -> Iterator[str]:
    yield f"## {section.title}\n"
    yield f"{section.what}\n"
    if result["numbers"] is None:
        yield from _said(result)
    else:
        yield from section.shown(result["numbers"], plots)
        yield from _verdicts(result["out"])
    if result["code"]:
        yield f"\n**A bar was missed, or the benchmark failed (exit code {result['code']}).**"
    yield (
        f"\n<sub>`{result['command']}` · {result['machine']} · load {result['load']:g} before it began · {result['at']}"
        f" · revision {result['revision']}</sub>"
    )


def _said(result: Row) -> Iterator[str]:
    yield "```"
    yield from (line.rstrip() for line in (result["out"].strip() or result["err"].strip()).splitlines())
    yield "```"


def _verdicts(said: str) -> Iterator[str]:
    """The lines in which a benchmark says how its bars came out."""
    found = [line.strip() for line in said.splitlines() if line.rstrip().endswith(("within the bar", "MISSED"))]
    if found:
        yield ""
        yield from (f"- {line}" for line in found)


def _picture(name: str, alt: str) -> str:
    return f"\n![{alt}]({name})"


# --- the sections -----------------------------------------------------------------------------------------------------


def _stages(numbers: Any, plots: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    cpu, floor = numbers["cpu"], numbers["floor"]
    together = sum(cpu.values())
    yield "| stage | ms of CPU a photo | share | floor, ms |"
    yield "|---|---:|---:|---:|"
    rows = []
    for stage in Stage:
        if (name := stage.name.lower()) in cpu:
            least = f"{1000 * floor[name]:.1f}" if name in floor else ""
            yield f"| {stage.value} | {1000 * cpu[name]:.1f} | {100 * cpu[name] / together:.0f} % | {least} |"
            rows.append(Bar(stage.value, 1000 * cpu[name], mark=1000 * floor[name] if name in floor else None))
    yield f"| **together** | **{1000 * together:.1f}** | | |"
    yield (
        f"\n{numbers['sample']} photos of {numbers['pixels'] / 1e6:.1f} megapixels and {numbers['size'] / 1e6:.1f} MB;"
        f" networks on {numbers['device']} in {numbers['precision']}; the limit of this machine: {numbers['limit']}."
    )
    if numbers["whole"]:
        yield f"A whole scan does {1 / numbers['whole']:.1f} photos a second by the clock on {numbers['cores']} cores."
    plots["performance-stages.svg"] = bars(
        "CPU time of one photo by stage; the strokes are the floors", "milliseconds of CPU", rows
    )
    yield _picture("performance-stages.svg", "CPU time by stage")


def _numbers(numbers: Any, _: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield "| | |\n|---|---:|"
    for name, value in _flat(numbers):
        yield f"| {name.replace('_', ' ')} | {_written(name, value)} |"


def _efficiency(numbers: Any, _: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield "| milliseconds a photo | by the clock, times cores | of CPU |"
    yield "|---|---:|---:|"
    names = {
        "decode": "decoding alone",
        "forward": "networks alone",
        "steady": "a scan, for each photo more",
        "whole": "a scan, its start-up shared by the photos",
    }
    for key, name in names.items():
        clock, cpu = (1000 * numbers[f"{key}_{what}_seconds"] for what in ("cores", "cpu"))
        yield f"| {name} | {clock:.1f} | {cpu:.1f} |"
    for key, name in (("steady", "for each photo more"), ("whole", "with the start-up")):
        clock, cpu = (numbers[f"efficiency_{key}_by_{what}"] for what in ("cores", "cpu"))
        yield f"| **efficiency {name}** (bar: 0.85) | **{clock:.2f}** | **{cpu:.2f}** |"
    yield f"\n{numbers['photos']} photos on {numbers['cores']} cores."


def _proposals(numbers: Any, _: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield "| over " + f"{numbers['photos']:,} photos | s by the clock | s of CPU | MB |"
    yield "|---|---:|---:|---:|"
    for name in (key.removesuffix("_seconds") for key in numbers if key.endswith("_seconds")):
        seconds, cpu, size = (numbers[f"{name}_{what}"] for what in ("seconds", "cpu", "bytes"))
        yield f"| {name.replace('_', ' ')} | {seconds:.2f} | {cpu:.2f} | {size / 1e6:.0f} |"


def _written(name: str, value: float) -> str:
    """A number as people write it."""
    if name.endswith("bytes") and value >= 1e6:
        return f"{value / 1e6:,.0f} MB"
    return f"{value:,.0f}" if value == round(value) or value >= 1000 else f"{value:.3g}"


def _peers(numbers: Any, plots: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    kinds = {peer.name: peer.scores for peer in PEERS}
    seconds = dict(sorted(numbers["seconds"].items(), key=lambda each: each[1]))
    yield "| program | CPU seconds a photo | rounds | what it does |"
    yield "|---|---:|---|---|"
    for name, value in seconds.items():
        pinned = ", ".join(numbers["requirements"][name]) or "this revision"
        each = ", ".join(f"{one:.3f}" for one in numbers["rounds"][name])
        what = "scores quality and finds duplicates" if name == OURS else _what(kinds[name])
        yield f"| {name} ({pinned}) | {value:.3f} | {each} | {what} |"
    rows = [Bar(name, value, 1 if name == OURS else 0 if kinds[name] else 2) for name, value in seconds.items()]
    plots["performance-peers.svg"] = bars(
        "One 12-megapixel photo: orange ours, blue scores quality, green only hashes", "seconds of CPU", rows
    )
    yield _picture("performance-peers.svg", "CPU time of one photo, by program")


def _what(scores: bool) -> str:
    return "scores quality" if scores else "finds duplicates by hashes"


def _growth(numbers: Any, plots: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    sizes = numbers["sizes"]
    names = list(sizes[0]["taken"])
    programs = [name for name in names if name != "find"]
    peaks = " | ".join(f"{name}, MB" for name in programs)
    yield f"| photos | {' | '.join(f'{name}, s of CPU' for name in names)} | {peaks} | cache, bytes a photo |"
    yield "|---:" * (len(names) + len(programs) + 2) + "|"
    for size in sizes:
        cpu = " | ".join(f"{size['taken'][name]['cpu']:.2f}" for name in names)
        memory = " | ".join(f"{size['taken'][name]['peak'] / 1e6:.0f}" for name in programs)
        yield f"| {size['photos']:,} | {cpu} | {memory} | {size['cache'] / size['photos']:,.0f} |"
    series = {name: [(size["photos"], max(size["taken"][name]["cpu"], 0.001)) for size in sizes] for name in names}
    plots["performance-growth.svg"] = curves(
        "A library that is known: CPU time by its size", "photos", "seconds of CPU", series
    )
    yield _picture("performance-growth.svg", "CPU time by the size of the library")


def _search(numbers: Any, plots: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield "| photos | build the index, s | search, s | group, s | 1 % new, s | peak, MB | copies found |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for each in numbers:
        times = " | ".join(f"{each[name]:.1f}" for name in ("build", "search", "group", "added"))
        yield f"| {each['photos']:,.0f} | {times} | {each['peak'] / 1e6:.0f} | {100 * each['recall']:.2f} % |"
    names = {"search": "search everything", "group": "group", "added": "search around 1 % new photos"}
    series = {title: [(each["photos"], max(each[name], 0.01)) for each in numbers] for name, title in names.items()}
    plots["performance-search.svg"] = curves("Finding look-alikes, by the clock", "photos", "seconds", series)
    yield _picture("performance-search.svg", "Time of the search for look-alikes")


def _memory(numbers: Any, _: Plots) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield "| photos | peak of all processes, MB | of the scan's own then, MB | of the others, MB | pairs compared |"
    yield "|---:|---:|---:|---|---:|"
    for peak in numbers["peaks"]:
        others = " + ".join(f"{each / 1e6:.0f}" for each in peak["others"])
        own = f"{peak['main'] / 1e6:.0f}"
        yield f"| {peak['photos']:,} | {peak['together'] / 1e6:.0f} | {own} | {others} | {peak['compared']:,} |"


def _flat(numbers: Any, prefix: str = "") -> Iterator[tuple[str, float]]:  # noqa: ANN401 - JSON
    """Every number of a document with the names that lead to it."""
    if isinstance(numbers, dict):
        for name, value in numbers.items():
            yield from _flat(value, f"{prefix} {name}".strip())
    elif isinstance(numbers, int | float) and not isinstance(numbers, bool):
        yield prefix, float(numbers)


SECTIONS = (
    Section(
        "peers",
        "Beside other programs",
        "The whole command of each on the same 12-megapixel JPEGs in the same run, at its defaults: CPU seconds of all"
        " its processes for each photo more (40 photos less 8), so that starting up does not count. Each was installed"
        " by pip at the version that is named. They don't do the same work: those that only hash say nothing of"
        " quality, and bppicker ran without the models whose licences a person has to accept first.",
        _peers,
    ),
    Section(
        "stages",
        "Where the time of a photo goes",
        "`albumclean scan --dry-bench` on the same photos: each stage alone, in one process. A floor is the least that"
        " the stage could take: the bytes read, the plain decoder, the network alone. It prints the same table for"
        " your folder and machine, with what would help.",
        _stages,
    ),
    Section(
        "efficiency",
        "How much of a scan is decoding and the network",
        "The time of decoding alone and of the networks alone, on all cores, beside the time of the whole command on"
        " the same photos. 1 would be a scan that does nothing else and never waits.",
        _efficiency,
    ),
    Section(
        "growth",
        "From a hundred photos to a million",
        "Made libraries (`benchmarks.great_library`): real small files in real folders, and a cache as a scan leaves"
        " it; only the pixels were never there. CPU time of `status`, of the first screen of `propose` and of a scan"
        " that finds nothing new, and of `find -printf '%p %s %T@'` over the same tree, each with its start-up. The"
        " peak is that of one process.",
        _growth,
    ),
    Section(
        "search",
        "Finding look-alikes",
        "The index of fingerprints, the search for pairs that may be copies, and their groups, in simulated libraries"
        " with the statistics of a real one (`benchmarks.million`).",
        _search,
    ),
    Section(
        "rescan",
        "An unchanged rescan",
        "A scan of a tree in which nothing has changed, beside `find -printf`, which looks up every file as well."
        " The bar is three times its CPU time.",
        _numbers,
    ),
    Section(
        "proposals",
        "Status, proposals and the first page of a review",
        "Over a made library, each from a cold start of the program. The bars: under 1 s and 500 MB each.",
        _proposals,
    ),
    Section(
        "cache",
        "What the cache takes",
        "Bytes a photo, by table and index, of a made library, and how long its answers take.",
        _numbers,
    ),
    Section(
        "memory",
        "Memory of a scan",
        "Small pieces of real photos; the memory of the scan and all its processes, a shared page counted once (PSS),"
        " looked at every quarter of a second. So many photos would take hours with the real judge; here the network"
        " has the same inputs and outputs and nearly no layers, all else is the real scan. The bar: the largest takes"
        " at most 1.2 times the memory of the smallest.",
        _memory,
    ),
    Section(
        "engine",
        "A cluster beside this machine",
        "The same photos through the local engine and through a Dask cluster on the same cores; see"
        " [cluster.md](cluster.md). The cluster's scheduler and workers run before the clock does, as an existing"
        " cluster's do.",
        _numbers,
    ),
)

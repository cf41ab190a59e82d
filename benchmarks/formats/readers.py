"""What other programs find in a file: ExifTool, libvips, libheif's, libavif's and libjxl's own tools, dcraw, FFmpeg.

They are Debian packages: libimage-exiftool-perl libvips-tools libheif-examples libavif-bin libjxl-tools dcraw ffmpeg.
Each is a process of its own with a time limit, as half of the corpus is meant to break decoders.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from benchmarks.formats.layout import layout_of

_SECONDS = 120
_SMALL = "320"  # pixels: what is left for the layout; enough for it, and quick to write
_PREVIEWS = ("JpgFromRaw", "PreviewImage", "OtherImage", "JpgFromRaw2", "ThumbnailImage")
_TURNS = {  # EXIF's
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Tags = Mapping[str, object]  # ExifTool's, named Group:Tag


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture as another program shows it, upright."""

    reader: str
    width: int = 0
    height: int = 0
    layout: bytes = b""
    trouble: str = ""  # what the program said against it; with a width: it was shown all the same


def run(*command: str | Path) -> tuple[str, str]:
    """What a program prints and what it complains of; the complaint is never empty where it failed."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "", f"took longer than {_SECONDS} seconds"
    complaint = re.sub(r"\(vips:\d+\): VIPS-WARNING.*", "", done.stderr.decode("utf-8", "replace"))
    said = " ".join(complaint.replace(str(command[-1]), "").split())
    return done.stdout.decode("utf-8", "replace"), said or (f"ended with {done.returncode}" if done.returncode else "")


def tags(files: Sequence[Path]) -> dict[Path, Tags]:
    """All that ExifTool says of the files, numbers as numbers."""
    said: dict[Path, Tags] = {}
    for start in range(0, len(files), 500):
        printed, _ = run("exiftool", "-j", "-n", "-G1", "-struct", "-q", "-q", *files[start : start + 500])
        for one in json.loads(printed or "[]"):
            said[Path(one["SourceFile"])] = one
    return said


def libvips(path: Path) -> Sight:
    """Upright, colour-managed to sRGB, first picture only; decodes by libjpeg, libtiff, libheif, OpenJPEG, ..."""
    header, trouble = run("vipsheader", "-a", path)
    fields: dict[str, str] = dict(re.findall(r"^([\w-]+): (\S+)", header, re.MULTILINE))
    if "width" not in fields:
        return Sight("libvips", trouble=trouble or "no header")
    width, height = int(fields["width"]), int(fields.get("page-height", fields["height"]))
    if fields.get("orientation", "1") in {"5", "6", "7", "8"}:
        width, height = height, width
    with tempfile.TemporaryDirectory() as work:
        out = Path(work, "small.png")
        target = f"{out}[bitdepth=8]"  # else 16 bits stay 16, and `convert` would clip them
        command: list[str | Path] = [
            "vips",
            "thumbnail_image",
            path,
            target,
            _SMALL,
            "--height",
            _SMALL,
            "--size",
            "down",
        ]
        if "icc-profile-data" in fields or fields.get("interpretation") == "cmyk":
            command += ["--export-profile", "srgb"]  # without a profile it would bend pure colours by 20 levels
        _, trouble = run(*command)
        try:
            return Sight("libvips", width, height, _layout(out), trouble)
        except (OSError, ValueError):  # it was not written, or not to its end
            return Sight("libvips", trouble=trouble or "no picture")


def djxl(path: Path) -> Sight:
    """The reference decoder of JPEG XL; libvips applies the colour profile that it hands on."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work, "picture.png")
        _, said = run("djxl", path, out, "--bits_per_sample=8")
        return replace(libvips(out), reader="djxl") if out.is_file() else Sight("djxl", trouble=said or "no picture")


def jxl_frames(path: Path) -> int:
    """Frames of an animation by the reference decoder's APNG."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work, "picture.apng")
        run("djxl", path, out)
        return max(1, out.read_bytes().count(b"fcTL")) if out.is_file() else 1


def raw_preview(path: Path, orientation: int) -> Sight:
    """The largest JPEG that ExifTool finds in a camera RAW, turned as the RAW says; its own pixels' size."""
    largest: Image.Image | None = None
    for name in _PREVIEWS:
        data = subprocess.run(["exiftool", "-b", f"-{name}", path], capture_output=True, check=False).stdout
        try:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
        except (OSError, ValueError, SyntaxError):
            continue
        if largest is None or picture.width > largest.width:
            largest = picture
    if largest is None:
        return Sight("ExifTool", trouble="no preview")
    upright = largest.transpose(_TURNS[orientation]) if orientation in _TURNS else largest
    return Sight("ExifTool", *upright.size, layout_of(upright))


def raw_size(path: Path) -> tuple[int, int] | None:
    """Upright size of the whole RAW picture by dcraw."""
    printed, _ = run("dcraw", "-i", "-v", path)
    found = re.search(r"^Output size:\s+(\d+) x (\d+)", printed, re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else None


def avifdec(path: Path) -> Sight:
    """The first picture by libavif's own tool, which does not turn it: for sequences, which libvips does not read."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work, "picture.png")
        _, said = run("avifdec", "--depth", "8", path, out)
        try:
            with Image.open(out) as picture:
                return Sight("avifdec", *picture.size, layout_of(picture.convert("RGBA")))
        except (OSError, ValueError):
            return Sight("avifdec", trouble=said or "no picture")


def heif_images(path: Path) -> int:
    """Top-level images by libheif's own tool; 0 where it can't tell."""
    return len(re.findall(r"^image: ", run("heif-info", path)[0], re.MULTILINE))


def track_frames(path: Path) -> int:
    """Frames of the longest picture track of a HEIF or AVIF sequence by FFmpeg; 0 where there is none."""
    printed, _ = run(
        "ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets",
        "-of", "csv=p=0", path,
    )  # fmt: skip
    return max((int(line) for line in printed.split() if line.isdigit()), default=0)


def avif_frames(path: Path) -> int:
    """Frames of an AVIF by libavif's own tool; 0 where it can't tell."""
    found = re.search(r"(\d+) expected frames", run("avifdec", "--info", path)[0])
    return int(found[1]) if found else 0


def has_still_before_frames(path: Path) -> bool:
    """Whether an APNG shows a picture of its own where animation is not supported: IDAT before the first fcTL."""
    data = path.read_bytes()
    return 0 < data.find(b"IDAT") < data.find(b"fcTL")


def magick_frames(path: Path) -> int:
    """Frames or pages by ImageMagick; 0 where it can't tell."""
    return len([line for line in run("identify", "-format", "%s\n", path)[0].split() if line.isdigit()])


def _layout(picture: Path) -> bytes:
    with Image.open(picture) as image:
        return layout_of(image.convert("RGBA"))

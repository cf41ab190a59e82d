"""Small videos, made by PyAV with the same bytes each time, and harmful ones made of them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.video.stream import VideoStream
from PIL import Image, ImageFilter

from tests.pictures import scene

SIZE = (64, 48)


def pan(count: int, size: tuple[int, int] = SIZE, *, seed: int = 1, blurred: range = range(0)) -> list[Image.Image]:
    """A camera that goes over a scene, out of focus in some of its frames."""
    whole = scene(seed, size[0] + 2 * count, size[1])
    frames = [whole.crop((2 * at, 0, 2 * at + size[0], size[1])) for at in range(count)]
    return [frame.filter(ImageFilter.GaussianBlur(6)) if at in blurred else frame for at, frame in enumerate(frames)]


def film(
    frames: Iterable[Image.Image],
    kind: str = "mp4",
    codec: str = "mpeg4",
    *,
    rate: int = 12,
    pixels: str = "yuv420p",
    turned: int = 0,
    said: dict[str, str] | None = None,
    **options: Any,  # of the codec
) -> bytes:
    """A video of these frames; `kind` is FFmpeg's name of the container, `turned` degrees counterclockwise."""
    file = io.BytesIO()
    stream: VideoStream | None = None
    with av.open(file, "w", format=kind, container_options=_bit_exact(kind)) as container:
        container.metadata.update(said or {})
        for image in frames:
            if stream is None:
                stream = cast(VideoStream, container.add_stream(codec, rate=Fraction(rate), options=options))
                stream.width, stream.height, stream.pix_fmt = *image.size, pixels
                stream.codec_context.thread_count = 1
                if turned:
                    stream.set_display_rotation(turned)
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return file.getvalue()


def sound(seconds: float = 1.0) -> bytes:
    """An MP4 without pictures."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", container_options=_bit_exact("mp4")) as container:
        stream = container.add_stream("aac", rate=8000)
        for at in range(int(8 * seconds)):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = 8000, 1024 * at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def saved(data: bytes, path: Path) -> Path:
    """At `path`, whose folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _bit_exact(kind: str) -> dict[str, str]:
    return {"fflags": "+bitexact"} | ({"movflags": "+use_metadata_tags"} if kind in {"mp4", "mov"} else {})

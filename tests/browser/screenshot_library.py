"""The library of the screenshots in docs/: `python -m tests.browser.screenshot_library PHOTOS OUT`.

PHOTOS is a folder of photos that may be shown: those of github.com/BuddiesOfBudgie/budgie-backgrounds, which are all
under CC0-1.0. Each stands in a group (copies, resized copies, shots of one moment), and parts of it are spoiled by
`albumclean.distortions`; then OUT/Pictures is scanned by the real program into OUT/home. Make the screenshots with
`ALBUMCLEAN_SCREENSHOTS=1 ALBUMCLEAN_TEST_LIBRARY=OUT/home:OUT/Pictures pytest tests/browser/test_screenshots.py`.
"""

from __future__ import annotations

import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from albumclean.distortions import distort
from benchmarks.common import run

ARTWORK = ("abstract-spiral", "accelerated-green", "geo-forest", "valley-", "waves-", "apollo-11", "saturnian")
# Each with a second fault, as bad photos mostly have.
SPOILED = (
    ("gaussian-blur", 0.8, "camera-noise", 0.3),
    ("motion-blur", 0.8, "underexposure", 0.3),
    ("camera-noise", 0.9, "underexposure", 0.5),
    ("overexposure", 0.9, "gaussian-blur", 0.3),
    ("messenger", 0.9, "gaussian-blur", 0.3),
    ("underexposure", 0.9, "camera-noise", 0.4),
    ("shake", 0.8, "colour-noise", 0.2),
    ("lens-blur", 0.75, "jpeg", 0.4),
    ("jpeg", 0.8, "shake", 0.3),
    ("motion-blur", 0.6, "overexposure", 0.5),
)
FOLDERS = ("2016 City trip", "2018 Summer", "2019 Garden", "2021 Coast", "2023 Zoo", "Phone")
CAMERAS = (("Nova", "N5"), ("Halden", "HX-20"), ("Nova", "N7 Pro"))
LONG_SIDE = 2400


class Maker:
    """Writes one photo after the other, with the time and the camera that it would have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 2041
        self.rng = np.random.default_rng(7)

    def save(self, picture: Image.Image, at: datetime | None, *, quality: int = 90, where: str | None = None) -> Path:
        """As a camera or a messenger would name it."""
        exif = Image.Exif()
        if at is not None:
            exif[0x010F], exif[0x0110] = CAMERAS[at.year % len(CAMERAS)]
            exif.get_ifd(0x8769)[0x9003] = at.strftime("%Y:%m:%d %H:%M:%S")
        folder = self.folder / (where or FOLDERS[(at.year if at else 0) % len(FOLDERS)])
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"IMG_{self.number}.jpg"
        picture.save(path, quality=quality, exif=exif)
        self.number += 1
        return path

    def group(self, photo: Image.Image, at: datetime, kind: int) -> None:
        """A photo with what usually collects around it."""
        if kind == 0:  # shots of one moment: the hand moves a little
            width, height = (round(side * 0.95) for side in photo.size)
            for shot, pause in enumerate((0, 2, 5)):
                left, top = shot * (photo.width - width) // 3, (2 - shot) * (photo.height - height) // 3
                picture = photo.crop((left, top, left + width, top + height))
                if shot == 1:
                    picture = distort(picture, "motion-blur", 0.45, self.rng)
                self.save(picture, at + timedelta(seconds=pause))
            return
        original = self.save(photo, at, quality=93)
        if kind == 1:
            copy = original.with_name(f"{original.stem} (1).jpg")
            shutil.copy(original, copy)
        small = photo.resize((photo.width // 2, photo.height // 2), Image.Resampling.LANCZOS)
        self.save(small, at if kind == 2 else None, quality=70, where="Phone/WhatsApp Images")
        if kind == 3:
            tiny = photo.resize((photo.width // 4, photo.height // 4), Image.Resampling.LANCZOS)
            self.save(tiny, None, quality=55, where="Phone/WhatsApp Images")

    def spoiled(self, photo: Image.Image, at: datetime, first: int) -> None:
        """Three parts of a photo, each as a photo of its own that went wrong."""
        width, height = photo.width // 2, photo.height // 2
        for part in range(3):
            left, top = part * width // 2, part * height // 2
            picture = photo.crop((left, top, left + width, top + height))
            fault, severity, second, less = SPOILED[(first + part) % len(SPOILED)]
            picture = distort(distort(picture, fault, severity, self.rng), second, less, self.rng)
            self.save(picture, at + timedelta(days=23 * part, hours=2 * part))


def main() -> None:
    """See the module."""
    photos, out = map(Path, sys.argv[1:3])
    maker = Maker(out / "Pictures")
    paths = [path for path in sorted(photos.glob("*.jpg")) if not path.name.startswith(ARTWORK)]
    for number, path in enumerate(paths):
        with Image.open(path) as file:
            file.draft("RGB", (LONG_SIDE, LONG_SIDE))
            photo = ImageOps.contain(file.convert("RGB"), (LONG_SIDE, LONG_SIDE))
        at = datetime(2015 + number % 9, 3 + number % 7, 2 + number, 10 + number % 8, 17)
        maker.group(photo, at, number % 4)
        maker.spoiled(photo, at + timedelta(days=400), 3 * number)
    done = run(out / "home", "scan", out / "Pictures")
    sys.stdout.write(done.out + done.err)


if __name__ == "__main__":
    main()

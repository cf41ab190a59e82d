"""Files that are still on their way, known by the names that programs give them until they are whole.

Such a file is left out, and so is the photo to which it will belong: a photo must not be moved while its moving half
arrives. Some copies never end, and their rests lie about for ever: after ABANDONED_AFTER nobody waits for them.

Sources: Syncthing lib/fs/tempname.go; Nextcloud and ownCloud desktop `createDownloadTmpFileName` and the server's
`.ocTransferId`; rsync(1), "--temp-dir" and receiver.c (`.name.XXXXXX`); rclone "--partial-suffix"; Resilio Sync's
`.!sync`; Android's MediaProvider, FileUtils.PATTERN_EXPIRES_FILE; ExifTool's `_exiftool_tmp`; the browsers' endings.
"""

from __future__ import annotations

import re

from albumclean.crawl.kinds import kind_of

ABANDONED_AFTER = 86_400.0  # seconds without a change; Syncthing too keeps what it has begun for a day

# Each gives the name that the file will have as its first group.
_PATTERNS = tuple(
    re.compile(pattern, re.DOTALL | re.IGNORECASE)
    for pattern in (
        r"(?:\.syncthing\.|~syncthing~)(.+)\.tmp",
        r"\.pending-\d+-(.+)",  # Android: an app has not finished writing it
        r"\.(.+)\.~[0-9a-f]{1,16}",  # Nextcloud, ownCloud, OpenCloud on the desktop
        r"(.+)\.octransferid\d+\.part",  # Nextcloud, ownCloud on the server
        r"(.+?)(?:\.[0-9a-f]{8})?\.partial",  # rclone
        r"(.+)\.!sync",  # Resilio
        r"\.?(.+)\.(?:part|filepart|crdownload|download|opdownload|tmp|temp)",
        r"(.+)_exiftool_tmp",
        r"\.(.+)\.(?!icloud|backup)[0-9a-z]{6}",  # rsync
    )
)
# One of these is in every name that fits; asked first, as most names fit nothing.
_BEGINNINGS = (".", "~")
_ENDINGS = ("tmp", "temp", "part", "partial", "download", "!sync")
_SYNCTHING = (".syncthing.", "~syncthing~")
_TRASHED = re.compile(r"\.trashed-\d+-.+", re.DOTALL | re.IGNORECASE)


def future_name(name: str) -> str | None:
    """The name under which a file on its way will appear, or None if this is no such file.

    Only photos and what may be their companions count; a half of a document is just no photo.
    """
    if not name.startswith(_BEGINNINGS) and not name.lower().endswith(_ENDINGS):
        return None
    for pattern in _PATTERNS:
        if (match := pattern.fullmatch(name)) and kind_of(match[1]) is not None:
            return match[1]
    return None


def is_partial(name: str) -> bool:
    """Whether a file is the beginning of a photo or a companion, or an editor's copy of one, by its name."""
    if name.lower().startswith(_SYNCTHING) or future_name(name) is not None:  # Syncthing hashes names that are too long
        return True
    return name.endswith("~") and kind_of(name[:-1]) is not None


def is_trashed(name: str) -> bool:
    """Whether Android (11 and later) keeps this file for 30 days before it is gone."""
    return name.startswith(".") and _TRASHED.fullmatch(name) is not None

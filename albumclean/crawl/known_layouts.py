"""The layouts that albumclean knows, one entry each. Adding one is adding an entry here and a line in the docs.

The texts stand in lists: "lies in `X`: <text>". A note tells what a user of that program should know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

from albumclean.crawl.layouts import Layout, Part, Treatment, fold, strictest, words

_BOTH_WAYS = "what goes to the trash here goes from your other devices too, if the folder is shared both ways"

# Google translates the names of these folders; "Takeout" stays.
_GOOGLE_TRASH = words(
    "Trash", "Bin", "Papierkorb", "Corbeille", "Papelera", "Cestino", "Lixeira", "Lixo", "Reciclagem", "Prullenbak",
    "Kosz", "Papperskorg", "Papperskorgen", "Roskakori", "Koš", "Kôš", "Papirkurv", "Корзина", "Кошик", "ゴミ箱",
    "휴지통", "回收站", "垃圾箱", "垃圾桶", "Çöp kutusu", "Lomtár", "Paperera", "Κάδος απορριμμάτων", "Coș de gunoi",
    "אשפה", "المهملات", "ถังขยะ", "Thùng rác", "Sampah",
)  # fmt: skip

KNOWN: tuple[Layout, ...] = (
    Layout(
        name="dcim",
        title="Photos of a phone or a camera",
        source="https://www.cipa.jp/std/documents/e/DC-009-2010_E.pdf (Design rule for Camera File system)",
        called=words("DCIM"),
        holds_like=re.compile(r"camera|screenshots|\d{3}[a-z0-9_]{5}|100andro|\.thumbnails|\.globaltrash"),
        parts=(Part(words(".thumbnails", ".thumbdata"), Treatment.LEFT_OUT, "small previews made by Android"),),
    ),
    Layout(
        name="whatsapp",
        title="Pictures of WhatsApp",
        source="https://faq.whatsapp.com/ (the folder WhatsApp/Media on Android)",
        holds=(frozenset({"whatsapp images", "whatsapp business images"}),),
        parts=(
            Part(words(".Statuses"), Treatment.LEFT_OUT, "statuses of other people, which WhatsApp keeps for a day"),
            Part(
                words("WhatsApp Profile Photos", "WhatsApp Business Profile Photos"),
                Treatment.LEFT_OUT,
                "profile pictures of your contacts",
            ),
            Part(words("WhatsApp Stickers", "WhatsApp Business Stickers"), Treatment.LEFT_OUT, "stickers, no photos"),
            Part(words(".Thumbs", ".Shared"), Treatment.LEFT_OUT, "working files of WhatsApp"),
            Part(words(".trash"), Treatment.TRASH, "what you threw away in WhatsApp"),
        ),
        note="WhatsApp makes pictures smaller: `Sent` holds weaker copies of photos that you have elsewhere",
    ),
    Layout(
        name="telegram",
        title="Pictures of Telegram",
        source="https://telegram.org/faq (the folder Telegram on Android)",
        called=words("Telegram"),
        holds=(frozenset({"telegram images", "telegram documents", "telegram video"}),),
        note="Telegram makes pictures smaller, unless they were sent as files",
    ),
    Layout(
        name="telegram-export",
        title="A chat that Telegram Desktop exported",
        source="https://telegram.org/blog/export-and-more",
        holds=(frozenset({"messages.html", "result.json", "export_results.html"}), frozenset({"photos", "chats"})),
        parts=(
            Part(words("css", "js", "images"), Treatment.LEFT_OUT, "the design of the exported page"),
            Part(words("stickers"), Treatment.LEFT_OUT, "stickers, no photos"),
            Part(words("profile_pictures"), Treatment.LEFT_OUT, "profile pictures"),
        ),
        note="files that end with `_thumb.jpg` are small previews of the photos beside them",
    ),
    Layout(
        name="signal",
        title="Pictures saved from Signal",
        source="https://support.signal.org/hc/articles/360007317491 (View and save media)",
        called=words("Signal"),
        holds_like=re.compile(r"signal-\d{4}-\d{2}-\d{2}.*"),
    ),
    Layout(
        name="syncthing",
        title="A folder of Syncthing",
        source="https://docs.syncthing.net/users/syncing.html, https://docs.syncthing.net/users/versioning.html",
        holds=(frozenset({".stfolder", ".stversions"}),),
        parts=(Part(words(".stversions"), Treatment.LEFT_OUT, "older versions that Syncthing keeps"),),
        note=_BOTH_WAYS,
    ),
    Layout(
        name="resilio",
        title="A folder of Resilio Sync",
        source="https://help.resilio.com/hc/articles/204754219 (.sync folder)",
        holds=(frozenset({".sync"}),),
        parts=(Part(words(".sync"), Treatment.LEFT_OUT, "older versions and working files of Resilio Sync"),),
        note=_BOTH_WAYS,
    ),
    Layout(
        name="nextcloud",
        title="A folder of Nextcloud or ownCloud",
        source="https://docs.nextcloud.com/desktop/latest/architecture.html (the sync journal)",
        holds_like=re.compile(r"\.?_?\.?sync_[0-9a-f]{6,}\.db|\.(?:nextcloud|owncloud)sync\.log|\.csync_journal\.db"),
        note=_BOTH_WAYS,
    ),
    Layout(
        name="nextcloud-server",
        title="A user's files on a Nextcloud or ownCloud server",
        source="https://docs.nextcloud.com/server/latest/admin_manual/configuration_files/",
        holds=(frozenset({"files"}), frozenset({"files_trashbin", "files_versions"})),
        parts=(
            Part(words("files_trashbin"), Treatment.TRASH, "what was thrown away in Nextcloud"),
            Part(words("files_versions"), Treatment.LEFT_OUT, "older versions that Nextcloud keeps"),
            Part(words("cache", "uploads", "thumbnails"), Treatment.LEFT_OUT, "working files of Nextcloud"),
            Part(words("files"), Treatment.MANAGED, "the database of Nextcloud knows each file"),
        ),
    ),
    Layout(
        name="nextcloud-data",
        title="The data of a Nextcloud or ownCloud server",
        source="https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/config_sample_php_parameters.html",
        holds=(frozenset({".ocdata", ".ncdata"}),),
        parts=(Part(re.compile(r"appdata_[0-9a-z]+"), Treatment.LEFT_OUT, "previews made by Nextcloud"),),
    ),
    Layout(
        name="dropbox",
        title="A folder of Dropbox",
        source="https://help.dropbox.com/delete-restore/dropbox-cache",
        holds=(frozenset({".dropbox", ".dropbox.cache"}),),
        parts=(Part(words(".dropbox.cache"), Treatment.LEFT_OUT, "the cache of Dropbox"),),
        note=_BOTH_WAYS,
    ),
    Layout(
        name="google-drive",
        title="A folder of Google Drive",
        source="https://support.google.com/drive/answer/10838124",
        holds=(frozenset({".tmp.drivedownload", ".tmp.driveupload"}),),
        note=_BOTH_WAYS,
    ),
    Layout(
        name="onedrive",
        title="A folder of OneDrive",
        source="https://learn.microsoft.com/sharepoint/files-on-demand-windows",
        called=re.compile(r"onedrive(?: ?-.+)?"),
        holds=(frozenset({".849c9593-d756-4e56-8d6e-42412f2a707b", "desktop.ini"}),),
        note="files that are kept online only are not downloaded; " + _BOTH_WAYS,
    ),
    Layout(
        name="icloud-drive",
        title="iCloud Drive",
        source="https://support.apple.com/guide/mac-help/mchle5a61431 (folders of iCloud Drive)",
        called=words("com~apple~CloudDocs"),
        note="files that are kept online only are not downloaded; " + _BOTH_WAYS,
    ),
    Layout(
        name="google-takeout",
        title="Google Photos, as Takeout exports them",
        source="https://support.google.com/accounts/answer/3024190",
        called=re.compile(r"google .+"),
        holds_like=re.compile(r"\D+ (?:19|20)\d\d|(?:19|20)\d\d ?\D+|(?:19|20)\d\d-\d\d-\d\d.*"),
        parts=(Part(_GOOGLE_TRASH, Treatment.TRASH, "what you threw away in Google Photos"),),
        note="albums repeat photos of the year folders: expect many exact copies, of which one stays",
    ),
    Layout(
        name="apple-export",
        title="iCloud Photos, as Apple exports them",
        source="https://support.apple.com/102208 (privacy.apple.com), https://github.com/simulot/immich-go/issues/853",
        called=re.compile(r"icloud.*"),
        holds=(frozenset({"photos"}), frozenset({"albums", "memories", "recently deleted"})),
        parts=(Part(words("Recently Deleted"), Treatment.TRASH, "what you threw away in iCloud Photos"),),
        note="the parts (`Part 1 of 6`) may repeat photos, and belong together: name the folder around them all",
    ),
    Layout(
        name="immich",
        title="The library of an Immich server",
        source="https://docs.immich.app/administration/backup-and-restore (Filesystem)",
        holds=(
            frozenset({"thumbs"}),
            frozenset({"encoded-video"}),
            frozenset({"upload", "library"}),
            frozenset({"profile", "backups"}),
        ),
        parts=(
            Part(words("upload", "library"), Treatment.MANAGED, "the database of Immich knows each file"),
            Part(words("thumbs", "encoded-video"), Treatment.LEFT_OUT, "previews made by Immich"),
            Part(words("profile"), Treatment.LEFT_OUT, "profile pictures of Immich's users"),
            Part(words("backups"), Treatment.LEFT_OUT, "backups of Immich's database"),
        ),
        note="delete photos in Immich itself; photos elsewhere that Immich has too are found as copies",
    ),
    Layout(
        name="photoprism-storage",
        title="The working files of PhotoPrism",
        source="https://docs.photoprism.app/user-guide/backups/folders/",
        holds=(frozenset({".ppstorage"}),),
        parts=(
            Part(
                words("cache", "sidecar", "albums", "backup", "config", "serial", "temp"),
                Treatment.LEFT_OUT,
                "previews and notes made by PhotoPrism",
            ),
        ),
        note="PhotoPrism notices by its next indexing what is gone from its originals",
    ),
    Layout(
        name="photoprism",
        title="The folders of PhotoPrism",
        source="https://docs.photoprism.app/user-guide/backups/folders/",
        holds=(frozenset({"originals"}), frozenset({"storage"})),
        note="PhotoPrism notices by its next indexing what is gone from its originals",
    ),
    Layout(
        name="librephotos",
        title="The working files of LibrePhotos",
        source="https://docs.librephotos.com/docs/development/backend (protected_media)",
        called=words("protected_media"),
        holds=(frozenset({"thumbnails_big", "square_thumbnails", "square_thumbnails_small"}),),
        parts=(
            Part(
                words("thumbnails_big", "square_thumbnails", "square_thumbnails_small", "faces", "embedded_media"),
                Treatment.LEFT_OUT,
                "previews made by LibrePhotos",
            ),
            Part(words("zip", "data_models"), Treatment.LEFT_OUT, "working files of LibrePhotos"),
        ),
    ),
    Layout(
        name="digikam",
        title="A collection of digiKam",
        source="https://docs.digikam.org/en/setup_application/database_settings.html",
        holds=(frozenset({"digikam4.db", "thumbnails-digikam.db"}),),
        parts=(Part(words(".dtrash"), Treatment.TRASH, "what you threw away in digiKam"),),
        note="digiKam notices by its next search for new items what is gone",
    ),
    Layout(
        name="lightroom",
        title="A catalogue of Lightroom Classic",
        source="https://helpx.adobe.com/lightroom-classic/help/lightroom-catalog-faq.html",
        holds_like=re.compile(r".+\.lrcat"),
        note="Lightroom shows photos that are gone as missing; take them out of the catalogue there",
    ),
    Layout(
        name="synology",
        title="A shared folder of a Synology",
        source="https://kb.synology.com/en-global/DSM/help/SynologyPhotos/",
        holds=(frozenset({"@eadir", "#recycle"}),),
        parts=(
            Part(words("@eaDir"), Treatment.LEFT_OUT, "previews made by the Synology"),
            Part(words("#recycle"), Treatment.TRASH, "the Synology's recycle bin"),
        ),
    ),
    Layout(
        name="qnap",
        title="A shared folder of a QNAP",
        source="https://www.qnap.com/en/how-to/faq/ (the folders @Recycle and .@__thumb)",
        holds=(frozenset({".@__thumb", "@recycle"}),),
        parts=(
            Part(words(".@__thumb"), Treatment.LEFT_OUT, "previews made by the QNAP"),
            Part(words("@Recycle"), Treatment.TRASH, "the QNAP's recycle bin"),
        ),
    ),
)

_PART_NAMES = tuple(part.names for layout in KNOWN for part in layout.parts)


def recognise(folder: PurePath, names: Collection[str]) -> tuple[Layout, ...]:
    """The layouts of a folder that holds these names, in the order of the table."""
    folded = frozenset(map(fold, names))
    return tuple(layout for layout in KNOWN if layout.fits(folder, folded))


def parts_around(path: Path) -> Iterator[tuple[Path, Part]]:
    """Each part of a layout, on the disk, that a path lies in or is, the innermost first.

    Folders around it that can't be listed say nothing.
    """
    for folder in (path, *path.parents):
        if not any(names.fullmatch(fold(folder.name)) for names in _PART_NAMES):
            continue
        try:
            siblings = os.listdir(folder.parent)  # noqa: PTH208 - the names alone are wanted
        except OSError:
            continue
        if part := strictest(recognise(folder.parent, siblings), folder.name):
            yield folder, part

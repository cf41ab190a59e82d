"""Changing one value of the user's `config.toml`: comments, order and all else stay as they are."""

from __future__ import annotations

import tomllib
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from albumclean.cli.output import replacing
from albumclean.errors import ConfigError


def set_value(path: Path, table: str, key: str, value: float | list[str], by: str = "tune") -> Path | None:
    """Set `[table] key = value` in the file, making it if there is none; where the copy of what was there lies now.

    The copy, `<name>.before-<by>.toml`, is written first. Raises ConfigError for a file that can't be read or is not
    TOML, OutputUnusable if it can't be written; then nothing has changed.
    """
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        before = None
    except OSError as error:
        raise ConfigError(path=path, detail=error.strerror or error) from error
    after = _changed(path, before or b"", table, key, value)
    copy = None
    if before is None:
        path.parent.mkdir(parents=True, exist_ok=True)
    else:
        copy = path.with_name(f"{path.stem}.before-{by}.toml")
        with replacing(copy) as file:
            file.write(before)
    with replacing(path) as file:
        file.write(after)
    return copy


def _changed(path: Path, before: bytes, table: str, key: str, value: float | list[str]) -> bytes:
    try:
        text = before.decode()
        document = tomlkit.parse(text)
        wanted = tomllib.loads(text)
        wanted.setdefault(table, {})[key] = value
        if table not in document:
            document[table] = tomlkit.table()
        document[table][key] = value
        after = tomlkit.dumps(document)
        if tomllib.loads(after) != wanted:  # better no change than a wrong one
            raise ConfigError(path=path, detail=f"[{table}] {key} can't be changed here by a program; set it by hand")
    except (TOMLKitError, tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise ConfigError(path=path, detail=error) from error
    return after.encode()

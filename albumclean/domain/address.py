"""The address of a database server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HOST = r"(?:\[[0-9A-Za-z:.%]+\]|[^\s@/:?#\[\]]*)(?::[0-9]*)?"
# Stricter than libpq: where a password holds a bare "@", "/", ":", "?" or "#", libpq takes a piece of it for a host,
# and would name that in its complaint.
_URL = re.compile(
    rf"(?P<scheme>postgres(?:ql)?://)"
    rf"(?:(?P<user>[^\s:@/?#]*)(?P<password>:[^\s:@/?#]*)?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?P<database>/[^\s@/?#]*)?"
    rf"(?:\?(?P<options>[a-z_]+=[^\s&?#]*(?:&[a-z_]+=[^\s&?#]*)*))?"
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A PostgreSQL database, as `postgresql://user@host:port/name`. Neither `str` nor `repr` shows a password in it.

    Raises ValueError, whose words hold nothing of the address, for what is no such address.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url):
            raise ValueError(
                "it must look like postgresql://user@host:5432/name, with %-codes for special characters "
                "(such as %40 for @ in a password)"
            )

    def __str__(self) -> str:
        found = _URL.fullmatch(self.url)
        if found is None:  # __post_init__ has refused it
            return "postgresql://"
        user = f"{found['user']}@" if found["user"] else ""
        options = [each for each in (found["options"] or "").split("&") if each and "pass" not in each.split("=")[0]]
        return "".join(
            (
                found["scheme"],
                user,
                found["hosts"],
                found["database"] or "",
                f"?{'&'.join(options)}" if options else "",
            )
        )

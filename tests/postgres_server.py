"""A PostgreSQL server for the tests: of this machine's binaries, in a folder of its own, on a unix socket alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from albumclean.domain import ServerAddress

_PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
_USER = "postgres"  # the server refuses to run as root


def missing() -> str | None:
    """Why there can be no server here."""
    if _binaries() is None:
        return "no PostgreSQL server is installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return None


@dataclass(slots=True)
class PostgresServer:
    """A running server."""

    folder: Path
    databases: int = 0

    def empty_database(self, number: int = 0) -> ServerAddress:
        """The one of that number; what the last test left there is gone."""
        import psycopg

        while self.databases <= number:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE cache{self.databases}".encode())
            self.databases += 1
        with psycopg.connect(self.url(f"cache{number}"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid != pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA IF EXISTS albumclean CASCADE")
        return ServerAddress(self.url(f"cache{number}"))

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://albums@/{database}?host={self.folder}"

    @property
    def pid(self) -> int:
        """Of its first process."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        """End it, throwing everybody out."""
        _run("pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "-w", "-s", "stop")

    def start(self) -> None:
        """Begin (again)."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "16MB",
            "max_connections": "20",
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        log = str(self.folder / "log")
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-s", "-l", log, "-o", options, "start")


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server that nobody else sees; gone at the end with all that it held."""
    folder = Path(tempfile.mkdtemp(prefix="albumclean-pg-", dir="/tmp"))  # a socket's path must be short
    if os.geteuid() == 0:
        shutil.chown(folder, _USER)
    try:
        # In a language, as most servers are: it would order texts otherwise than SQLite does.
        language = ("--locale-provider=icu", "--icu-locale=en-US") if _knows_icu() else ()
        data = str(folder / "data")
        _run("initdb", "-D", data, "-U", "albums", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", *language)
        server = PostgresServer(folder)
        server.start()
        try:
            yield server
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "-s", "stop", check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = [each.parent for place in _PLACES for each in Path("/").glob(f"{place[1:]}*/*/bin/initdb")]
    return max(versions, default=None)


def _knows_icu() -> bool:
    return "--icu-locale" in _run("initdb", "--help").stdout


def _run(program: str, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    binaries = _binaries()
    if binaries is None:
        raise FileNotFoundError(program)
    user = _USER if os.geteuid() == 0 else None
    return subprocess.run(
        [binaries / program, *options],
        check=check,
        user=user,
        cwd="/",
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
    )

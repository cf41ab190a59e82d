"""What the cache promises, it promises on a server as well: the tests of the cache again, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from albumclean.domain import ServerAddress
from albumclean.store import cache as cache_module
from albumclean.store.connection import Address, Connection, Migration, open_store
from tests import postgres_server
from tests.postgres_server import PostgresServer
from tests.test_cache import *  # noqa: F403 - its tests and fixtures, which pytest finds here a second time
from tests.test_compact_cache import (  # noqa: F401 - those that have no cache for each of many examples
    test_a_change_while_the_numbers_are_worked_out_makes_them_numbers_of_the_past,
    test_a_write_of_nothing_leaves_the_state_as_it_is,
    test_another_look_at_a_video_forgets_the_moments_of_before_but_not_what_else_was_said_of_them,
    test_numbers_that_cannot_be_kept_are_told_all_the_same,
    test_one_scorer_s_word_takes_few_bytes,
    test_what_another_process_has_learnt_meanwhile_is_seen,
)
from tests.test_comparisons import *  # noqa: F403

pytestmark = pytest.mark.skipif(postgres_server.missing() is not None, reason=str(postgres_server.missing()))

NOT_HERE = {  # why a test says nothing of a server
    "test_a_newer_schema_and_a_damaged_file_are_named": "about files; test_postgres has the same of a server",
    "test_any_file_name_survives": "opens fifty caches; test_postgres has the same in one",
    "test_a_cache_of_the_first_schema_keeps_its_photos": "no server has an old schema",
    "test_a_library_is_read_with_a_few_queries_not_with_one_a_photo": "counts SQLite's statements",
    "test_thousands_of_unreadable_folders_are_no_trouble": "thousands of journeys",
    "test_the_first_bins_of_a_histogram_hold_just_what_scores_below": "opens a hundred caches",
}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server.running() as running:
        yield running


@pytest.fixture(autouse=True)
def on_the_server(server: PostgresServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Each path of a test stands for a database."""
    if request.node.originalname in NOT_HERE:
        pytest.skip(NOT_HERE[request.node.originalname])
    places: dict[Path, ServerAddress] = {}

    def open_on_server(where: Address, migrations: Sequence[Migration]) -> Connection:
        if isinstance(where, Path):
            if where not in places:
                places[where] = server.empty_database(len(places))
            where = places[where]
        return open_store(where, migrations)

    monkeypatch.setattr(cache_module, "open_store", open_on_server)

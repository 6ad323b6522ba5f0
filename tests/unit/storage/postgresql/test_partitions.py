"""Weeks of results: where they begin and end, and that each is made once, in the schema that is in use."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from monitor.config.postgres_url import parse
from monitor.storage.engine import open_for_writing
from monitor.storage.postgresql import partitions
from monitor.storage.postgresql.database import PostgresDatabase

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

YEAR_10000_US = 253_402_300_800_000_000
INSERT = "INSERT INTO results VALUES (1, %s, 0, 0, 200, 100, NULL, 1, NULL, NULL, NULL)"
CHECK = "INSERT INTO checks VALUES (1, 'gw/chat/m', 'gw', 'chat', 'm', 'gw', 0, NULL)"


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """Of a migrated database."""
    url = parse(postgres_url)
    made = PostgresDatabase(url, url.parameters).write_engine()
    yield made
    made.dispose()


@given(st.integers(min_value=-(10**16), max_value=2**62))
def test_every_moment_is_in_the_one_week_that_it_is_in(at_us: int) -> None:
    """Weeks leave no gap and do not overlap; they begin on a Monday, and two never have one name."""
    week = partitions.week_of(at_us)
    one, following = (partitions.partition_of("results", number) for number in (week, week + 1))
    assert one.since_us <= at_us < one.until_us == following.since_us
    assert one.name != following.name
    if 0 <= one.since_us < YEAR_10000_US:
        assert datetime.fromtimestamp(one.since_us / 1e6, UTC).strftime("%a %T") == "Mon 00:00:00"


def test_a_clock_that_is_far_off_makes_lonely_weeks(engine: Engine) -> None:
    """In 1970, before it, at both sides of a boundary, and in times that no calendar has a name for."""
    boundary = partitions.partition_of("results", partitions.week_of(1_795_200_000_000_000)).since_us
    moments = [0, -5, boundary - 1, boundary, YEAR_10000_US + 5, 2**62]
    weeks = {partitions.week_of(at_us) for at_us in moments}
    with engine.begin() as connection:
        connection.exec_driver_sql(CHECK)
        for _ in range(2):
            partitions.ensure(connection, weeks)
        for at_us in moments:
            connection.exec_driver_sql(INSERT, (at_us,))
        found = partitions.known(connection)
        assert len(found) == 2 * len(weeks) == 10
        assert {partitions.week_of(one.since_us) for one in found} == weeks
        held = connection.exec_driver_sql("SELECT tableoid::regclass::text FROM results")
        assert len(set(held.scalars())) == len(weeks)


def test_a_schema_of_one_s_own_beside_another_relaywatch(postgres: "PostgresServer") -> None:
    """The role owns neither the database nor `public`, where another's tables of the same names stand."""
    name, role = "relaywatch_schemas", "relaywatch"
    postgres.run(f"CREATE DATABASE {name}")
    url = parse(postgres.url(name))
    postgres.run(f"GRANT CREATE ON SCHEMA public TO {role}", database=name)
    at_us = 1_795_200_000_000_000
    try:
        _record_one(PostgresDatabase(url, url.parameters), at_us)
        postgres.run(
            f"REVOKE CREATE ON SCHEMA public FROM {role}",
            f"CREATE SCHEMA own AUTHORIZATION {role}",
            f"ALTER ROLE {role} IN DATABASE {name} SET search_path = own, public",
            database=name,
        )
        database = PostgresDatabase(url, url.parameters)
        _record_one(database, at_us)
        with database.snapshot() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM results").scalar() == 1
            assert connection.exec_driver_sql("SELECT count(*) FROM public.results").scalar() == 1
            tables = "SELECT count(*), count(DISTINCT schemaname) FROM pg_tables WHERE tablename LIKE 'results%%'"
            assert tuple(connection.exec_driver_sql(tables).one()) == (4, 2)
    finally:
        postgres.drop_database(name)


def _record_one(database: PostgresDatabase, at_us: int) -> None:
    with database.hold():
        engine = open_for_writing(database)
        with engine.begin() as connection:
            connection.exec_driver_sql(CHECK)
            partitions.ensure(connection, [partitions.week_of(at_us)])
            connection.exec_driver_sql(INSERT, (at_us,))
        engine.dispose()

import asyncio
import datetime
import os
import sqlite3
import stat
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.adapters.storage import SQLStorage, documents, migrating, tables
from bot.application.ports import Message
from bot.domain.changes.change import Change, ChangeRecord
from bot.domain.chat.report import Report, Status
from bot.domain.schedules.schedule import Schedule
from bot.errors import BotError, NotFound
from tests.builders import NOW

ROOT = Path(__file__).parents[3]


def schedule(owner: str = "0") -> Schedule:
    return Schedule(cluster="c1", timetable="every 5m", command="pods", channel="C1", owner=owner, created_at=NOW)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/state/patchbay/patchbay.db"


@pytest.fixture
async def storage(url: str) -> AsyncIterator[SQLStorage]:
    opened = SQLStorage(url)
    await opened.open()
    yield opened
    await opened.close()


def test_the_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        migrating.migrate(connection, "x")
        assert migrating.current_version(connection) == tables.VERSION
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.METADATA) == []
    engine.dispose()


def test_the_version_is_that_of_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.VERSION]


def test_a_database_of_before_keeps_its_changes(tmp_path: Path) -> None:
    """Rows as 0001 held them, plan and history in one document, and the way back."""
    url = f"sqlite:///{tmp_path}/x.db"
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    change = Change(cluster="c1", request="expose deploy/web", summary="expose", steps=())
    at = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
    record = ChangeRecord(change=change, author="slack:U1", origin="serve", created_at=at, expires_at=at)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        columns = "INSERT INTO changes (revision, cluster, running, document) VALUES (1, 'c1', 0, :document)"
        connection.execute(text(columns), {"document": documents.written(record)})
        migrating.migrate(connection, "x")
        (row,) = connection.execute(select(tables.CHANGES)).all()
        assert documents.read(zlib.decompress(row.plan), Change) == change
        assert documents.read(row.document, ChangeRecord).change.request == ""
        command.downgrade(config, "0001")
        (found,) = connection.execute(text("SELECT document FROM changes")).scalars().all()
        assert documents.read(found, ChangeRecord) == record
    engine.dispose()


@pytest.mark.parametrize("table", tables.METADATA.sorted_tables, ids=lambda table: table.name)
def test_postgresql_could_hold_each_table(table: object) -> None:
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))


async def test_nobody_else_may_read_what_is_remembered(storage: SQLStorage, tmp_path: Path) -> None:
    async with storage.begin() as tx:
        await tx.schedules.add(schedule())
    folder = tmp_path / "state" / "patchbay"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    files = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert set(files.values()) == {0o600}
    assert "patchbay.db-wal" in files


async def test_what_is_remembered_is_there_after_a_restart(url: str) -> None:
    for expected in ([], [1]):
        storage = SQLStorage(url)
        await storage.open()
        async with storage.begin() as tx:
            assert [each.id for each in await tx.schedules.all()] == expected
            await tx.schedules.add(schedule())
        await storage.close()


async def test_after_a_commit_with_a_message_whoever_delivers_is_woken(storage: SQLStorage) -> None:
    woken: list[bool] = []
    storage.when_queued(lambda: woken.append(True))
    message = Message(conversation="a", slot="b", channel="C1", report=Report(status=Status.OK, title="x"))
    async with storage.begin() as tx:
        await tx.schedules.add(schedule())
    assert woken == []
    with pytest.raises(NotFound):  # noqa: PT012  what raises inside is the point
        async with storage.begin() as tx:
            await tx.outbox.put(message)
            await tx.schedules.get(7)
    assert woken == []
    async with storage.begin() as tx:
        await tx.outbox.put(message)
        assert woken == [], "not before the commit"
    assert woken == [True]


class TestTrouble:
    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("nonsense", "cannot be used"),
            ("mysql://root:hunter2@db/x", "not mysql"),
            ("sqlite://", "name a file"),
            ("sqlite:///:memory:", "name a file"),
        ],
    )
    def test_a_wrong_url_is_told_with_a_right_one_and_without_its_password(self, url: str, said: str) -> None:
        with pytest.raises(BotError) as raised:
            SQLStorage(url)
        assert said in str(raised.value)
        assert "sqlite+aiosqlite:////" in raised.value.next_step
        assert "hunter2" not in str(raised.value)

    async def test_postgresql_without_its_driver_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "asyncpg", None)
        with pytest.raises(BotError, match=r"patchbay\[postgresql\]"):
            await SQLStorage("postgresql://u:hunter2@localhost/x").open()

    async def test_a_folder_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(BotError, match="cannot be written") as raised:
            await SQLStorage(f"sqlite:///{tmp_path}/file/sub/patchbay.db").open()
        assert "PATCHBAY_DATABASE_URL" in raised.value.next_step

    async def test_a_folder_in_its_place_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "patchbay.db").mkdir()
        with pytest.raises(BotError, match="cannot be written"):
            await SQLStorage(f"sqlite:///{tmp_path}/patchbay.db").open()

    async def test_a_file_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "patchbay.db").write_bytes(b"something else entirely" * 1000)
        with pytest.raises(BotError, match="is damaged, or is no database") as raised:
            await SQLStorage(f"sqlite:///{tmp_path}/patchbay.db").open()
        assert "backup" in raised.value.next_step
        assert (tmp_path / "patchbay.db").read_bytes().startswith(b"something else"), "it is left as it was"

    async def test_a_database_of_a_newer_patchbay_is_left_alone(self, url: str) -> None:
        storage = SQLStorage(url)
        await storage.open()
        await storage.close()
        with sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///")) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        with pytest.raises(BotError, match="newer Patchbay"):
            await storage.open()

    async def test_a_record_that_a_newer_patchbay_wrote_is_told(self, storage: SQLStorage, url: str) -> None:
        async with storage.begin() as tx:
            await tx.schedules.add(schedule())
        with sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///")) as connection:
            connection.execute("UPDATE schedules SET document = '{\"cluster\": 5}'")
        connection.close()
        async with storage.read() as tx:
            with pytest.raises(BotError, match="schedule cannot be read"):
                await tx.schedules.all()


async def test_a_writer_that_is_cancelled_leaves_no_lock_and_no_half(storage: SQLStorage) -> None:
    async def write() -> None:
        async with storage.begin() as tx:
            await tx.schedules.add(schedule())
            await tx.schedules.add(schedule())

    for passes in range(40):
        task = asyncio.create_task(write())
        for _ in range(passes):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(10):
        async with storage.begin() as tx:
            await tx.schedules.add(schedule())
            assert len(await tx.schedules.all()) % 2 == 1


async def test_many_writers_and_readers_of_one_process_all_get_their_turn(storage: SQLStorage) -> None:
    async def write() -> None:
        async with storage.begin() as tx:
            await tx.schedules.add(schedule())

    async def read() -> None:
        async with storage.read() as tx:
            await tx.schedules.all()

    await asyncio.gather(*(write() for _ in range(60)), *(read() for _ in range(60)))
    async with storage.read() as tx:
        assert len(await tx.schedules.all()) == 60


async def test_two_processes_that_start_at_once_share_one_new_database(url: str) -> None:
    """Both find no tables; one makes them. Then both write as fast as they can, and no write is lost."""
    before = SQLStorage(url)
    for count in ("0", "100"):
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, str(Path(__file__).with_name("hammering.py")), url, "1", count,
                env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
            )
            for _ in range(2)
        ]  # fmt: skip
        async with asyncio.timeout(60):
            told = [(await process.communicate())[1].decode() for process in processes]
        assert [process.returncode for process in processes] == [0, 0], told
        if count == "0":
            await before.open()
            async with before.begin() as tx:
                await tx.schedules.add(schedule())
    async with before.read() as tx:
        assert (await tx.schedules.get(1)).owner == "200"
    await before.close()

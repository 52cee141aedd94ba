"""What every storage promises: the one in memory, which other tests stand on, and the real one."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.adapters.storage import SQLStorage
from bot.application.ports import Message, MessageId, Storage
from bot.domain.changes.change import Change, ChangeRecord, ChangeState, Delete
from bot.domain.chat.report import Report, Status, paragraph
from bot.domain.incidents.incident import Incident, IncidentState
from bot.domain.network.references import Ref
from bot.domain.schedules.schedule import Schedule
from bot.errors import Conflict, NotFound
from tests.builders import NOW, finding
from tests.fakes import FakeClock, MemoryStorage

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(params=["memory", "sqlite"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage(FakeClock())
        return
    opened = SQLStorage(f"sqlite:///{tmp_path}/patchbay.db", now=lambda: NOW)
    await opened.open()
    yield opened
    await opened.close()


def change(cluster: str = "c1", state: ChangeState = ChangeState.PLANNED) -> ChangeRecord:
    whole = {"kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "x": None}}
    step = Delete(ref=Ref("Service", "web", "shop"), uid="u", prior=whole)
    return ChangeRecord(
        change=Change(cluster=cluster, request="do", summary="does", steps=(step,)), author="slack:U1", origin="serve",
        state=state, created_at=NOW, expires_at=NOW + MINUTE,
    )  # fmt: skip


def schedule(command: str = "check services -n shop") -> Schedule:
    return Schedule(cluster="c1", timetable="every 5m", command=command, channel="C1", owner="slack:U1", created_at=NOW)


def incident(cluster: str = "c1", state: IncidentState = IncidentState.OPEN) -> Incident:
    wrong = finding()
    opened = None if state in (IncidentState.PENDING, IncidentState.DROPPED) else NOW
    return Incident(
        cluster=cluster, keys=(wrong.key,), state=state, severity=wrong.severity, title="broken", finding=wrong,
        channel="C1", first_seen_at=NOW, last_seen_at=NOW, opened_at=opened,
    )  # fmt: skip


def message(title: str, slot: str = "head", conversation: str = "incident/1") -> Message:
    report = Report(status=Status.FINDINGS, title=title, blocks=(paragraph("as `it` is"),))
    return Message(conversation=conversation, slot=slot, channel="C1", report=report)


async def put(storage: Storage, *messages: Message) -> None:
    async with storage.begin() as tx:
        for each in messages:
            await tx.outbox.put(each)


async def due(storage: Storage, after: datetime.timedelta = MINUTE * 0) -> list[str]:
    async with storage.read() as tx:
        return [entry.message.report.title for entry in await tx.outbox.due(NOW + after)]


class TestChanges:
    async def test_what_was_stored_is_read_back_whole(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            added = await tx.changes.add(change())
        async with storage.read() as tx:
            assert await tx.changes.get(added.id) == added
        assert (added.id, added.revision) == (1, 1)

    async def test_of_two_who_read_the_same_revision_the_second_to_save_is_refused(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            added = await tx.changes.add(change())
            saved = await tx.changes.save(msgspec.structs.replace(added, outcome="first"))
        assert saved.revision == 2
        with pytest.raises(Conflict, match="hange 1"):
            async with storage.begin() as tx:
                await tx.changes.save(msgspec.structs.replace(added, outcome="second"))
        async with storage.read() as tx:
            assert (await tx.changes.get(1)).outcome == "first"

    async def test_what_is_not_there_is_not_found(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            with pytest.raises(NotFound, match="change 7"):
                await tx.changes.get(7)
            with pytest.raises(NotFound):
                await tx.changes.save(msgspec.structs.replace(change(), id=7))

    async def test_the_newest_come_first_of_one_cluster_or_of_all(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            for cluster in ("c1", "c2", "c1"):
                await tx.changes.add(change(cluster))
            assert [each.id for each in await tx.changes.recent("c1")] == [3, 1]
            assert [each.id for each in await tx.changes.recent("", 2)] == [3, 2]

    async def test_those_that_run_are_found_while_they_run(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            await tx.changes.add(change())
            running = await tx.changes.add(change(state=ChangeState.APPLYING))
            back = await tx.changes.add(change(state=ChangeState.ROLLING_BACK))
            assert [each.id for each in await tx.changes.running()] == [running.id, back.id]
            await tx.changes.save(msgspec.structs.replace(running, state=ChangeState.APPLIED))
            assert [each.id for each in await tx.changes.running()] == [back.id]


class TestSchedules:
    async def test_they_are_listed_saved_and_removed(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            first = await tx.schedules.add(schedule("services"))
            second = await tx.schedules.add(schedule("pods"))
            ran = msgspec.structs.replace(first, last_run_at=NOW, last_outcome="ok")
            await tx.schedules.save(ran)
            assert await tx.schedules.all() == [ran, second]
            await tx.schedules.remove(first.id)
            assert await tx.schedules.all() == [second]

    async def test_one_that_was_removed_meanwhile_cannot_be_saved(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            added = await tx.schedules.add(schedule())
            await tx.schedules.remove(added.id)
            for doing in (tx.schedules.save(added), tx.schedules.remove(added.id), tx.schedules.get(added.id)):
                with pytest.raises(NotFound, match="schedule 1"):
                    await doing

    async def test_the_number_of_a_removed_one_is_not_given_again(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            await tx.schedules.remove((await tx.schedules.add(schedule())).id)
        async with storage.begin() as tx:
            assert (await tx.schedules.add(schedule())).id == 2


class TestIncidents:
    async def test_unfinished_ones_are_found_by_cluster(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            for state in IncidentState:
                await tx.incidents.add(incident(state=state))
            await tx.incidents.add(incident("c2"))
            found = [each.state for each in await tx.incidents.unfinished("c1")]
            assert found == [IncidentState.PENDING, IncidentState.OPEN, IncidentState.ACKNOWLEDGED]
            assert len(await tx.incidents.unfinished("")) == 4

    async def test_what_never_opened_is_not_listed(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            pending = await tx.incidents.add(incident(state=IncidentState.PENDING))
            assert await tx.incidents.recent("c1") == []
            opened = msgspec.structs.replace(pending, state=IncidentState.OPEN, opened_at=NOW)
            saved = await tx.incidents.save(opened)
            assert await tx.incidents.recent("c1") == [saved]
            assert await tx.incidents.recent("c2") == []

    async def test_an_old_revision_is_refused(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            added = await tx.incidents.add(incident())
            await tx.incidents.save(added)
            with pytest.raises(Conflict, match="ncident 1"):
                await tx.incidents.save(added)


class TestOutbox:
    async def test_only_the_first_of_each_conversation_is_due(self, storage: Storage) -> None:
        await put(storage, message("one"), message("two", "ended"), message("other", conversation="change/1"))
        assert await due(storage) == ["one", "other"]

    async def test_an_edit_that_nobody_has_begun_to_send_is_replaced_in_its_place(self, storage: Storage) -> None:
        await put(storage, message("old"), message("over", "ended"))
        await put(storage, message("new"))
        assert await due(storage) == ["new"]

    async def test_what_is_being_sent_is_not_replaced(self, storage: Storage) -> None:
        await put(storage, message("old"))
        async with storage.begin() as tx:
            await tx.outbox.sending(1)
        await put(storage, message("new"))
        async with storage.begin() as tx:
            (entry,) = await tx.outbox.due(NOW)
            assert (entry.message.report.title, entry.sending, entry.attempts) == ("old", True, 1)
            await tx.outbox.delivered(1, MessageId("C1", "1.0"))
        assert await due(storage) == ["new"]

    async def test_what_failed_holds_up_its_conversation_until_it_is_tried_again(self, storage: Storage) -> None:
        await put(storage, message("one"), message("two", "ended"))
        async with storage.begin() as tx:
            await tx.outbox.sending(1)
            await tx.outbox.failed(1, "Slack is down", NOW + MINUTE)
        assert await due(storage) == []
        assert await due(storage, MINUTE) == ["one"]

    async def test_what_will_never_arrive_is_set_aside(self, storage: Storage) -> None:
        await put(storage, message("one"), message("two", "ended"))
        async with storage.begin() as tx:
            await tx.outbox.failed(1, "no such channel", None)
        assert await due(storage) == ["two"]
        with pytest.raises(NotFound):
            async with storage.begin() as tx:
                await tx.outbox.delivered(1, None)

    async def test_a_slot_is_remembered_where_it_was_posted_last(self, storage: Storage) -> None:
        for stamp in ("1.0", "2.0"):
            await put(storage, message("one"))
            async with storage.begin() as tx:
                (entry,) = await tx.outbox.due(NOW)
                await tx.outbox.delivered(entry.id, MessageId("C1", stamp))
        async with storage.read() as tx:
            assert await tx.outbox.posted("incident/1", "head") == MessageId("C1", "2.0")
            assert await tx.outbox.posted("incident/1", "ended") is None
            assert await tx.outbox.due(NOW) == []

    async def test_the_oldest_come_first_and_not_too_many(self, storage: Storage) -> None:
        await put(storage, *(message(str(number), conversation=f"incident/{number}") for number in range(9, 0, -1)))
        async with storage.read() as tx:
            assert [e.message.report.title for e in await tx.outbox.due(NOW, 3)] == ["9", "8", "7"]


class TestSeenEvents:
    async def test_an_event_is_new_once(self, storage: Storage) -> None:
        for expected in (True, False):
            async with storage.begin() as tx:
                assert await tx.seen.first_time("Ev1", NOW) is expected

    async def test_after_a_day_it_is_forgotten(self, storage: Storage) -> None:
        async with storage.begin() as tx:
            await tx.seen.first_time("Ev1", NOW)
            assert not await tx.seen.first_time("Ev1", NOW + datetime.timedelta(hours=23))
            assert await tx.seen.first_time("Ev1", NOW + datetime.timedelta(hours=25))


class TestTransactions:
    async def test_what_raises_leaves_nothing_behind_in_any_store(self, storage: Storage) -> None:
        with pytest.raises(RuntimeError, match="dies"):  # noqa: PT012  what raises inside is the point
            async with storage.begin() as tx:
                await tx.incidents.add(incident())
                await tx.outbox.put(message("told"))
                raise RuntimeError("dies")
        async with storage.read() as tx:
            assert await tx.incidents.unfinished("") == []
            assert await tx.outbox.due(NOW) == []

    async def test_a_reader_sees_one_moment_and_does_not_wait_for_a_writer(self, storage: Storage) -> None:
        async with storage.begin() as writing:
            await writing.schedules.add(schedule())
            async with storage.read() as reading:
                assert await reading.schedules.all() == []
        async with storage.read() as reading:
            assert len(await reading.schedules.all()) == 1

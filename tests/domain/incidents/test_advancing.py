import datetime

import pytest

from bot.domain.diagnosis.finding import Severity
from bot.domain.incidents.advancing import Acknowledged, Effect, Event, ObjectGone, ProvenRight, Seen, advance
from bot.domain.incidents.incident import Incident, IncidentState
from tests.builders import NOW, finding

LATER = NOW + datetime.timedelta(minutes=1)
SEEN = Seen(finding=finding(), at=LATER, channel="C2", schedule=2, author="U2")
RIGHT = ProvenRight(at=LATER, because="it answers")
GONE = ObjectGone(at=LATER, because="it does not exist any more")
TAKEN = Acknowledged(by="slack:U1", name="ann", at=LATER)

PENDING, OPEN, ACKNOWLEDGED = IncidentState.PENDING, IncidentState.OPEN, IncidentState.ACKNOWLEDGED
RESOLVED, DROPPED = IncidentState.RESOLVED, IncidentState.DROPPED


def incident(state: IncidentState) -> Incident:
    wrong = finding()
    return Incident(
        cluster="c1", keys=(wrong.key,), state=state, severity=wrong.severity,
        title="Service shop/web selects no pods", finding=wrong, channel="C1", schedule=1,
        first_seen_at=NOW, last_seen_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "event", "expected", "effects"),
    [
        (PENDING, SEEN, OPEN, {Effect.TELL}),
        (PENDING, RIGHT, DROPPED, set()),
        (PENDING, GONE, DROPPED, set()),
        (OPEN, SEEN, OPEN, {Effect.COUNT}),
        (OPEN, TAKEN, ACKNOWLEDGED, {Effect.TELL}),
        (OPEN, RIGHT, RESOLVED, {Effect.TELL, Effect.ENDED}),
        (OPEN, GONE, RESOLVED, {Effect.TELL, Effect.ENDED}),
        (ACKNOWLEDGED, SEEN, ACKNOWLEDGED, {Effect.COUNT}),
        (ACKNOWLEDGED, RIGHT, RESOLVED, {Effect.TELL, Effect.ENDED}),
        (ACKNOWLEDGED, GONE, RESOLVED, {Effect.TELL, Effect.ENDED}),
    ],
)
def test_each_event_leads_on(state: IncidentState, event: Event, expected: IncidentState, effects: set[Effect]) -> None:
    advanced = advance(incident(state), event)
    assert advanced is not None
    assert (advanced[0].state, set(advanced[1])) == (expected, effects)


@pytest.mark.parametrize(
    ("state", "event"),
    [(PENDING, TAKEN), (ACKNOWLEDGED, TAKEN)]
    + [(over, event) for over in (RESOLVED, DROPPED) for event in (SEEN, RIGHT, GONE, TAKEN)],
)
def test_what_is_not_in_the_table_means_nothing(state: IncidentState, event: Event) -> None:
    assert advance(incident(state), event) is None


@pytest.mark.parametrize("event", [RIGHT, GONE, TAKEN])
def test_only_what_is_wrong_begins_an_incident(event: Event) -> None:
    assert advance(None, event) is None


def test_the_first_time_nobody_is_told() -> None:
    advanced = advance(None, SEEN)
    assert advanced is not None
    begun, effects = advanced
    assert (begun.state, begun.times_seen, effects) == (PENDING, 1, ())
    assert (begun.channel, begun.schedule, begun.author) == ("C2", 2, "U2")
    assert begun.title == "Service shop/web selects no pods"


def test_while_it_lasts_it_counts_and_stays_where_it_was_told() -> None:
    advanced = advance(incident(OPEN), SEEN)
    assert advanced is not None
    lasting = advanced[0]
    assert (lasting.times_seen, lasting.first_seen_at, lasting.last_seen_at) == (2, NOW, LATER)
    assert (lasting.channel, lasting.schedule) == ("C1", 1)


@pytest.mark.parametrize(
    "news",
    [finding(severity=Severity.LOW), finding(summary="selects too few pods"), finding(evidence=("3 pods are there",))],
)
def test_news_are_told_at_once(news: object) -> None:
    advanced = advance(incident(OPEN), Seen(finding=news, at=LATER))  # type: ignore[arg-type]
    assert advanced is not None
    assert advanced[1] == (Effect.TELL,)


def test_a_symptom_that_it_explains_becomes_one_of_its_keys_once() -> None:
    seen = Seen(finding=finding(), at=LATER, keys=("symptom",))
    first = advance(incident(OPEN), seen)
    assert first is not None
    second = advance(first[0], seen)
    assert second is not None
    assert second[0].keys == (finding().key, "symptom")
    assert (first[1], second[1]) == ((Effect.TELL,), (Effect.COUNT,))


def test_the_end_says_when_and_why() -> None:
    advanced = advance(incident(OPEN), RIGHT)
    assert advanced is not None
    assert (advanced[0].ended_at, advanced[0].ended_because) == (LATER, "it answers")

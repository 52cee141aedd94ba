"""Lists in pages and watches: what happens between them is neither lost nor told twice."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.contracts.cluster.api import API
from tests.contracts.cluster.conftest import eventually

Object = dict[str, Any]


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
def make(api: API, maps: str) -> Iterator[Callable[..., Object]]:
    made: list[str] = []

    def create(name: str, **labels: str) -> Object:
        answer = api.ask("POST", maps, {"metadata": {"name": name, "labels": labels}})
        assert answer.status == 201, answer
        made.append(name)
        return dict(answer.body)

    yield create
    for name in made:
        api.ask("DELETE", f"{maps}/{name}")


class Watch:
    """A watch that is read on a thread of its own."""

    def __init__(self, api: API, path: str, accept: str = "application/json") -> None:
        self.events: list[Object] = []
        self.ended = threading.Event()
        self._reply = api.session.get(api.url + path, stream=True, timeout=(10, 90), headers={"Accept": accept})
        assert self._reply.status_code == 200, self._reply.text
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for line in self._reply.iter_lines():
                self.events.append(json.loads(line))
        except (OSError, requests.RequestException, AttributeError):
            pass  # it was closed, see below
        self.ended.set()

    def close(self) -> None:
        """Shuts the connection, which ends the reading."""
        connection = self._reply.raw._connection
        if connection is not None and connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
        self.ended.wait(10)
        self._reply.close()

    def seen(self) -> list[tuple[str, str]]:
        return [
            (event["type"], event["object"]["metadata"].get("name", ""))
            for event in list(self.events)
            if event["type"] != "BOOKMARK"
        ]

    def bookmarks(self) -> list[Object]:
        return [event["object"] for event in self.events if event["type"] == "BOOKMARK"]


@pytest.fixture
def watch_at(api: API) -> Iterator[Callable[..., Watch]]:
    watches: list[Watch] = []

    def begin(path: str, accept: str = "application/json") -> Watch:
        watches.append(Watch(api, path, accept))
        return watches[-1]

    yield begin
    for watch in watches:
        watch.close()


def revision(api: API, path: str) -> str:
    return str(api.get(path).body["metadata"]["resourceVersion"])


def test_a_watch_tells_what_is_added_changed_and_deleted(api, maps, make, watch_at):
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&resourceVersion={revision(api, maps)}")
    make("told")
    api.ask("PATCH", f"{maps}/told", {"data": {"a": "b"}}, patch="merge")
    api.ask("DELETE", f"{maps}/told")
    wanted = [("ADDED", "told"), ("MODIFIED", "told"), ("DELETED", "told")]
    eventually(lambda: watch.seen() == wanted, 10)


def test_what_happened_between_the_list_and_the_watch_is_told(api, maps, make, watch_at):
    since = revision(api, maps)
    make("between")
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&resourceVersion={since}")
    eventually(lambda: watch.seen() == [("ADDED", "between")], 10)


def test_a_watch_without_a_revision_begins_with_what_there_is(api, maps, make, watch_at):
    make("there")
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&fieldSelector=metadata.name%3Dthere")
    eventually(lambda: watch.seen() == [("ADDED", "there")], 10)


def test_an_object_that_enters_or_leaves_a_selection_appears_and_disappears(api, maps, make, watch_at):
    make("moving", side="left")
    since = revision(api, maps)
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&labelSelector=side%3Dright&resourceVersion={since}")
    for side in ("right", "right", "left"):
        patch = {"metadata": {"labels": {"side": side}}, "data": {"at": str(time.monotonic())}}
        api.ask("PATCH", f"{maps}/moving", patch, patch="merge")
    wanted = [("ADDED", "moving"), ("MODIFIED", "moving"), ("DELETED", "moving")]
    eventually(lambda: watch.seen() == wanted, 10)


def test_a_deletion_bears_the_revision_at_which_it_happened(api, maps, make, watch_at):
    made = make("ending")
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&resourceVersion={made['metadata']['resourceVersion']}")
    api.ask("DELETE", f"{maps}/ending")
    eventually(lambda: watch.seen() == [("DELETED", "ending")], 10)
    at = watch.events[-1]["object"]["metadata"]["resourceVersion"]
    assert int(at) > int(made["metadata"]["resourceVersion"])


def test_a_watch_of_one_name_is_a_watch_by_field(api, maps, make, watch_at):
    make("alone")
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&fieldSelector=metadata.name%3Dalone")
    make("other")
    api.ask("PATCH", f"{maps}/alone", {"data": {"a": "b"}}, patch="merge")
    eventually(lambda: watch.seen() == [("ADDED", "alone"), ("MODIFIED", "alone")], 10)


def test_one_object_is_read_also_when_a_watch_is_asked_for(api, maps, make):
    make("read")
    assert api.get(f"{maps}/read?watch=1").body["kind"] == "ConfigMap"


def test_the_end_of_what_there_was_is_marked_when_that_is_asked_for(api, maps, make, watch_at):
    make("first")
    query = (
        "watch=1&timeoutSeconds=20&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    )
    watch = watch_at(f"{maps}?{query}")
    eventually(lambda: watch.bookmarks() or any(event["type"] == "ERROR" for event in watch.events), 10)
    if "RequestWatchProgress" in str(watch.events[0]):
        pytest.skip("the etcd of this cluster is too old for it")
    mark = watch.bookmarks()[0]
    assert mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert mark["kind"] == "ConfigMap"
    assert int(mark["metadata"]["resourceVersion"]) > 0
    assert ("ADDED", "first") in watch.seen()


def test_a_watch_ends_after_its_time(api, maps, watch_at):
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=1&resourceVersion={revision(api, maps)}")
    assert watch.ended.wait(10)


def test_a_watch_may_ask_for_tables(api, maps, make, watch_at):
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&resourceVersion={revision(api, maps)}", accept)
    make("tabled")
    eventually(lambda: watch.events, 10)
    table = watch.events[0]["object"]
    assert (table["kind"], table["rows"][0]["cells"][0]) == ("Table", "tabled")


def test_a_watch_of_metadata_alone(api, maps, make, watch_at):
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    watch = watch_at(f"{maps}?watch=1&timeoutSeconds=20&resourceVersion={revision(api, maps)}", accept)
    make("bare")
    eventually(lambda: watch.events, 10)
    assert watch.events[0]["object"]["kind"] == "PartialObjectMetadata"


def test_pages_put_together_are_the_whole(api, maps, make):
    names = [f"page-{number}" for number in range(7)]
    for name in names:
        make(name, book="one")
    found, token, pages = [], "", 0
    while True:
        page = api.get(f"{maps}?labelSelector=book%3Done&limit=3&continue={token}").body
        found += [item["metadata"]["name"] for item in page["items"]]
        pages += 1
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert (found, pages) == (names, 3)


def test_a_page_says_how_many_are_left_unless_something_is_selected(api, maps, make):
    for number in range(4):
        make(f"left-{number}")
    total = len(api.get(maps).body["items"])
    assert api.get(f"{maps}?limit=2").body["metadata"]["remainingItemCount"] == total - 2
    selected = api.get(f"{maps}?limit=2&labelSelector=!none").body["metadata"]
    assert "remainingItemCount" not in selected
    assert selected["continue"]


def test_later_pages_are_of_the_time_of_the_first(api, maps, make):
    for number in range(4):
        make(f"snap-{number}", book="two")
    first = api.get(f"{maps}?labelSelector=book%3Dtwo&limit=2").body
    make("snap-9", book="two")
    api.ask("DELETE", f"{maps}/snap-3")
    token = first["metadata"]["continue"]
    second = api.get(f"{maps}?labelSelector=book%3Dtwo&limit=9&continue={token}").body
    assert [item["metadata"]["name"] for item in second["items"]] == ["snap-2", "snap-3"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_list_of_an_exact_revision_is_of_that_time(api, maps, make):
    since = make("exact-1", book="three")["metadata"]["resourceVersion"]
    make("exact-2", book="three")
    query = f"labelSelector=book%3Dthree&resourceVersion={since}&resourceVersionMatch=Exact"
    found = api.get(f"{maps}?{query}").body
    assert [item["metadata"]["name"] for item in found["items"]] == ["exact-1"]


def test_each_write_has_a_greater_revision(api, maps, make):
    seen = [int(make(f"order-{number}")["metadata"]["resourceVersion"]) for number in range(3)]
    assert seen == sorted(set(seen))


def test_lists_are_in_the_order_of_names(api, maps, make):
    for name in ("zeta", "alpha", "mid"):
        make(name, book="four")
    found = api.get(f"{maps}?labelSelector=book%3Dfour").body["items"]
    assert [item["metadata"]["name"] for item in found] == ["alpha", "mid", "zeta"]

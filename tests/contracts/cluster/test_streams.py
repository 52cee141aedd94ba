"""What runs through the API server into pods: logs, exec, attach, port-forward, and HTTP by its proxy."""

import contextlib
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import websocket

from tests.contracts.cluster.api import API, Answer
from tests.contracts.cluster.conftest import eventually
from tests.contracts.cluster.places import IMAGE, Place, pod, ready

SERVES = "echo one; echo two; mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www"
_INVALID = 'PodLogOptions "server" is invalid'
STDIN, STDOUT, STDERR, ERROR = range(4)
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"


@pytest.fixture(scope="module")
def place(_api: API, namespace: str) -> Place:
    found = Place(_api, namespace)
    container = {"name": "c", "image": IMAGE, "command": ["sh", "-c", SERVES], "ports": [{"containerPort": 8080}]}
    body = {"metadata": {"name": "server", "labels": {"app": "server"}}, "spec": {"containers": [container]}}
    found.make("pods", body)
    found.make("pods", pod("done", "sh", "-c", "echo out; exit 0", restartPolicy="Never"))
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    found.make("services", {"metadata": {"name": "server"}, "spec": {"selector": {"app": "server"}, "ports": ports}})
    eventually(lambda: ready([found.get("pods", "server")]))
    eventually(lambda: found.get("pods", "done")["status"].get("phase") == "Succeeded")
    return found


@pytest.fixture
def logs(place: Place, api: API) -> Any:
    return lambda query="", name="server": api.get(f"{place.path('pods', name)}/log?{query}")


def test_a_log_is_plain_text(logs):
    answer = logs()
    assert answer.body == "one\ntwo\n"
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("query", "text"),
    [("tailLines=1", "two\n"), ("tailLines=0", ""), ("limitBytes=5", "one\nt"), ("sinceSeconds=86400", "one\ntwo\n"),
     ("container=c", "one\ntwo\n"), ("sinceTime=2001-01-01T00:00:00Z", "one\ntwo\n")],
)  # fmt: skip
def test_a_part_of_a_log(logs, query, text):
    assert logs(query).body == text


def test_a_log_with_times(logs):
    first = logs("timestamps=true").body.splitlines()[0]
    time, _, line = first.partition(" ")
    assert line == "one"
    assert time.endswith("Z")
    assert "T" in time


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("container=x", 400, "container x is not valid for pod server"),
        ("tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("previous=true", 400, 'previous terminated container "c" in pod "server" not found'),
        ("tailLines=-1", 422, f"{_INVALID}: tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ("sinceSeconds=0", 422, f"{_INVALID}: sinceSeconds: Invalid value: 0: must be greater than 0"),
        ("limitBytes=0", 422, f"{_INVALID}: limitBytes: Invalid value: 0: must be greater than 0"),
        ("sinceTime=x", 400, 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
    ],
)  # fmt: skip
def test_options_of_a_log_that_are_wrong(logs, query, status, message):
    answer = logs(query)
    assert (answer.status, answer.message) == (status, message)


def test_a_log_of_no_pod(logs):
    assert (logs(name="nothing").status, logs(name="nothing").message) == (404, 'pods "nothing" not found')


def test_a_log_that_is_followed_ends_with_its_container(logs):
    assert logs("follow=true", "done").body == "out\n"


def test_a_log_of_a_container_that_crashed_is_kept(place, logs):
    place.make("pods", pod("crashed", "sh", "-c", "echo again; exit 1"))
    status = lambda: (place.get("pods", "crashed")["status"].get("containerStatuses") or [{}])[0]  # noqa: E731
    eventually(lambda: status().get("restartCount", 0) > 0)
    eventually(lambda: logs("previous=true", "crashed").body == "again\n")


class Sockets:
    """WebSockets to one API server, with the credentials of its kubeconfig."""

    def __init__(self, api: API) -> None:
        self._url = api.url.replace("https://", "wss://")
        self._tls: dict[str, Any] = {"ca_certs": str(api.session.verify)}
        if api.session.cert:
            self._tls |= {"certfile": api.session.cert[0], "keyfile": api.session.cert[1]}
        given = api.session.headers.get("Authorization")
        self._headers = [f"Authorization: {given}"] if given else []

    @contextlib.contextmanager
    def to(self, path: str, *protocols: str) -> Iterator[websocket.WebSocket]:
        socket = websocket.create_connection(
            self._url + path, timeout=20, sslopt=self._tls, header=self._headers, subprotocols=list(protocols),
            http_no_proxy="*",
        )  # fmt: skip
        try:
            yield socket
        finally:
            socket.close(timeout=1)
            socket.shutdown()  # what `close` leaves open once the server has closed

    def all(self, path: str, *protocols: str, send: tuple[bytes, ...] = ()) -> dict[int, bytes]:
        """What came on each channel until the server closed."""
        with self.to(path, *protocols) as socket:
            for data in send:
                socket.send_binary(data)
            return channels(socket)


def channels(socket: websocket.WebSocket) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while True:
        kind, data = socket.recv_data()
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return found
        found[data[0]] = found.get(data[0], b"") + data[1:]


@pytest.fixture
def sockets(api: API) -> Sockets:
    return Sockets(api)


def refusal(api: API, path: str, protocol: str) -> Answer:
    """The answer to a handshake that fails."""
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": protocol,
    }  # fmt: skip
    return api.ask("GET", path, headers=headers)


def command(place: Place, *words: str, extra: str = "stdout=1&stderr=1") -> str:
    said = "&".join(f"command={quote(word, safe='')}" for word in words)
    return f"{place.path('pods', 'server')}/exec?{said}&{extra}"


def test_a_command_is_run(place, sockets):
    found = sockets.all(command(place, "sh", "-c", "echo out; echo err >&2"), V5)
    assert (found[STDOUT], found[STDERR]) == (b"out\n", b"err\n")
    assert found[ERROR] == b'{"metadata":{},"status":"Success"}'


def test_the_exit_code_is_told(place, sockets):
    found = sockets.all(command(place, "sh", "-c", "exit 3"), V4)
    assert b'"reason":"NonZeroExitCode"' in found[ERROR]
    assert b'"causes":[{"reason":"ExitCode","message":"3"}]' in found[ERROR]


def test_a_command_that_is_not_there_is_told(place, sockets):
    found = sockets.all(command(place, "nothing"), V5)
    assert b"executable file not found in $PATH" in found[ERROR]
    assert b'"reason":"InternalError"' in found[ERROR]


def test_a_command_reads_what_is_sent_until_that_ends(place, sockets):
    sent = (bytes([STDIN]) + b"hello\n", bytes([255, STDIN]))
    found = sockets.all(command(place, "cat", extra="stdin=1&stdout=1&stderr=1"), V5, send=sent)
    assert found[STDOUT] == b"hello\n"
    assert found[ERROR] == b'{"metadata":{},"status":"Success"}'


def test_a_terminal_has_carriage_returns(place, sockets):
    found = sockets.all(command(place, "echo", "hi", extra="stdout=1&tty=1"), V5)
    assert found[STDOUT] == b"hi\r\n"


def test_the_newest_protocol_is_chosen(place, sockets):
    with sockets.to(command(place, "true"), V5, V4) as socket:
        assert socket.subprotocol == V5


@pytest.mark.parametrize(
    ("path", "status"),
    [("exec?command=true&stdout=1&container=x", 400), ("exec?command=true", 400), ("attach", 400)],
)
def test_a_stream_that_cannot_be_is_refused(place, api, path, status):
    assert refusal(api, f"{place.path('pods', 'server')}/{path}", V5).status == status


def test_a_protocol_that_nobody_knows_is_refused(place, api):
    assert refusal(api, command(place, "true"), "other").status == 403


@pytest.mark.parametrize("door", ["exec?command=true&stdout=1", "attach?stdout=1", "portforward?ports=8080"])
def test_a_stream_takes_an_upgrade(place, api, door):
    answer = api.get(f"{place.path('pods', 'server')}/{door}")
    assert (answer.status, answer.message) == (400, "Upgrade request required")


def test_nothing_runs_in_a_pod_that_is_over(place, api):
    answer = refusal(api, f"{place.path('pods', 'done')}/exec?command=true&stdout=1", V5)
    assert (answer.status, answer.body) == (500, 'container not found ("c")')


def test_a_port_is_forwarded(place, sockets):
    with sockets.to(f"{place.path('pods', 'server')}/portforward?ports=8080", V4) as socket:
        for channel in (0, 1):
            assert socket.recv_data()[1] == bytes([channel]) + struct.pack("<H", 8080)
        socket.send_binary(b"\x00GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        said = channels(socket)[0]
    assert said.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))


def test_a_port_that_nobody_listens_on_is_told_on_the_channel_of_errors(place, sockets):
    with sockets.to(f"{place.path('pods', 'server')}/portforward?ports=9999", V4) as socket:
        found = [socket.recv_data()[1] for _ in range(3)]
    assert found[2][0] == 1
    assert b"connection refused" in found[2]


def test_the_proxy_leads_to_a_pod_and_to_a_service(place, api):
    for path in (f"{place.path('pods', 'server:8080')}/proxy/", f"{place.path('services', 'server:http')}/proxy/",
                 f"{place.path('services', 'server:80')}/proxy/"):  # fmt: skip
        assert api.get(path).status == 200, path


def test_the_proxy_says_which_service_port_is_missing(place, api):
    answer = api.get(f"{place.path('services', 'server:81')}/proxy/")
    assert (answer.status, answer.message) == (503, 'no service port 81 found for service "server"')


def test_a_proxy_without_a_slash_is_sent_on(place, api):
    path = f"{place.path('services', 'server:80')}/proxy"
    reply = api.session.get(api.url + path, allow_redirects=False, timeout=20)
    assert (reply.status_code, reply.headers["Location"]) == (301, path + "/")

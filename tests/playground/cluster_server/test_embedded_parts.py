"""Parts of the embedded cluster by themselves: protobuf, SPDY, the small shell, and a world whose time runs."""

import asyncio
import contextlib
import datetime
import zlib

import hypothesis
import pytest
from hypothesis import strategies

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.http import wire
from bot.playground.cluster_server.nodes import node
from bot.playground.cluster_server.objects.kinds import built_in_kinds
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.pods import shell, spdy
from bot.playground.cluster_server.pods.programs import Program
from bot.playground.cluster_server.statuses import APIError

KINDS = built_in_kinds()


def field(number, value):
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def enveloped(kind, raw, version=b"v1"):
    return b"k8s\x00" + field(1, field(1, version) + field(2, kind)) + field(2, raw)


def test_a_body_in_protobuf_is_read_as_json_would_be():
    metadata = field(1, b"web") + field(11, field(1, b"app") + field(2, b"shop"))
    port = field(1, b"http") + field(2, b"TCP") + field(3, 80) + field(4, field(1, 1) + field(3, b"web"))
    spec = field(1, port) + field(2, field(1, b"app") + field(2, b"shop"))
    found = wire.decoded(enveloped(b"Service", field(1, metadata) + field(2, spec)), KINDS.named("v1", "Service"))
    assert (found["apiVersion"], found["kind"]) == ("v1", "Service")
    assert found["metadata"] == {"name": "web", "labels": {"app": "shop"}}
    assert found["spec"]["selector"] == {"app": "shop"}
    assert found["spec"]["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "web"}]


def test_bytes_times_and_quantities_in_protobuf():
    secret = wire.decoded(enveloped(b"Secret", field(2, field(1, b"a") + field(2, b"hi"))), KINDS.named("v1", "Secret"))
    assert secret["data"] == {"a": "aGk="}
    claim = field(2, field(2, field(2, field(1, b"storage") + field(2, field(1, b"1Gi")))))
    found = wire.decoded(enveloped(b"PersistentVolumeClaim", claim), KINDS.named("v1", "PersistentVolumeClaim"))
    assert found["spec"]["resources"]["requests"] == {"storage": "1Gi"}
    made = field(1, field(8, field(1, 1)))
    stamped = wire.decoded(enveloped(b"Secret", made), KINDS.named("v1", "Secret"))
    assert stamped["metadata"]["creationTimestamp"] == "1970-01-01T00:00:01Z"


@hypothesis.given(strategies.binary(max_size=200))
def test_whatever_is_no_protobuf_is_refused_in_words(data):
    for body in (data, b"k8s\x00" + data, enveloped(b"Pod", data[:100])):
        with contextlib.suppress(APIError):  # anything else is a bug
            wire.decoded(body, KINDS.named("v1", "Pod"))


async def test_spdy_opens_streams_and_carries_both_ways():
    sent, opened = [], []

    async def send(data):
        sent.append(data)

    connection = spdy.Connection(send, opened.append)
    deflater = zlib.compressobj(zdict=(spdy._DICTIONARY).read_bytes())
    pairs = b"\x00\x00\x00\x01" + b"\x00\x00\x00\x0astreamtype" + b"\x00\x00\x00\x04data"
    headers = deflater.compress(pairs) + deflater.flush(zlib.Z_SYNC_FLUSH)
    body = b"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + headers
    frame = b"\x80\x03\x00\x01\x00" + len(body).to_bytes(3, "big") + body
    await connection.feed(frame[:7])
    await connection.feed(frame[7:] + b"\x00\x00\x00\x01\x00\x00\x00\x05hello" + b"\x00\x00\x00\x01\x01\x00\x00\x00")
    (stream,) = opened
    assert stream.headers == {"streamtype": "data"}
    assert [await stream.read(), await stream.read()] == [b"hello", b""]
    await stream.write(b"back")
    assert sent[0][:4] == b"\x80\x03\x00\x02", "a new stream is answered"
    assert sent[-1] == b"\x00\x00\x00\x01\x00\x00\x00\x04back"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n" + b"\xff" * 8,
        b"\x80\x02\x00\x01\x00\x00\x00\x00",
        b"\x80\x03\x00\x01\x00\x00\x00\x0c" + b"\x00" * 12,
    ],
)
async def test_what_is_no_spdy_ends_the_connection(data):
    async def send(_):
        pass

    with pytest.raises(spdy.ProtocolError):
        await spdy.Connection(send, lambda _: None).feed(data)


@pytest.mark.parametrize(
    ("command", "printed", "exit_code"),
    [
        (["sh", "-c", "echo a; echo b && exit 3"], ("a", "b"), 3),
        (["sh", "-c", "echo a; exec httpd -f"], ("a",), None),
        (["echo", "a b"], ("a b",), 0),
        (["false"], (), 1),
        (["sleep", "3600"], (), None),
        (["sleep", "2"], (), 0),
        (["nginx", "-g", "daemon off;"], (), None),
        ([], (), None),
    ],
)
def test_what_a_command_will_do(command, printed, exit_code):
    found = shell.foretold(command)
    assert (found.printed, found.exit_code) == (printed, exit_code)


@pytest.mark.parametrize(
    ("script", "out", "err", "code"),
    [
        ("echo a; echo b >&2; false || echo c", "a\nc\n", "b\n", 0),
        ("true && exit 4; echo never", "", "", 4),
        ("hostname", "pod\n", "", 0),
        ("echo $COLOR", "blue\n", "", 0),
        ("nothing || echo c", "c\n", "sh: nothing: not found\n", 0),
        ("cat /missing", "", "cat: can't open '/missing': No such file or directory\n", 1),
        ("nslookup web", "Name: web\n", "", 0),
    ],
)
async def test_a_script_is_run(script, out, err, code):
    said = {1: "", 2: ""}

    async def write(channel, data):
        said[channel] += data.decode()

    async def nothing():
        for data in ():
            yield data

    around = shell.Surroundings("pod", {"COLOR": "blue"}, {"nslookup web": ("Name: web\n", 0)})
    assert await shell.run(["sh", "-c", script], around, nothing(), write) == code
    assert (said[1], said[2]) == (out, err)


def crashing():
    container = {"name": "c", "image": "crash:1", "command": ["sh", "-c", "exit 1"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "crash"}, "spec": {"containers": [container]}}


async def test_time_can_run_fast_and_crash_loops_go_on_while_the_world_is_settled():
    async with EmbeddedCluster(pace=0.001) as cluster:
        cluster.create([crashing()])
        pods = cluster.kinds.named("v1", "Pod")
        seen = asyncio.Event()

        def restarts(change=None):
            statuses = cluster.registry.get(pods, "default", "crash")["status"].get("containerStatuses") or [{}]
            if statuses[0].get("restartCount", 0) >= 4:
                seen.set()

        cluster.store.subscribe(restarts)
        await cluster.settled()
        async with asyncio.timeout(20):
            await seen.wait()


async def test_a_program_that_is_mended_ends_its_crash_loop():
    async with EmbeddedCluster() as cluster:
        cluster.programs.set("crash", Program(exit_code=1))
        cluster.create([crashing()])
        await cluster.settled()
        pods = cluster.kinds.named("v1", "Pod")
        waiting = cluster.registry.get(pods, "default", "crash")["status"]["containerStatuses"][0]["state"]["waiting"]
        assert (waiting["reason"], waiting["message"].split(" ")[1]) == ("CrashLoopBackOff", "10s")
        cluster.programs.set("crash", Program())
        await cluster.settled()
        assert cluster.registry.get(pods, "default", "crash")["status"]["containerStatuses"][0]["ready"]


async def test_a_node_whose_addresses_are_all_taken_says_so():
    small = node({"name": "small", "address": "192.0.2.1", "pods": "10.0.0.0/30"})
    spec = {"containers": [{"name": "c", "image": "i:1"}]}
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{n}"}, "spec": spec} for n in range(2)]
    async with EmbeddedCluster([small]) as cluster:
        cluster.create(pods)
        await cluster.settled()
        events = cluster.registry.list(cluster.kinds.named("v1", "Event"), "default")
        said = [event["message"] for event in events if event["reason"] == "FailedCreatePodSandBox"]
        assert len(said) == 1
        assert "no IP addresses available in range set: 10.0.0.1-10.0.0.2" in said[0]


async def test_a_world_is_cleared_with_its_definitions():
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    async with EmbeddedCluster() as cluster:
        cluster.create([crd | {"metadata": {"name": "things.example.com"}, "spec": spec}])
        await cluster.settled()
        cluster.create([{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}])
        cluster.clear()
        assert not list(cluster.store.everything())
        assert cluster.kinds.of("example.com/v1", "Thing") is None
        cluster.create(())
        await cluster.settled()
        assert cluster.registry.find(cluster.kinds.named("v1", "Service"), "default", "kubernetes")


async def test_a_cron_job_starts_what_is_due():
    job = {
        "template": {
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i", "command": ["true"]}]}
        }
    }
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "often"},
            "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job}}}  # fmt: skip
    async with EmbeddedCluster() as cluster:
        async with cluster.long_ago(datetime.timedelta(minutes=5)):
            cluster.create([cron])
        kind = cluster.kinds.named("batch/v1", "CronJob")
        before = cluster.registry.get(kind, "default", "often")
        touched = before | {"metadata": before["metadata"] | {"labels": {"looked": "at"}}}
        cluster.registry.update(kind, "default", "often", touched, Writing("tester"))
        await cluster.settled()
        (made,) = cluster.registry.list(cluster.kinds.named("batch/v1", "Job"))
        assert made["metadata"]["name"].startswith("often-")
        found = cluster.registry.get(kind, "default", "often")["status"]
        assert found["lastScheduleTime"].endswith(":00Z")
        assert found["lastSuccessfulTime"]

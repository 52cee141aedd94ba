"""The front door: opening asks nobody, and the cluster is known once it answered."""

import re
from pathlib import Path

import pytest
from kubernetes.aio.client.configuration import Configuration
from speaking_api_server import NAMESPACE, UID, SpeakingServer, status, who_it_is

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.identifying import by_address
from bot.application.ports.cluster import LogRequest
from bot.domain.chat.invocation import Actor
from bot.domain.network.probing import ByAPIServer, HTTPProbe, Outcome
from bot.domain.network.references import POD, SERVICE, ref_to
from bot.domain.network.snapshot import ClusterIdentity, Scope
from bot.errors import BotError, NotFound, Refused, Unreachable

ACTOR = Actor("terminal:alice")
WEB = ref_to(SERVICE, "shop", "web")


async def test_opening_asks_nobody_and_reads_no_file(tmp_path: Path) -> None:
    clusters = KubernetesClusters(tmp_path / "nowhere")
    async with clusters.open("", ACTOR) as opened:
        with pytest.raises(Unreachable, match="has not answered yet"):
            _ = opened.cluster.identity
        with pytest.raises(NotFound, match="There is no kubeconfig"):
            _ = opened.cluster.default_namespace
        with pytest.raises(NotFound, match="There is no kubeconfig"):
            await opened.cluster.read(Scope((POD,)))
        seen = await opened.prober.ask(HTTPProbe(WEB, 80), ByAPIServer())
        assert seen.outcome is Outcome.NOT_ASKED
        assert "There is no kubeconfig" in seen.evidence
    await clusters.close()


async def test_the_cluster_is_asked_once_who_it_is(server: SpeakingServer) -> None:
    who_it_is(server)
    server.on("GET", f"{NAMESPACE}/services/web", (200, {"kind": "Service"}))
    clusters = KubernetesClusters(server.kubeconfig())
    identity = ClusterIdentity(UID, "test", "v1.36.2")
    async with clusters.open("", ACTOR) as opened:
        await opened.cluster.get(WEB)
        assert opened.cluster.identity == identity
        assert opened.cluster.default_namespace == "shop"
    assert await clusters.identities() == (identity,)
    await clusters.close()
    assert server.paths() == ["/api/v1/namespaces/kube-system", "/version", f"{NAMESPACE}/services/web"]


async def test_another_cluster_is_not_served(server: SpeakingServer) -> None:
    who_it_is(server)
    clusters = KubernetesClusters(server.kubeconfig())
    async with clusters.open("another-uid", ACTOR) as opened:
        with pytest.raises(NotFound, match=f"does not serve the cluster another-uid.*`test`, {UID}"):
            await opened.cluster.get(WEB)
        seen = await opened.prober.ask(HTTPProbe(WEB, 80), ByAPIServer())
        assert seen.outcome is Outcome.NOT_ASKED
    with pytest.raises(NotFound):
        async with clusters.open("another-uid", ACTOR):
            pass
    async with clusters.open(UID, ACTOR):
        pass
    await clusters.close()
    assert f"{NAMESPACE}/services/web" not in server.paths()


async def test_a_cluster_that_was_away_is_known_when_it_is_back(server: SpeakingServer) -> None:
    clusters = KubernetesClusters(server.kubeconfig())
    server.on("GET", "/api/v1/namespaces/kube-system", status(400, "starting"))
    with pytest.raises(BotError):
        await clusters.identities()
    who_it_is(server)
    assert (await clusters.identities())[0].uid == UID
    await clusters.close()


async def test_the_version_may_stay_unknown(server: SpeakingServer) -> None:
    who_it_is(server)
    server.on("GET", "/version", status(403, "forbidden", "Forbidden"))
    clusters = KubernetesClusters(server.kubeconfig())
    assert (await clusters.identities())[0].version == ""
    await clusters.close()


async def test_without_kube_system_address_and_authority_are_the_identity(server: SpeakingServer) -> None:
    forbidden = status(403, 'namespaces "kube-system" is forbidden', "Forbidden")
    server.on("GET", "/api/v1/namespaces/kube-system", forbidden)
    server.on("GET", f"{NAMESPACE}/services/web", (200, {"kind": "Service"}))
    uids = set()
    for _ in range(2):  # another process knows it by the same name
        clusters = KubernetesClusters(server.kubeconfig())
        [identity] = await clusters.identities()
        uids.add(identity.uid)
        async with clusters.open(identity.uid, ACTOR) as opened:
            assert await opened.cluster.get(WEB) == {"kind": "Service"}
        await clusters.close()
    [uid] = uids
    assert re.fullmatch(r"address-[0-9a-f]{32}", uid)


def test_another_address_or_authority_is_another_identity(tmp_path: Path) -> None:
    def known_as(host: str, authority: str) -> str:
        configuration = Configuration()
        configuration.host = host
        (tmp_path / "ca.crt").write_text(authority)
        configuration.ssl_ca_cert = str(tmp_path / "ca.crt") if authority else None
        return by_address(configuration)

    one = known_as("https://10.96.0.1:443", "authority A")
    assert known_as("https://10.96.0.1:443/", "authority A\n") == one  # how it is written makes no difference
    others = [
        ("https://10.96.0.1:443", "authority B"),
        ("https://10.96.0.1:443/clusters/b", "authority A"),
        ("https://10.96.0.1:443", ""),
    ]
    assert len({one, *(known_as(*other) for other in others)}) == 4


async def test_who_is_not_known_to_the_server_gets_no_identity(server: SpeakingServer) -> None:
    server.on("GET", "/api/v1/namespaces/kube-system", status(401, "Unauthorized", "Unauthorized"))
    clusters = KubernetesClusters(server.kubeconfig())
    with pytest.raises(Refused):
        await clusters.identities()
    await clusters.close()


async def test_what_is_no_api_server_is_told(server: SpeakingServer) -> None:
    server.on("GET", "/api/v1/namespaces/kube-system", (200, b"<html>welcome</html>"))
    clusters = KubernetesClusters(server.kubeconfig())
    with pytest.raises(BotError, match="no Kubernetes API server"):
        await clusters.identities()
    await clusters.close()


async def test_a_log_without_named_container_takes_the_pods_first(server: SpeakingServer) -> None:
    who_it_is(server)
    pod = f"{NAMESPACE}/pods/web-1"
    server.on("GET", pod, (200, {"spec": {"containers": [{"name": "app"}]}}))
    server.on("GET", f"{pod}/log", (200, b"hello\n"))
    clusters = KubernetesClusters(server.kubeconfig())
    async with clusters.open("", ACTOR) as opened:
        lines = await opened.cluster.logs(ref_to(POD, "shop", "web-1"), LogRequest())
    await clusters.close()
    assert (lines.container, lines.text) == ("app", "hello\n")

"""Which cluster is meant, and with which credentials: told plainly when it cannot be told, and never shown."""

import base64
import os
import tempfile
from pathlib import Path

import pytest
from speaking_api_server import SpeakingServer, status, write_kubeconfig

from bot.adapters.cluster import kubeconfig
from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Call, Session
from bot.errors import BotError, NotFound, Refused

UNAUTHORIZED = status(401, "Unauthorized", "Unauthorized")
ASK = Call(doing="ask", path="/version")


def plugin(folder: Path, script: str, *arguments: str) -> dict[str, object]:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(path),
            "args": list(arguments),
            "interactiveMode": "Never",
        }
    }


def tokens_sent(server: SpeakingServer) -> list[str]:
    return [heard.headers.get("authorization", "") for heard in server.heard]


async def asked(session: Session) -> None:
    try:
        await session.ask(ASK)
    finally:
        await session.close()


def test_context_and_namespace_are_those_of_the_file(tmp_path: Path) -> None:
    chosen = access(write_kubeconfig(tmp_path / "k", {"server": "https://x"}), "", None)
    assert (chosen.name, chosen.namespace) == ("test", "shop")


def test_an_unknown_context_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        access(write_kubeconfig(tmp_path / "k", {"server": "https://x"}), "production", None)
    assert "no context `production`" in caught.value.summary
    assert "`test`" in caught.value.cause


def test_a_file_without_current_context_is_told(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("contexts: [{name: a, context: {cluster: c}}]\nclusters: []\n")
    with pytest.raises(NotFound, match=r"names no current context.*`a`"):
        access(tmp_path / "k", "", None)


def test_a_missing_file_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere.*KUBECONFIG"):
        access(tmp_path / "nowhere", "", None)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "just words",
        "contexts: [1",
        "users: [{name: u, user: {token: hunter2-secret}}\n",
        "contexts: {a: hunter2-secret}\ncurrent-context: a",
        "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, hunter2-secret: {}}]",
        "current-context: a\ncontexts: [{name: a, context: {user: hunter2-secret}}]",
    ],
)
def test_a_malformed_file_is_told_without_citing_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "k").write_text(content)
    with pytest.raises(BotError) as caught:
        access(tmp_path / "k", "", None)
    assert str(tmp_path / "k") in caught.value.summary
    assert "hunter2" not in str(caught.value)


async def test_several_files_are_merged_as_kubectl_does(server: SpeakingServer, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("contexts: [{name: second, context: {cluster: c, user: u}}]\n")
    both = os.pathsep.join((str(server.kubeconfig()), str(other)))
    server.on("GET", "/version", (200, {}))
    await asked(Session(access(both, "second", None)))
    assert tokens_sent(server) == ["Bearer a-token-that-is-secret"]


async def test_a_token_is_never_sent_over_plain_http(tmp_path: Path) -> None:
    configuration = await access(
        write_kubeconfig(tmp_path / "k", {"server": "http://127.0.0.1:1"}), "", None
    ).configuration()
    assert configuration.api_key == {}


async def test_keys_do_not_stay_in_the_temporary_folder(
    server: SpeakingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    pair = base64.b64encode((tmp_path / "server.pem").read_bytes()).decode()
    server.on("GET", "/version", (200, {}))
    await asked(server.session(user={"client-certificate-data": pair, "client-key-data": pair}))
    assert list(folder.iterdir()) == []


async def test_unusable_certificates_are_told(server: SpeakingServer) -> None:
    with pytest.raises(BotError, match="certificates of the context `test` cannot be used"):
        await asked(server.session(user={"client-certificate-data": "aGk=", "client-key-data": "aGk="}))


async def test_a_token_file_is_read_again_when_its_token_is_not_accepted(
    server: SpeakingServer, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("old\n")
    session = server.session(user={"tokenFile": str(tmp_path / "token")})
    server.on("GET", "/version", (200, {}), UNAUTHORIZED, (200, {}))
    await session.ask(ASK)
    (tmp_path / "token").write_text("new\n")
    await asked(session)
    assert tokens_sent(server) == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_token_that_stays_refused_is_sent_once_only(server: SpeakingServer) -> None:
    server.on("GET", "/version", UNAUTHORIZED)
    with pytest.raises(Refused, match="does not accept the bot's credentials"):
        await asked(server.session())
    assert len(server.heard) == 1


async def test_a_plugin_is_run_once_while_its_token_lasts(server: SpeakingServer, tmp_path: Path) -> None:
    script = """echo run >> "$1"
    echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'"""
    session = server.session(user=plugin(tmp_path, script, str(tmp_path / "runs")))
    server.on("GET", "/version", (200, {}))
    await session.ask(ASK)
    await asked(session)
    assert tokens_sent(server) == ["Bearer from-plugin"] * 2
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_a_plugin_is_run_again_when_its_token_expires(server: SpeakingServer, tmp_path: Path) -> None:
    script = """echo run >> "$1"
    echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
    echo '"status":{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}}'"""
    session = server.session(user=plugin(tmp_path, script, str(tmp_path / "runs")))
    server.on("GET", "/version", (200, {}))
    await asked(session)
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("echo please log in >&2; exit 3", "process returned 3. please log in"),
        ("echo nonsense", "failed to decode process output"),
        (
            """echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'""",
            "neither a token nor a certificate",
        ),
    ],
)
async def test_a_plugin_that_fails_is_told(server: SpeakingServer, tmp_path: Path, script: str, cause: str) -> None:
    with pytest.raises(Refused) as caught:
        await asked(server.session(user=plugin(tmp_path, script)))
    assert "credential plugin" in caught.value.summary
    assert cause in caught.value.cause


async def test_a_plugin_that_is_not_installed_is_told(server: SpeakingServer) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin-anywhere"}}
    with pytest.raises(Refused, match=r"`no-such-plugin-anywhere` failed.*no such program"):
        await asked(server.session(user=user))


async def test_in_a_pod_the_service_account_is_used_and_renewed(
    server: SpeakingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "namespace").write_text("netops\n")
    (account / "token").write_text("first\n")
    (account / "ca.crt").write_bytes(server.certificate)
    monkeypatch.setattr(kubeconfig, "_SERVICE_ACCOUNT", account)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", server.url.rpartition(":")[2])
    server.on("GET", "/version", (200, {}), UNAUTHORIZED, (200, {}))

    chosen = access(None, "", None)
    session = Session(chosen)
    await session.ask(ASK)
    (account / "token").write_text("second\n")
    await asked(session)

    assert (chosen.name, chosen.namespace) == ("in-cluster", "netops")
    assert [token.lower() for token in tokens_sent(server)] == ["bearer first", "bearer first", "bearer second"]


def test_a_kubeconfig_that_is_named_wins_over_the_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setattr(kubeconfig, "_SERVICE_ACCOUNT", tmp_path)
    assert access(write_kubeconfig(tmp_path / "k", {"server": "https://x"}), "", None).name == "test"
    assert access(None, "", None).name == "in-cluster"


async def test_no_repr_shows_a_credential(server: SpeakingServer) -> None:
    session = server.session()
    server.on("GET", "/version", (200, {}))
    await session.ask(ASK)
    shown = repr(session) + repr(session.access) + str(vars(session)) + str(vars(session.access))
    await session.close()
    assert "secret" not in shown


async def test_whoever_acts_as_somebody_else_has_that_ones_rights_alone(tmp_path: Path) -> None:
    user = {"token": "t", "as": "system:serviceaccount:ops:bot", "as-groups": ["ops", "night"], "as-uid": "7"}
    user |= {"as-user-extra": {"example.com/why": ["tests"]}}
    chosen = access(write_kubeconfig(tmp_path / "k", {"server": "https://x"}, user), "", None)
    assert chosen.acting_as == (
        ("Impersonate-User", "system:serviceaccount:ops:bot"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Group", "night"),
        ("Impersonate-Extra-example.com%2Fwhy", "tests"),
    )


async def test_it_says_so_with_every_call(server: SpeakingServer) -> None:
    server.on("GET", "/version", (200, {}))
    await asked(server.session(user={"token": "t", "as": "jane", "as-groups": ["ops", "night"]}))
    assert server.heard[-1].headers["impersonate-user"] == "jane"
    assert server.heard[-1].headers["authorization"] == "Bearer t"


def test_what_cannot_be_acted_as_is_told(tmp_path: Path) -> None:
    with pytest.raises(BotError):
        access(write_kubeconfig(tmp_path / "k", {"server": "https://x"}, {"token": "t", "as": ["jane"]}), "", None)

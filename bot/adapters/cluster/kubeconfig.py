"""Which cluster is meant, and with which credentials: from a kubeconfig's context, or from the pod we run in.

Finding that out reads files only. Credentials are loaded when the first call needs them (a plugin may have to run),
and again when they age.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import incluster_config, kube_config
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.exec_provider import ExecProvider

from bot.adapters.cluster.failures import plain
from bot.errors import BotError, NotFound, Refused

TOKEN_AGE_SECONDS = 60.0
"""How long a token that came from a file is used before the file is read again, as kubelets rotate them."""
PLUGIN_TIMEOUT_SECONDS = 30.0

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

# The library logs what credential plugins print; that is told in our own words instead, without secrets.
logging.getLogger("kubernetes.aio.config.kube_config").setLevel(logging.CRITICAL)


class Access:
    """How to reach one cluster. `name` is what people call it, `namespace` its default one."""

    def __init__(self, name: str, namespace: str, load: Callable[[Configuration], Awaitable[None]]) -> None:
        self.name = name
        self.namespace = namespace
        self._load = load

    async def configuration(self) -> Configuration:
        """The client's configuration, credentials included. Raises Refused when a credential plugin fails."""
        configuration = Configuration()
        await self._load(configuration)
        if not configuration.host.startswith("https://"):
            # As kubectl does it: nobody on the way shall learn a token.
            configuration.api_key.clear()
            configuration.refresh_api_key_hook = None
        return configuration

    def __repr__(self) -> str:
        return f"Access({self.name!r})"


def access(kubeconfig: Path | str | None, context: str, in_cluster: bool | None) -> Access:
    """The access that the settings name.

    `kubeconfig` may be several paths as in KUBECONFIG; None: the pod's service account when there is one (unless
    `in_cluster` is False), else `~/.kube/config`. `context` empty: the current one. Raises BotError in plain words.
    """
    if in_cluster or (in_cluster is None and not kubeconfig and _in_a_pod()):
        return _from_pod()
    return _from_file(str(kubeconfig or Path.home() / ".kube" / "config"), context)


def _in_a_pod() -> bool:
    return bool(os.environ.get(incluster_config.SERVICE_HOST_ENV_NAME)) and _NAMESPACE_FILE.parent.is_dir()


def _from_pod() -> Access:
    async def load(configuration: Configuration) -> None:
        try:
            incluster_config.load_incluster_config(configuration)
        except (ConfigException, OSError) as error:
            raise BotError(
                "Cannot use the pod's service account",
                cause=plain(str(error)),
                next_step="see that the pod has `automountServiceAccountToken: true`, or set KUBECONFIG",
            ) from error
        refresh = configuration.refresh_api_key_hook

        def stripped(current: Configuration) -> None:
            refresh(current)
            _strip(current)
            current.refresh_api_key_hook = stripped  # the library's hook sets itself again each time

        _strip(configuration)
        configuration.refresh_api_key_hook = stripped

    try:
        namespace = _NAMESPACE_FILE.read_text().strip()
    except OSError:
        namespace = ""
    return Access("in-cluster", namespace or "default", load)


def _strip(configuration: Configuration) -> None:
    """Token files end with a line break, which no header may hold."""
    for key, value in configuration.api_key.items():
        configuration.api_key[key] = value.strip()


class _Loader(kube_config.KubeConfigLoader):  # type: ignore[misc]  # the library ships no types
    """The library's loader, where a plugin that fails says so and one that hangs is ended."""

    async def load_from_exec_plugin(self) -> bool | None:
        command = plain(str(self._user["exec"].safe_get("command") or "the credential plugin"), 80)
        if hasattr(self, "exec_plugin_expiry") and not kube_config._is_expired(self.exec_plugin_expiry):
            return True
        try:
            status = await asyncio.wait_for(ExecProvider(self._user["exec"]).run(), PLUGIN_TIMEOUT_SECONDS)
        except FileNotFoundError as error:
            raise _plugin_failed(command, "there is no such program on this machine") from error
        except TimeoutError as error:
            raise _plugin_failed(command, f"it did not end within {PLUGIN_TIMEOUT_SECONDS:.0f} s") from error
        except (ConfigException, OSError, ValueError) as error:
            raise _plugin_failed(command, plain(str(error))) from error
        if not status.get("token") and not status.get("clientCertificateData"):
            raise _plugin_failed(command, "it gave neither a token nor a certificate")
        self._take(status)
        return True

    def _take(self, status: dict[str, Any]) -> None:
        if status.get("token"):
            self.token = f"Bearer {status['token']}"
        if status.get("clientCertificateData") and status.get("clientKeyData"):
            self.cert_file = kube_config._create_temp_file_with_content(status["clientCertificateData"])
            self.key_file = kube_config._create_temp_file_with_content(status["clientKeyData"])
        if status.get("expirationTimestamp"):
            self.exec_plugin_expiry = kube_config.parse_rfc3339(status["expirationTimestamp"])


def _plugin_failed(command: str, cause: str) -> Refused:
    return Refused(
        f"The kubeconfig's credential plugin `{command}` failed",
        cause=cause,
        next_step="run `kubectl get namespaces` with the same kubeconfig to see what it wants",
    )


def _from_file(paths: str, context: str) -> Access:
    loader = _loader(paths, context)
    chosen = loader.current_context
    namespace = str((chosen.get("context") or {}).get("namespace") or "default")

    async def load(configuration: Configuration) -> None:
        try:
            await loader.load_and_set(configuration)
        except (ConfigException, OSError, ValueError, KeyError, TypeError) as error:
            raise _malformed(paths, error) from error
        _strip(configuration)
        configuration.refresh_api_key_hook = _refresher(loader)

    return Access(str(chosen["name"]), namespace, load)


def _loader(paths: str, context: str) -> _Loader:
    if not any(Path(path).expanduser().is_file() for path in paths.split(os.pathsep) if path):
        raise NotFound(
            "There is no kubeconfig",
            cause=f"no file at {plain(paths)}",
            next_step="set KUBECONFIG to the path of one, as `kubectl config view` would use it",
        )
    try:
        merged = kube_config.KubeConfigMerger(paths).config
        if merged is None or not isinstance(merged.value, dict):
            raise ConfigException("it is empty, or not a mapping")
        _check_context(merged.value, paths, context)
        return _Loader(config_dict=merged, config_base_path=None, active_context=context or None)
    except yaml.YAMLError as error:
        raise _malformed(paths, error) from error
    except (ConfigException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _malformed(paths, error) from error


def _check_context(config: dict[str, Any], paths: str, context: str) -> None:
    known = [str(entry["name"]) for entry in config.get("contexts") or [] if "name" in entry]
    wanted = context or config.get("current-context") or ""
    there_are = "it has " + ", ".join(f"`{plain(name, 80)}`" for name in known[:20]) if known else "it has none"
    if not wanted:
        raise NotFound(
            f"The kubeconfig {plain(paths)} names no current context",
            cause=there_are,
            next_step="choose one with `kubectl config use-context NAME`, or with PATCHBAY_KUBE_CONTEXT",
        )
    if wanted not in known:
        raise NotFound(
            f"The kubeconfig {plain(paths)} has no context `{plain(wanted, 80)}`",
            cause=there_are,
            next_step="name one of these with `--context`, or in PATCHBAY_KUBE_CONTEXT",
        )


def _malformed(paths: str, error: Exception) -> BotError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        # Never cite the line itself: it may be the one with the key.
        cause = f"line {error.problem_mark.line + 1} is not YAML"
    elif isinstance(error, (ConfigException, OSError)):
        cause = plain(str(error))
    else:
        cause = f"a value in it has another form than expected ({type(error).__name__})"
    return BotError(
        f"The kubeconfig {plain(paths)} cannot be used", cause=cause, next_step="`kubectl config view` must accept it"
    )


def _refresher(loader: _Loader) -> Callable[[Configuration], Awaitable[None]] | None:
    """What looks after credentials that age, called before each request; None: nothing here does."""
    user = loader._user
    if user is None:
        return None
    read_at = time.monotonic()

    async def refresh(configuration: Configuration) -> None:
        nonlocal read_at
        if "exec" in user:
            await loader.load_from_exec_plugin() if hasattr(loader, "exec_plugin_expiry") else None
        elif time.monotonic() - read_at > TOKEN_AGE_SECONDS:
            read_at = time.monotonic()
            await loader._load_authentication()
        if "token" in loader.__dict__:
            configuration.api_key["BearerToken"] = loader.token
            _strip(configuration)

    return refresh if "exec" in user or "tokenFile" in user or loader.provider else None

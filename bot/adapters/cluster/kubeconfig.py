"""Which cluster is meant, and with which credentials: from a kubeconfig's context, or from the pod we run in.

Finding that out reads files only. Credentials are loaded when the first call needs them (a plugin may have to run),
and again when they age.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import os
import re
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import yaml
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import incluster_config, kube_config
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.dateutil import parse_rfc3339
from kubernetes.aio.config.exec_provider import ExecProvider

from bot.adapters.cluster.failures import plain
from bot.errors import BotError, NotFound, Refused

TOKEN_AGE_SECONDS = 60.0
"""How long a token that came from a file is used before the file is read again, as kubelets rotate them."""
PLUGIN_TIMEOUT_SECONDS = 30.0

_PLUGIN_MARGIN = datetime.timedelta(minutes=1)
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_BEARER = "BearerToken"
"""Where the library keeps the value of the header Authorization."""

# The library logs what credential plugins print; that is told in our own words instead, without secrets.
logging.getLogger("kubernetes.aio.config.kube_config").setLevel(logging.CRITICAL)


class Credentials(Protocol):
    """Where credentials come from, for as long as they are needed."""

    async def load(self, configuration: Configuration) -> None:
        """Server, TLS and credentials. Raises BotError."""
        ...

    async def renew(self, configuration: Configuration, *, at_once: bool) -> None:
        """Looks whether there are newer ones: when the old ones age, or at once. Raises BotError."""
        ...


class Access:
    """How to reach one cluster. `name` is what people call it, `namespace` its default one."""

    def __init__(
        self, name: str, namespace: str, credentials: Credentials, acting_as: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.name = name
        self.namespace = namespace
        self.acting_as = tuple(acting_as)
        """Headers by which the user acts as another one, as `as` and `as-groups` in a kubeconfig say."""
        self._credentials = credentials

    async def configuration(self) -> Configuration:
        """The client's configuration, credentials included. Raises Refused when a credential plugin fails."""
        configuration = Configuration()
        await self._credentials.load(configuration)
        if not configuration.host.startswith("https://"):
            # As kubectl does it: nobody on the way shall learn a token.
            configuration.api_key.clear()
        return configuration

    async def renew(self, configuration: Configuration, *, at_once: bool = False) -> bool:
        """Before a call, and at once when the API server did not accept the credentials. True: they are others now."""
        before = configuration.api_key.get(_BEARER)
        if before is not None:
            await self._credentials.renew(configuration, at_once=at_once)
        return bool(configuration.api_key.get(_BEARER) != before)

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
    return bool(os.environ.get(incluster_config.SERVICE_HOST_ENV_NAME)) and _SERVICE_ACCOUNT.is_dir()


def _from_pod() -> Access:
    try:
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text().strip()
    except OSError:
        namespace = ""
    return Access("in-cluster", namespace or "default", _ServiceAccount(_SERVICE_ACCOUNT))


class _ServiceAccount:
    """The files that the kubelet mounts into a pod, and renews there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_at = 0.0

    async def load(self, configuration: Configuration) -> None:
        loader = incluster_config.InClusterConfigLoader(
            token_filename=str(self._folder / "token"),
            cert_filename=str(self._folder / "ca.crt"),
            try_refresh_token=False,
        )
        try:
            loader.load_and_set(configuration)
        except (ConfigException, OSError) as error:
            raise BotError(
                "Cannot use the pod's service account",
                cause=plain(str(error)),
                next_step="see that the pod has `automountServiceAccountToken: true`, or set KUBECONFIG",
            ) from error
        self._read_at = time.monotonic()
        _strip(configuration)

    async def renew(self, configuration: Configuration, *, at_once: bool) -> None:
        if at_once or time.monotonic() - self._read_at > TOKEN_AGE_SECONDS:
            self._read_at = time.monotonic()
            with contextlib.suppress(OSError):  # the old token may still do
                if token := (self._folder / "token").read_text().strip():
                    configuration.api_key[_BEARER] = f"Bearer {token}"


def _strip(configuration: Configuration) -> None:
    """Token files end with a line break, which no header may hold."""
    for key, value in configuration.api_key.items():
        configuration.api_key[key] = value.strip()


class _Loader(kube_config.KubeConfigLoader):  # type: ignore[misc]  # the library ships no types
    """The library's loader, where a plugin that fails says so and one that hangs is ended."""

    _asked = False
    exec_plugin_expiry: datetime.datetime | None = None

    def forget_plugin(self) -> None:
        """The plugin is run again when credentials are needed next."""
        self._asked = False

    async def load_from_exec_plugin(self) -> bool | None:
        command = plain(str(self._user["exec"].safe_get("command") or "the credential plugin"), 80)
        if self._asked and not self._expired():
            return True
        try:
            status = await asyncio.wait_for(ExecProvider(self._user["exec"]).run(), PLUGIN_TIMEOUT_SECONDS)
        except FileNotFoundError as error:
            raise _plugin_failed(command, "there is no such program on this machine") from error
        except TimeoutError as error:
            raise _plugin_failed(command, f"it did not end within {PLUGIN_TIMEOUT_SECONDS:.0f} s") from error
        except (ConfigException, OSError, ValueError) as error:
            raise _plugin_failed(command, plain(_said(error), 200)) from error
        if not status.get("token") and not status.get("clientCertificateData"):
            raise _plugin_failed(command, "it gave neither a token nor a certificate")
        self._take(status)
        self._asked = True
        return True

    def _expired(self) -> bool:
        """Without an expiry the credentials are good until the API server says otherwise."""
        return self.exec_plugin_expiry is not None and bool(
            self.exec_plugin_expiry <= datetime.datetime.now(datetime.UTC) + _PLUGIN_MARGIN
        )

    def _take(self, status: dict[str, Any]) -> None:
        if status.get("token"):
            self.token = f"Bearer {status['token']}"
        if status.get("clientCertificateData") and status.get("clientKeyData"):
            self.cert_file = kube_config._create_temp_file_with_content(status["clientCertificateData"])
            self.key_file = kube_config._create_temp_file_with_content(status["clientKeyData"])
        expiry = status.get("expirationTimestamp")
        self.exec_plugin_expiry = parse_rfc3339(expiry) if expiry else None


def _said(error: Exception) -> str:
    """What the library says of a plugin, without Python's marks of bytes."""
    return re.sub(r"\bb'(.*)'$", r"\1", str(error).removeprefix("exec: "), flags=re.DOTALL)


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
    return Access(str(chosen["name"]), namespace, _User(loader, paths), _acting_as(loader._user, paths))


def _acting_as(user: Any, paths: str) -> list[tuple[str, str]]:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation

    The official client ignores it, and would act with all that the user may do in their own name. Raises BotError.
    """
    said = (getattr(user, "value", user) or {}) if user is not None else {}
    try:
        headers = [("Impersonate-User", said["as"])] if said.get("as") else []
        headers += [("Impersonate-Uid", said["as-uid"])] if said.get("as-uid") else []
        headers += [("Impersonate-Group", group) for group in said.get("as-groups") or ()]
        extra = (said.get("as-user-extra") or {}).items()
        headers += [(f"Impersonate-Extra-{quote(key, safe='')}", value) for key, values in extra for value in values]
        if not all(isinstance(value, str) for _, value in headers):
            raise ValueError("whom to act as has to be a text")
    except (AttributeError, TypeError, ValueError) as error:
        raise _malformed(paths, error) from error
    return headers


class _User:
    """The user of a kubeconfig's context: certificates, a token, a token's file, or a plugin that makes tokens."""

    def __init__(self, loader: _Loader, paths: str) -> None:
        self._loader = loader
        self._paths = paths
        self._read_at = 0.0
        self._renewing = asyncio.Lock()

    async def load(self, configuration: Configuration) -> None:
        await self._carefully(self._loader.load_and_set(configuration))
        self._read_at = time.monotonic()
        _strip(configuration)

    async def renew(self, configuration: Configuration, *, at_once: bool) -> None:
        user = self._loader._user
        async with self._renewing:
            if not at_once and "exec" not in user and time.monotonic() - self._read_at <= TOKEN_AGE_SECONDS:
                return
            if not self._may_change(user):
                return
            if at_once:
                self._loader.forget_plugin()
            self._read_at = time.monotonic()
            await self._carefully(self._loader._load_authentication())
            configuration.api_key[_BEARER] = self._loader.token.strip()

    def _may_change(self, user: Any) -> bool:
        return "exec" in user or "tokenFile" in user or bool(self._loader.provider)

    async def _carefully(self, loading: Coroutine[Any, Any, Any]) -> None:
        try:
            await loading
        except (ConfigException, OSError, ValueError, KeyError, TypeError) as error:
            raise _malformed(self._paths, error) from error


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
    elif isinstance(error, ConfigException):
        # The library cites whole entries, tokens included, after these words.
        cause = plain(re.split(r" in |/\{", str(error).removeprefix("Invalid kube-config file. "))[0])
    elif isinstance(error, OSError):
        cause = f"{(error.strerror or 'it cannot be read').lower()}: {plain(str(error.filename or ''))}".rstrip(": ")
    else:
        cause = "it is empty, or a value in it has another form than expected"
    return BotError(
        f"The kubeconfig {plain(paths)} cannot be used", cause=cause, next_step="`kubectl config view` must accept it"
    )

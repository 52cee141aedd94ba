"""What an operator can set: environment, `.env`, mounted secret files. Read once; `app.py` hands plain values on.

Names that people know keep their form; ours begin with `PATCHBAY_`. `.env.example` documents each one, and a test holds
the two together. A file in the secrets folder has the setting's name, in any case, and its value as content.
"""

import os
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import BotError

DEFAULT_SECRETS_FOLDER = Path("/run/secrets/patchbay")


class SettingsError(BotError):
    """Some settings are missing or malformed; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Patchbay cannot start with these settings", cause="\n".join(problems))
        self.problems = problems


class SlackMode(Enum):
    """How Slack reaches the bot."""

    SOCKET = "socket"
    HTTP = "http"


class Reaches(Enum):
    """Whether the bot can reach the addresses of clusters from where it stands."""

    AUTO = "auto"
    """It can where it runs in a pod of the cluster."""
    YES = "yes"
    NO = "no"


class LogFormat(Enum):
    TEXT = "text"
    JSON = "json"


def state_folder() -> Path:
    """Where a user's programs keep what they remember (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "patchbay"


def cache_folder() -> Path:
    """Where a user's programs keep what they can get again (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "patchbay"


def _words(value: Any) -> Any:
    return [word for word in value.replace(",", " ").split() if word] if isinstance(value, str) else value


def _empty_is_absent(value: Any) -> Any:
    return None if isinstance(value, str | SecretStr) and not str(value).strip() else value


Secret = Annotated[SecretStr | None, BeforeValidator(_empty_is_absent)]


class Settings(BaseSettings):
    """All settings. Tokens are secrets: they appear in no repr, log or traceback."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    slack_bot_token: Secret = Field(None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: Secret = Field(None, validation_alias="SLACK_APP_TOKEN")
    slack_signing_secret: Secret = Field(None, validation_alias="SLACK_SIGNING_SECRET")
    slack_api_url: str = Field("https://slack.com/api/", validation_alias="SLACK_API_URL")
    slack_mode: SlackMode = Field(SlackMode.SOCKET, validation_alias="PATCHBAY_SLACK_MODE")
    command: str = Field("/net", validation_alias="PATCHBAY_COMMAND")
    kubeconfig: str = Field("", validation_alias="KUBECONFIG")
    kube_context: str = Field("", validation_alias="PATCHBAY_KUBE_CONTEXT")
    changers: Annotated[list[str], NoDecode, BeforeValidator(_words)] = Field([], validation_alias="PATCHBAY_CHANGERS")
    second_approver: bool = Field(False, validation_alias="PATCHBAY_SECOND_APPROVER")
    database_url: str = Field("", validation_alias="PATCHBAY_DATABASE_URL")
    manifests: str = Field("", validation_alias="PATCHBAY_MANIFESTS")
    manifest_cache: str = Field("", validation_alias="PATCHBAY_MANIFEST_CACHE")
    reaches_addresses: Reaches = Field(Reaches.AUTO, validation_alias="PATCHBAY_REACHES_ADDRESSES")
    http_host: str = Field("127.0.0.1", validation_alias="PATCHBAY_HTTP_HOST")
    http_port: int = Field(8080, ge=0, le=65535, validation_alias="PATCHBAY_HTTP_PORT")
    drain_seconds: float = Field(20.0, ge=0, le=600, validation_alias="PATCHBAY_DRAIN_SECONDS")
    log_level: str = Field("info", validation_alias="PATCHBAY_LOG_LEVEL")
    log_format: LogFormat = Field(LogFormat.TEXT, validation_alias="PATCHBAY_LOG_FORMAT")

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _looks_like_a_token(cls, value: SecretStr | None, info: Any) -> SecretStr | None:
        prefix = "xoxb-" if info.field_name == "slack_bot_token" else "xapp-"
        if value is not None and not value.get_secret_value().startswith(prefix):
            raise ValueError(f"must begin with {prefix}")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _is_a_base_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must be an address")
        return value if value.endswith("/") else value + "/"

    @field_validator("command")
    @classmethod
    def _is_a_slash_command(cls, value: str) -> str:
        # https://docs.slack.dev/interactivity/implementing-slash-commands: no spaces, at most 32 characters
        if not value.startswith("/") or not 2 <= len(value) <= 32 or any(c.isspace() for c in value):
            raise ValueError("must be a slash command")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_a_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be a level")
        return value.lower()

    @field_validator("manifests")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        if value and not Path(value).is_dir():
            raise ValueError("there is no such folder")
        return value

    @field_validator("changers")
    @classmethod
    def _are_people(cls, value: list[str]) -> list[str]:
        if wrong := [word for word in value if word != "*" and not (word[:1] in "UW" and word.isalnum())]:
            raise ValueError(f"{wrong[0]!r} is not a Slack user id")
        return value

    @property
    def database(self) -> str:
        """The database's URL; by default an SQLite file in the user's state folder."""
        return self.database_url or f"sqlite+aiosqlite:///{state_folder() / 'patchbay.db'}"

    @property
    def manifest_mirror(self) -> Path | None:
        """The folder that manifests are looked for in first."""
        return Path(self.manifests) if self.manifests else None

    @property
    def can_reach_addresses(self) -> bool:
        """Whether addresses of nodes, load balancers and Ingresses are asked: in a pod they can be, when it was not
        given a kubeconfig of somewhere else; anywhere else only when somebody says so."""
        if self.reaches_addresses is Reaches.AUTO:
            return not self.kubeconfig and bool(os.environ.get("KUBERNETES_SERVICE_HOST"))
        return self.reaches_addresses is Reaches.YES

    @property
    def manifest_cache_folder(self) -> Path:
        """Where downloaded manifests are kept; by default in the user's cache folder."""
        return Path(self.manifest_cache) if self.manifest_cache else cache_folder() / "manifests"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is said in code wins over the environment, that over `.env`, and that over secret files."""
        return init_settings, env_settings, dotenv_settings, file_secret_settings


RIGHT_VALUES = {
    "SLACK_BOT_TOKEN": "xoxb-…, the Bot User OAuth Token from your Slack app's page OAuth & Permissions",
    "SLACK_APP_TOKEN": "xapp-…, a token with connections:write from your Slack app's page Basic Information",
    "SLACK_SIGNING_SECRET": "32 hexadecimal digits from your Slack app's page Basic Information",
    "SLACK_API_URL": "https://slack.com/api/",
    "PATCHBAY_SLACK_MODE": "socket or http",
    "PATCHBAY_COMMAND": "/net",
    "KUBECONFIG": "/home/ana/.kube/config",
    "PATCHBAY_KUBE_CONTEXT": "production",
    "PATCHBAY_CHANGERS": "Slack user ids such as U061F7AUR U0G9QF9C6, or * for everyone",
    "PATCHBAY_SECOND_APPROVER": "true or false",
    "PATCHBAY_DATABASE_URL": "sqlite+aiosqlite:////var/lib/patchbay/patchbay.db",
    "PATCHBAY_MANIFESTS": "a folder, such as /srv/manifests, laid out as calico/v3.32.1/tigera-operator.yaml",
    "PATCHBAY_MANIFEST_CACHE": "/var/lib/patchbay/manifests",
    "PATCHBAY_REACHES_ADDRESSES": "auto, yes or no",
    "PATCHBAY_HTTP_HOST": "0.0.0.0 for all addresses, 127.0.0.1 for this machine alone",
    "PATCHBAY_HTTP_PORT": "a port from 0 to 65535, such as 8080",
    "PATCHBAY_DRAIN_SECONDS": "seconds from 0 to 600, such as 20",
    "PATCHBAY_LOG_LEVEL": "debug, info, warning or error",
    "PATCHBAY_LOG_FORMAT": "text or json",
}
"""For each setting what a right value looks like: shown beside what is wrong."""


def load(**overrides: Any) -> Settings:
    """The settings of this process. Raises SettingsError with one line for each that is malformed."""
    folder = Path(os.environ.get("PATCHBAY_SECRETS_FOLDER") or DEFAULT_SECRETS_FOLDER)
    try:
        return _settings(_secrets_dir=folder if folder.is_dir() else None, **overrides)
    except ValidationError as error:
        raise SettingsError([_line(problem) for problem in error.errors(include_input=False)]) from None


def said(**values: Any) -> Settings:
    """Settings that are said in code, over the environment; no file is read. For the playground and for tests."""
    return _settings(_env_file=None, **values)


def _settings(**values: Any) -> Settings:
    return Settings(**values)  # mypy knows the fields, and not the library's own arguments


def _line(problem: Any) -> str:
    location = str(problem["loc"][0])
    field = Settings.model_fields.get(location)
    name = str(field.validation_alias) if field else location
    what = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {what[:1].lower()}{what[1:]}; a right value: {RIGHT_VALUES[name]}"


def missing_for_serving(settings: Settings) -> list[str]:
    """One line for each setting that `serve` needs and does not have, depending on the mode."""
    needed = {"SLACK_BOT_TOKEN": settings.slack_bot_token}
    if settings.slack_mode is SlackMode.SOCKET:
        needed["SLACK_APP_TOKEN"] = settings.slack_app_token
    else:
        needed["SLACK_SIGNING_SECRET"] = settings.slack_signing_secret
    return [
        f"{name}: is not set; a right value: {RIGHT_VALUES[name]}" for name, value in needed.items() if value is None
    ]

from pathlib import Path

import pytest

from bot import settings
from bot.settings import SettingsError


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_set_is_enough_to_look_from_a_terminal() -> None:
    loaded = settings.load()
    assert loaded.command == "/net"
    assert loaded.changers == []
    assert loaded.database.endswith("/patchbay/patchbay.db")


def test_each_wrong_setting_gets_one_line_that_says_what_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "hello-secret")
    monkeypatch.setenv("PATCHBAY_HTTP_PORT", "eighty")
    monkeypatch.setenv("PATCHBAY_CHANGERS", "ana")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert len(caught.value.problems) == 3
    assert all("a right value: " in line and "\n" not in line for line in caught.value.problems)
    assert any(line.startswith("SLACK_BOT_TOKEN: must begin with xoxb-") for line in caught.value.problems)
    assert "hello-secret" not in str(caught.value)


def test_tokens_are_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
    loaded = settings.load()
    assert "very-secret" not in repr(loaded)
    assert "very-secret" not in str(loaded.model_dump())


def test_a_mounted_file_sets_what_it_is_called(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "SLACK_APP_TOKEN").write_text("xapp-from-file\n")
    monkeypatch.setenv("PATCHBAY_SECRETS_FOLDER", str(empty_folder))
    token = settings.load().slack_app_token
    assert token is not None
    assert token.get_secret_value() == "xapp-from-file"


def test_a_dot_env_file_is_read_and_the_environment_wins(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / ".env").write_text("PATCHBAY_COMMAND=/network\nPATCHBAY_LOG_LEVEL=debug\n")
    monkeypatch.setenv("PATCHBAY_LOG_LEVEL", "error")
    loaded = settings.load()
    assert (loaded.command, loaded.log_level) == ("/network", "error")


@pytest.mark.parametrize("words", ["U061F7AUR,U0G9QF9C6", "U061F7AUR U0G9QF9C6", " U061F7AUR ,  U0G9QF9C6 "])
def test_changers_are_separated_by_commas_or_spaces(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_CHANGERS", words)
    assert settings.load().changers == ["U061F7AUR", "U0G9QF9C6"]


def test_serving_says_which_tokens_each_mode_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def names() -> list[str]:
        return [line.split(":")[0] for line in settings.missing_for_serving(settings.load())]

    assert names() == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    monkeypatch.setenv("PATCHBAY_SLACK_MODE", "http")
    assert names() == ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")
    assert names() == ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]


def test_manifests_come_from_a_folder_that_is_there_and_are_kept_where_users_programs_keep_things(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/ana/.cache")
    loaded = settings.load()
    assert (loaded.manifest_mirror, loaded.manifest_cache_folder) == (None, Path("/home/ana/.cache/patchbay/manifests"))
    monkeypatch.setenv("PATCHBAY_MANIFESTS", str(empty_folder))
    monkeypatch.setenv("PATCHBAY_MANIFEST_CACHE", "/var/lib/patchbay/manifests")
    loaded = settings.load()
    assert (loaded.manifest_mirror, loaded.manifest_cache_folder) == (empty_folder, Path("/var/lib/patchbay/manifests"))
    monkeypatch.setenv("PATCHBAY_MANIFESTS", str(empty_folder / "gone"))
    with pytest.raises(SettingsError, match="PATCHBAY_MANIFESTS: there is no such folder; a right value: a folder"):
        settings.load()

"""What the documentation promises is what the code does."""

import re
from pathlib import Path

from bot import settings
from tests import commands_page

ROOT = Path(__file__).parent.parent


def test_the_example_of_settings_documents_each_one_and_no_other() -> None:
    documented = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    known = [str(field.validation_alias) for field in settings.Settings.model_fields.values()]
    assert sorted(documented) == sorted(known)
    assert sorted(settings.RIGHT_VALUES) == sorted(known)


def test_the_example_of_settings_shows_the_defaults() -> None:
    for name, shown in re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE):
        field = next(f for f in settings.Settings.model_fields.values() if f.validation_alias == name)
        default = getattr(field.default, "value", field.default)
        normal = {"True": "true", "False": "false", "[]": ""}.get(str(default), str(default).removesuffix(".0"))
        assert shown == normal, name


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert commands_page.PAGE.read_text() == commands_page.page(), "run `make docs`"


def test_lock_files_hold_hashes_and_no_address() -> None:
    for lock in (ROOT / "deploy" / "requirements.txt", ROOT / "tests" / "requirements.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert "--find-links" not in text
        pinned = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
        assert all("==" in line for line in pinned)
        assert text.count("--hash=sha256:") >= len(pinned)


def test_the_readme_shows_commands_that_make_knows() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = re.findall(r"`make ([a-z]+)", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text())
    assert shown
    assert set(shown) <= set(targets)

import sys
from pathlib import Path

import pytest

from bot.discovery import DeclarationError, declared


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "declarations"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "declarations"]:
        del sys.modules[name]


def test_each_module_declares_one_object_and_they_come_sorted(package: Path) -> None:
    (package / "b.py").write_text("RULE = 2")
    (package / "a.py").write_text("RULE = 1")
    assert list(declared("declarations", "RULE", int).items()) == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("content", ["", "RULE = 'a word'"])
def test_a_file_that_forgot_its_declaration_is_named(package: Path, content: str) -> None:
    (package / "broken.py").write_text(content)
    with pytest.raises(DeclarationError, match=r"broken\.py must declare RULE, a int"):
        declared("declarations", "RULE", int)

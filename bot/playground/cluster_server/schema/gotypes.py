"""What the OpenAPI documents do not say, read off the Go types of the server: which fields show when empty, and the
numbers by which protobuf knows them.

Go leaves an empty field out when its tag says `omitempty`, but never a struct, and a pointer only when it is nil. The
sources are those of the Go modules k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator.
"""

from __future__ import annotations

import re
from pathlib import Path

ALWAYS, KEPT = "always", "kept"
"""A field that shows even when nobody set it; one that shows when it was set to nothing (a pointer)."""

_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\t(?:(\w+)\s+)?(\*?)([\w.\[\]*{}]+)\s+`(?:[^`]*\s)?json:\"([^\"]*)\"", re.MULTILINE)
_TAGGED = re.compile(r"^\t(?:(\w+)\s+)?\*?([\w.\[\]*{}]+)\s+`([^`]*)`", re.MULTILINE)
_NAMED = re.compile(r"^type (\w+) (\w+)$", re.MULTILINE)
_PLAIN = {name: name for name in ("string", "bool", "int32", "int64", "float64", "int")} | {"byte": "uint8"}
_TIMES = frozenset({"Time", "MicroTime"})
_TEXT = frozenset({"Duration", "Quantity", "IntOrString", "RawExtension", "FieldsV1"})
"""Structs that are written as one value."""


class GoTypes:
    """Answers by the names that the recorded table has: `core.v1.VolumeMount`."""

    def __init__(self, modules: Path, version: str) -> None:
        self._roots = {
            "apimachinery": modules / f"apimachinery@{version}",
            "apiextensions-apiserver": modules / f"apiextensions-apiserver@{version}",
            "kube-aggregator": modules / f"kube-aggregator@{version}",
        }
        self._api = modules / f"api@{version}"
        self._packages: dict[Path, dict[str, str]] = {}

    def shows(self, type_name: str) -> dict[str, str]:
        """By field: `always` or `kept`; what is not named is left out when empty."""
        return self._of(*self._place(type_name))

    def numbers(self, type_name: str) -> dict[str, list[int]]:
        """By field: its number; two where JSON has the fields of a message inline."""
        return self._numbers_of(*self._place(type_name))

    def words(self, type_name: str) -> dict[str, list[str]]:
        """By field: how Go prints its type, and the structs within which JSON has it inline, outermost first.

        Fields whose type the schema tells as well are left out.
        """
        return self._words_of(*self._place(type_name))

    def _words_of(self, folder: Path, name: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for _, go_type, tags in _TAGGED.findall(self._package(folder).get(name, "")):
            field, *options = (re.findall(r'json:"([^"]*)"', tags) or ["-"])[0].split(",")
            if "inline" in options:
                below = go_type.rpartition(".")[2]
                inner = self._words_of(self._folder_of(folder, go_type), below)
                found |= {at: [word, below, *path] for at, (word, *path) in inner.items()}
            elif field and field != "-":
                found[field] = [_printed(go_type, folder.name)]
        return found

    def _folder_of(self, folder: Path, go_type: str) -> Path:
        package = go_type.rpartition(".")[0]
        if package == "metav1":
            return self._roots["apimachinery"] / "pkg/apis/meta/v1"
        return self._api / "core/v1" if package in ("v1", "corev1", "core") else folder

    def _place(self, type_name: str) -> tuple[Path, str]:
        root, _, rest = type_name.partition(".")
        path, _, name = (rest if root in self._roots else type_name).rpartition(".")
        return self._roots.get(root, self._api) / path.replace(".", "/"), name

    def _numbers_of(self, folder: Path, name: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for _, go_type, tags in _TAGGED.findall(self._package(folder).get(name, "")):
            said = dict(re.findall(r'(\w+):"([^"]*)"', tags))
            if "protobuf" not in said or "json" not in said:
                continue
            number = int(said["protobuf"].split(",")[1])
            field, *options = said["json"].split(",")
            if field:
                found[field] = [number]
            elif "inline" in options:
                below = self._numbers_of(self._folder_of(folder, go_type), go_type.rpartition(".")[2])
                found |= {inner: [number, *path] for inner, path in below.items()}
        return found

    def _of(self, folder: Path, name: str) -> dict[str, str]:
        structs = self._package(folder)
        found: dict[str, str] = {}
        for _, pointer, go_type, tag in _FIELD.findall(structs.get(name, "")):
            field, *options = tag.split(",")
            if "inline" in options and "." not in go_type:
                found |= self._of(folder, go_type)
            elif field and field != "-" and (how := self._how(folder, pointer, go_type, options)):
                found[field] = how
        return found

    def _how(self, folder: Path, pointer: str, go_type: str, options: list[str]) -> str:
        if pointer:
            return KEPT if "omitempty" in options or "omitzero" in options else ALWAYS
        if "omitzero" in options:
            return ""
        if "omitempty" not in options or self._is_struct(folder, go_type):
            return ALWAYS
        return ""

    def _is_struct(self, folder: Path, go_type: str) -> bool:
        name = go_type.rpartition(".")[2]
        if go_type.startswith(("[]", "map[")):
            return False
        if name in _TIMES:  # a time that nobody set is written as null
            return True
        if name in _TEXT:
            return False
        return name in self._package(self._folder_of(folder, go_type))

    def _package(self, folder: Path) -> dict[str, str]:
        if folder not in self._packages:
            text = "\n".join(path.read_text() for path in sorted(folder.glob("*types*.go")) if "_test" not in path.name)
            structs = dict(_STRUCT.findall(text))
            for name, other in _NAMED.findall(text):
                if other in structs:
                    structs[name] = structs[other]
            self._packages[folder] = structs
        return self._packages[folder]


def _printed(go_type: str, package: str) -> str:
    """As Go prints a type at run time: under the name of its package, and never under that of an import."""
    if go_type.startswith("map["):
        key, _, value = go_type.removeprefix("map[").partition("]")
        return f"map[{_printed(key, package)}]{_printed(value, package)}"
    if go_type.startswith(("[]", "*")):
        start = "[]" if go_type.startswith("[]") else "*"
        return start + _printed(go_type.removeprefix(start), package)
    if go_type in _PLAIN:
        return _PLAIN[go_type]
    imported, _, name = go_type.rpartition(".")
    imported = re.sub(r"^(core|meta|rbac|apps|batch|autoscaling|networking|apiextensions)(?=v\d)", "", imported)
    return f"{imported or package}.{name}"

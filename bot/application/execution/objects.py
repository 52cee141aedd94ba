"""Objects as `kubectl get -o yaml` and `-o json` print them: people compare and pipe them."""

from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

from bot.domain.chat.report import Preformatted
from bot.domain.chat.values import OutputFormat
from bot.domain.network.references import JSON, JSONObject


def printed(objects: Iterable[JSONObject], output: OutputFormat, title: str = "") -> Preformatted:
    """All of them in one v1 List, whole but for managedFields, keys in alphabetical order as kubectl has them."""
    items: list[JSON] = [without_managed_fields(each) for each in objects]
    listing: JSONObject = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
    if output is OutputFormat.JSON:
        content = msgspec.json.format(msgspec.json.encode(listing, order="sorted"), indent=4).decode()
        return Preformatted(content=content, title=title, language="json")
    return Preformatted(content=as_yaml(listing), title=title, language="yaml")


def as_yaml(value: JSON) -> str:
    """YAML as kubectl writes it: keys sorted, texts of several lines as blocks."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True)


def without_managed_fields(object: JSONObject) -> JSONObject:
    """The object without the record of who wrote which field, which nobody reads."""
    metadata = object.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return object
    return {**object, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


class _Dumper(yaml.CSafeDumper):
    """Writes no anchors: the same list twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:str"
    if "\n" in value:
        return dumper.represent_scalar(tag, value, style="|")
    resolved = dumper.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]  # nor do its stubs
    plain = resolved == tag and value != ""
    return dumper.represent_scalar(tag, value, style=None if plain else '"')


_Dumper.add_representer(str, _text)

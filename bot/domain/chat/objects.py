"""Objects as `kubectl get -o yaml` and `-o json` print them."""

from collections.abc import Iterable

import msgspec

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
    return Preformatted(content=msgspec.yaml.encode(listing, order="sorted").decode(), title=title, language="yaml")


def without_managed_fields(object: JSONObject) -> JSONObject:
    """The object without the record of who wrote which field, which nobody reads."""
    metadata = object.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return object
    return {**object, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}

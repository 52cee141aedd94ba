"""Records what only Go says of the fields of the recorded types: the numbers that protobuf knows them by, and the words
that errors name them with. From the Go types of the same version.

`python -m bot.playground.cluster_server.schema.record_wire $(go env GOMODCACHE)/k8s.io`, after `record`.
"""

import json
import sys
from pathlib import Path

from bot.playground.cluster_server.schema import recorded
from bot.playground.cluster_server.schema.gotypes import GoTypes

_TOLD = [["string"], ["bool"], ["int32"], ["int64"]]
"""Words that the schema has as well."""


def main() -> None:
    table = recorded()
    go_types = GoTypes(Path(sys.argv[1]), table["version"].replace("v1.", "v0."))
    structs = sorted(name for name, fields in table["types"].items() if isinstance(fields, dict))
    numbers = {name: go_types.numbers(name) for name in structs}
    words = {name: go_types.words(name) for name in structs}
    told = {name: {field: said for field, said in found.items() if said not in _TOLD} for name, found in words.items()}
    json.dump(
        {"source": "the Go types of k8s.io modules", "version": table["version"],
         "types": {name: found for name, found in numbers.items() if found},
         "words": {name: found for name, found in told.items() if found}},
        sys.stdout, separators=(",", ":"),
    )  # fmt: skip


if __name__ == "__main__":
    main()

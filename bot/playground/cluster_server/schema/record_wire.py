"""Records the numbers that protobuf knows the fields of the recorded types by, from the Go types of the same version.

`python -m bot.playground.cluster_server.schema.record_wire $(go env GOMODCACHE)/k8s.io`, after `record`.
"""

import json
import sys
from pathlib import Path

from bot.playground.cluster_server.schema import recorded
from bot.playground.cluster_server.schema.gotypes import GoTypes


def main() -> None:
    table = recorded()
    go_types = GoTypes(Path(sys.argv[1]), table["version"].replace("v1.", "v0."))
    found = {name: go_types.numbers(name) for name, fields in table["types"].items() if isinstance(fields, dict)}
    json.dump(
        {"source": "the Go types of k8s.io modules", "version": table["version"],
         "types": {name: numbers for name, numbers in sorted(found.items()) if numbers}},
        sys.stdout, separators=(",", ":"),
    )  # fmt: skip


if __name__ == "__main__":
    main()

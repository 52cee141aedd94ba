"""`make bench`: each measurement prints a ratio against a baseline of the same run: machines differ and are shared.

Every module `bench_*.py` beside this one has `measure() -> list[Result]`. With names as arguments only those run.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from tests.bench.result import Result


def main(wanted: list[str]) -> int:
    """Prints a line a result. Returns 1 when a promise was not kept."""
    kept = True
    for module in sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])):
        if module.startswith("bench_") and (not wanted or module.removeprefix("bench_") in wanted):
            for result in importlib.import_module(f"tests.bench.{module}").measure():
                assert isinstance(result, Result)
                print(result, flush=True)
                kept = kept and result.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

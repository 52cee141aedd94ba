"""Finds the one object that each module of a folder declares: adding a command, a rule or a plugin is adding a file."""

import importlib
import pkgutil
from typing import TypeVar

Declared = TypeVar("Declared")


class DeclarationError(Exception):
    """A file in a folder of declarations does not declare what it must. Says which file, and what was expected."""


def declared(package: str, name: str, *kinds: type[Declared]) -> dict[str, Declared]:
    """The object called `name`, of one of `kinds`, in each module directly in `package`, by module name, sorted.

    Raises DeclarationError, naming the file, when a module has no such object or one of another type.
    """
    folder = importlib.import_module(package)
    found: dict[str, Declared] = {}
    for module_name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        module = importlib.import_module(f"{package}.{module_name}")
        value = getattr(module, name, None)
        if not isinstance(value, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise DeclarationError(f"{module.__file__} must declare {name}, a {expected}; it has {value!r}")
        found[module_name] = value
    return found

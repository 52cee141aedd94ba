"""What an ingress-nginx controller was told for all of its Ingresses: by its arguments, and by its ConfigMap.

https://kubernetes.github.io/ingress-nginx/user-guide/cli-arguments/ and …/nginx-configuration/configmap/. Arguments are
read as its own flags are: `--name=value`, `--name value`, and `--name` alone for true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.migration.nginx import CONTROLLER, PREFIX

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_MOST_ARGUMENTS = 200
_LONGEST = 4096
_NAMESPACE = re.compile(r"\$\((POD_NAMESPACE)\)")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """One that was found in the cluster."""

    name: str
    """Its workload, for people: `Deployment ingress-nginx/controller`."""
    namespace: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """By name, without the dashes."""
    config: Mapping[str, str] | None = None
    """Its ConfigMap's data; None: it has none, or it could not be read."""
    unread: str = ""
    """Why its ConfigMap could not be read; empty: it was, or there is none."""
    ports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By `TCP` and `UDP`, what it leads besides Ingresses: `5432 to db/postgres:5432`."""

    @property
    def settings(self) -> tuple[object, ...]:
        """What two of them have to have in common, to be taken for one."""
        config = None if self.config is None else dict(self.config)
        return (dict(self.arguments), config, self.unread)

    def flag(self, name: str) -> bool:
        return self.arguments.get(name, "") in _TRUE

    def says(self, key: str, default: bool) -> bool:
        """A boolean of the ConfigMap."""
        said = (self.config or {}).get(key)
        return default if said is None else said in _TRUE

    @property
    def prefix(self) -> str:
        """What its annotations begin with, the slash included."""
        said = self.arguments.get("annotations-prefix", "")
        return f"{said}/" if _PREFIX.fullmatch(said) else PREFIX

    def serves(self, class_name: str, controller: str) -> bool:
        """Whether Ingresses of a class are its own. `controller`: as the class names it; empty: it is not there."""
        if controller:
            return self.arguments.get("controller-class", CONTROLLER) == controller
        return self.arguments.get("ingress-class", "nginx") == class_name

    def watches(self, namespace: str) -> bool:
        return self.arguments.get("watch-namespace", "") in ("", namespace)


def of_the_config_map(key: str) -> str:
    """How a key of the ConfigMap is called beside annotations."""
    return f"{key} (ConfigMap)"


def arguments_of(words: Sequence[str], namespace: str) -> dict[str, str]:
    """By name. `$(POD_NAMESPACE)` is the namespace of the workload, as the makers' own manifests have it."""
    found: dict[str, str] = {}
    kept = [each[:_LONGEST] for each in words[:_MOST_ARGUMENTS]]
    for index, word in enumerate(kept):
        if not word.startswith("-"):
            continue
        name, said, value = word.lstrip("-").partition("=")
        if not said:
            following = kept[index + 1] if index + 1 < len(kept) else "-"
            value = "true" if following.startswith("-") else following
        found[name] = _NAMESPACE.sub(namespace, value)
    return found


def controller_of(
    controllers: Iterable[Controller], class_name: str, controller: str, namespace: str
) -> tuple[Controller | None, str]:
    """The one that serves Ingresses of a class in a namespace; None, and why, when it is not known."""
    own = [each for each in controllers if each.serves(class_name, controller)]
    watching = [each for each in own if each.watches(namespace)]
    if watching and all(each.settings == watching[0].settings for each in watching):
        return watching[0], ""
    if watching:
        names = ", ".join(each.name for each in watching[:5])
        return None, f"{len(watching)} serve this class, and were told different things: {names}"
    if own:
        return None, f"{own[0].name} looks at Ingresses of namespace {own[0].arguments['watch-namespace']} alone"
    return None, "no controller of this class was found in the cluster"

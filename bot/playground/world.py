"""The one truth behind the playground: which scenario is on, what is broken in it, and what there is to see.

A scenario is a YAML file in `scenarios/`: a world, faults that can be switched, and findings it must yield. One that
names a `base` takes all from there and says what is different. A fault is a pair of patches on an object (or on its
status), or a pair of programs for an image; it counts as broken when the patch that breaks would change nothing, so
that one mended with kubectl counts as mended.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BotError, NotFound
from bot.playground import manifests
from bot.playground.certifying import Authority, WantedCertificate
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.controllers.running import is_ready
from bot.playground.cluster_server.nodes import node
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.patching import strategic_patched
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.pods.programs import Program
from bot.playground.cluster_server.tables import external_address, pod_state
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

SCENARIOS = Path(__file__).parent / "scenarios"
_WRITING = Writing("kubectl-edit")
_ADDED = ("nodes", "objects", "faults", "manifests", "certificates")
"""What a scenario says beside what its base says; all else it says instead."""
_PANEL = (
    "Node", "Deployment", "DaemonSet", "ReplicaSet", "Pod", "Service", "EndpointSlice", "Ingress", "IngressClass",
    "GatewayClass", "Gateway", "HTTPRoute", "NetworkPolicy", "ConfigMap",
)  # fmt: skip
"""The kinds that a panel shows, in its order."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can be broken and mended by a switch."""

    id: str
    label: str
    """What is wrong when it is on, in plain words."""
    broken: bool


class UnknownName(NotFound, LookupError):
    """No scenario, fault or object has that name here."""


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """What there is to choose from."""

    name: str
    title: str
    """One line."""
    story: str
    """A paragraph: what happened in this world, and what there is to find."""


@dataclass(frozen=True, slots=True)
class ExpectedFinding:
    """A finding that a scenario must yield: the rule's code, and the object at fault."""

    rule: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One object, as a panel lists it."""

    kind: str
    namespace: str
    """Empty for what is in none."""
    name: str
    state: str
    """A word or two: `2/2 ready`, `ImagePullBackOff`, `no endpoints`."""
    healthy: bool


@dataclass(frozen=True)
class Scenario:
    """A scenario file, with its base laid under it."""

    name: str
    summary: str
    story: str
    age_seconds: float
    objects: tuple[Object, ...]
    programs: dict[str, Program]
    load_balancer_addresses: tuple[str, ...]
    ingress_controllers: dict[str, tuple[str, tuple[str, ...]]]
    gateway_controllers: dict[str, tuple[str, tuple[str, ...]]]
    faults: dict[str, Object]
    broken: tuple[str, ...]
    """The faults that are on from the beginning."""
    findings: tuple[ExpectedFinding, ...]
    manifests: tuple[Path, ...] = ()
    """Applied before its objects: what defines their kinds."""
    certificates: tuple[WantedCertificate, ...] = ()


def scenario_names() -> list[str]:
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def read_scenario(name: str) -> Scenario:
    """Raises NotFound for a name that no file has, BotError for a file that cannot be understood."""
    if name not in scenario_names():
        listed = ", ".join(scenario_names())
        raise UnknownName(f"There is no scenario `{name}`", next_step=f"choose one of: {listed}")
    try:
        said = _with_base(_load(name))
        addresses = said.get("load_balancer", {}).get("addresses", ())
        return Scenario(
            name, said["summary"], said["story"].strip(), said.get("age_minutes", 0) * 60,
            (*map(node, said.get("nodes", ())), *said.get("objects", ())),
            {image: Program.read(program) for image, program in said.get("programs", {}).items()}, tuple(addresses),
            _controllers(said.get("ingress_controllers", ())), _controllers(said.get("gateway_controllers", ())),
            {fault["id"]: fault for fault in said.get("faults", ())}, tuple(said.get("broken", ())),
            tuple(_finding(entry) for entry in said.get("findings", ())),
            tuple(manifests.FOLDER / path for path in said.get("manifests", ())),
            tuple(map(WantedCertificate.read, said.get("certificates", ()))),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise BotError(f"The scenario `{name}` cannot be read", cause=f"{type(error).__name__}: {error}") from error


def _controllers(said: Any) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {entry["controller"]: (entry["deployment"], tuple(entry["addresses"])) for entry in said}


def _load(name: str) -> Object:
    loaded = yaml.load((SCENARIOS / f"{name}.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    return dict(loaded)


def _with_base(said: Object) -> Object:
    if "base" not in said:
        return said
    base = _with_base(_load(said["base"]))
    lists = {key: [*base.get(key, ()), *said.get(key, ())] for key in _ADDED}
    programs = base.get("programs", {}) | said.get("programs", {})
    return base | {"broken": (), "findings": ()} | said | lists | {"programs": programs}


def _finding(said: Object) -> ExpectedFinding:
    kind, _, name = said["object"].partition(" ")
    namespace, _, short = name.rpartition("/")
    return ExpectedFinding(said["rule"], kind, namespace, short)


class World:
    """A cluster with a scenario in it. Everything keeps running while the scenario is changed."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.cluster = cluster
        self._loaded: Scenario | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def scenario(self) -> str:
        """The name of the one that is loaded; empty: none is."""
        return self._loaded.name if self._loaded else ""

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """The listener is called after every change of an object or a fault; the result ends that."""
        self._listeners.append(listener)
        unsubscribe = self.cluster.store.subscribe(lambda _: listener())

        def end() -> None:
            self._listeners.remove(listener)
            unsubscribe()

        return end

    def scenarios(self) -> list[ScenarioSummary]:
        """All that can be loaded, by name."""
        found = map(read_scenario, scenario_names())
        return [ScenarioSummary(scenario.name, scenario.summary, scenario.story) for scenario in found]

    async def load(self, name: str) -> None:
        """Puts a scenario in the place of what is there, and returns when it has settled; watches see it all."""
        scenario = read_scenario(name)
        cluster = self.cluster
        async with cluster.long_ago(datetime.timedelta(seconds=scenario.age_seconds)):
            self._loaded = scenario
            cluster.clear()
            cluster.surroundings.load_balancer_addresses = scenario.load_balancer_addresses
            cluster.surroundings.ingress_controllers = scenario.ingress_controllers
            cluster.surroundings.gateway_controllers = scenario.gateway_controllers
            cluster.programs.replace(scenario.programs)
            await self._define(scenario.manifests)
            cluster.create(scenario.objects)
            authority = Authority(datetime.datetime.now(datetime.UTC))
            cluster.create(map(authority.secret, scenario.certificates))
        async with cluster.long_ago(datetime.timedelta(seconds=scenario.age_seconds / 100)):
            for fault in scenario.broken:
                self.break_(fault)

    async def _define(self, files: tuple[Path, ...]) -> None:
        """Definitions are served a moment after they were made."""
        for file in files:
            self.cluster.create(yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader))
        if files:
            await self.cluster.settled()

    def faults(self) -> list[Fault]:
        """Those of the scenario, in its order."""
        faults = self._loaded.faults if self._loaded else {}
        return [Fault(fault["id"], fault["label"], self._is_broken(fault)) for fault in faults.values()]

    def break_(self, fault: str) -> None:
        """Raises NotFound for an unknown fault, and when its object is gone."""
        self._switch(fault, "break")

    def mend(self, fault: str) -> None:
        """Raises NotFound for an unknown fault, and when its object is gone."""
        self._switch(fault, "mend")

    def objects(self) -> list[Seen]:
        """What a panel shows, kind by kind."""
        rank = {kind: place for place, kind in enumerate(_PANEL)}
        found = [stored.obj for stored in self.cluster.store.everything() if stored.obj["kind"] in rank]
        found.sort(key=lambda obj: (rank[obj["kind"]], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))
        return [self._seen(obj) for obj in found if not _is_dull(obj)]

    def yaml(self, kind: str, namespace: str, name: str) -> str | None:
        """One object without managedFields; None when there is none."""
        row = next((row for row in self.cluster.kinds.rows if row.name == kind), None)
        obj = self.cluster.registry.find(row, namespace, name) if row else None
        if obj is None:
            return None
        metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
        return yaml.dump(obj | {"metadata": metadata}, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)

    def _fault(self, fault: str) -> Object:
        faults = self._loaded.faults if self._loaded else {}
        if fault not in faults:
            known = ", ".join(faults) or "none"
            raise UnknownName(f"This scenario has no fault `{fault}`", next_step=f"its faults are: {known}")
        return faults[fault]

    def _switch(self, fault: str, way: str) -> None:
        said = self._fault(fault)
        if "program" in said:
            self.cluster.programs.set(said["program"], Program.read(said[way]))
            for listener in list(self._listeners):
                listener()
            return
        kind, namespace, name = self._place(said)
        obj = self.cluster.registry.find(kind, namespace, name)
        if obj is None:
            where = f"{kind.name} {namespace}/{name}"
            raise UnknownName(f"{where} is gone", next_step="load the scenario again")
        patched = strategic_patched(obj, said[way], kind.type)
        if "status" in said[way]:
            self.cluster.registry.write_status(kind, obj, patched["status"], _WRITING.manager)
        else:
            self.cluster.registry.update(kind, namespace, name, patched, _WRITING)

    def _place(self, fault: Object) -> tuple[Kind, str, str]:
        kind_name, _, name = fault["object"].partition(" ")
        namespace, _, short = name.rpartition("/")
        kind = next(row for row in self.cluster.kinds.rows if row.name == kind_name)
        return kind, namespace, short

    def _is_broken(self, fault: Object) -> bool:
        if "program" in fault:
            return self.cluster.programs.of({"image": fault["program"]}) == Program.read(fault["break"])
        kind, namespace, name = self._place(fault)
        obj = self.cluster.registry.find(kind, namespace, name)
        return obj is not None and strategic_patched(obj, fault["break"], kind.type) == obj

    def _seen(self, obj: Object) -> Seen:
        state, healthy = _state(obj)
        if obj["kind"] == "Service" and obj["spec"].get("selector"):
            state, healthy = self._service_state(obj)
        metadata = obj["metadata"]
        return Seen(obj["kind"], metadata.get("namespace", ""), metadata["name"], state, healthy)

    def _service_state(self, service: Object) -> tuple[str, bool]:
        metadata = service["metadata"]
        kind = self.cluster.kinds.named("v1", "Endpoints")
        endpoints = self.cluster.registry.find(kind, metadata["namespace"], metadata["name"])
        ready = sum(len(subset.get("addresses") or ()) for subset in dig(endpoints, "subsets", default=()))
        outside = external_address(service)
        address = "" if outside == "<none>" else f", {outside}"
        return (f"{ready} ready{address}", True) if ready else (f"no ready endpoints{address}", False)


def _is_dull(obj: Object) -> bool:
    """Old ReplicaSets, and what every namespace is given."""
    if obj["kind"] == "ReplicaSet":
        return not obj["spec"].get("replicas")
    return bool(obj["kind"] == "ConfigMap" and obj["metadata"]["name"] == "kube-root-ca.crt")


def _state(obj: Object) -> tuple[str, bool]:
    """A word or two, and whether they are good ones."""
    spec, status = obj.get("spec", {}), obj.get("status", {})
    match obj["kind"]:
        case "Node":
            return ("Ready", True) if is_ready(obj) else ("NotReady", False)
        case "Pod":
            return pod_state(obj) + ("" if is_ready(obj) else ", not ready"), is_ready(obj)
        case "Deployment" | "ReplicaSet":
            ready, wanted, updated = (
                status.get("readyReplicas", 0),
                spec["replicas"],
                status.get("updatedReplicas", spec["replicas"]),
            )
            return f"{ready}/{wanted} ready", ready == wanted == updated and ready == status.get("replicas", 0)
        case "DaemonSet":
            ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
            return f"{ready}/{wanted} ready", ready == wanted
        case "EndpointSlice":
            endpoints = obj.get("endpoints") or []
            ready = sum(1 for endpoint in endpoints if dig(endpoint, "conditions", "ready"))
            return f"{ready}/{len(endpoints)} ready", bool(endpoints) and ready == len(endpoints)
        case "Service":
            return external_address(obj) if spec["type"] == "ExternalName" else spec["type"], True
        case "Ingress":
            addresses = dig(status, "loadBalancer", "ingress", default=[])
            return ", ".join(a.get("ip") or a.get("hostname", "") for a in addresses) or "no address", bool(addresses)
        case "IngressClass":
            return str(spec.get("controller", "")), True
        case "GatewayClass":
            return str(spec.get("controllerName", "")), _holds(status, "Accepted")
        case "Gateway":
            addresses = dig(status, "addresses", default=[])
            said = ", ".join(address["value"] for address in addresses) or "no address"
            listening = all(_holds(each, "Programmed") for each in dig(status, "listeners", default=()))
            return said, _holds(status, "Programmed") and listening
        case "HTTPRoute":
            wrong = [c["reason"] for p in dig(status, "parents", default=()) for c in p["conditions"] if _is_wrong(c)]
            return ", ".join(wrong) or ", ".join(spec.get("hostnames") or ("every host",)), not wrong
    return "", True


def _holds(status: Object, condition: str) -> bool:
    said = status.get("conditions") or ()
    return any(each["type"] == condition and each["status"] == "True" for each in said)


def _is_wrong(condition: Object) -> bool:
    return bool(condition["status"] == "False")

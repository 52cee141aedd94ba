"""What Patchbay makes is what kubectl makes from the same arguments: each on the real cluster, in namespaces that are
alike, and then compared as they stand there.

The rules are kubectl's: k8s.io/kubectl v0.36 pkg/cmd/expose/expose.go and pkg/cmd/create/create_ingress.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.real.hands import Object, Patchbay
from tests.real.inhabiting import Place, inhabited

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

EXPOSED = [
    # kubectl expose …                                                  expose …
    ("deployment web --port=80 --target-port=8080", "deploy/web --port 80 --target-port 8080"),
    ("deployment web --port=80 --target-port=http", "deploy/web --port 80 --target-port http"),
    ("deployment web --port=80 --target-port=8080 --name=shop", "deploy/web --port 80 --target-port 8080 --name shop"),
    ("deployment web --port=8080 --type=NodePort", "deploy/web --port 8080 --type NodePort"),
    ("deployment web --port=8080 --type=LoadBalancer", "deploy/web --port 8080 --type LoadBalancer"),
    ("deployment web", "deploy/web"),
    ("deployment web --target-port=http", "deploy/web --target-port http"),
    ("deployment web --port=80 --target-port=8080 --protocol=TCP", "deploy/web --port 80:8080/TCP"),
    ("deployment mixed --port=53 --target-port=5353 --protocol=UDP", "deploy/mixed --port 53:5353/UDP"),
    ("deployment mixed --port=53 --target-port=dns --protocol=UDP", "deploy/mixed --port 53:dns/UDP"),
    (
        "deployment mixed --port=53 --target-port=5353 --protocol=UDP",
        "deploy/mixed --port 53 --target-port 5353 --protocol UDP",
    ),
    ("deployment many --port=8080,9090", "deploy/many --port 8080,9090"),
    ("deployment many --port=80,81 --target-port=8080", "deploy/many --port 80,81 --target-port 8080"),
    ("deployment web --port=8080 --labels=a=b,c=d", "deploy/web --port 8080 --labels a=b,c=d"),
    ("deployment web --port=8080 -l a=b", "deploy/web --port 8080 -l a=b"),
    ("deployment web --port=8080 --selector=app=many", "deploy/web --port 8080 --selector app=many"),
    ("deployment web --port=8080 --session-affinity=ClientIP", "deploy/web --port 8080 --session-affinity ClientIP"),
    ("deployment web --port=8080 --session-affinity=None", "deploy/web --port 8080 --session-affinity None"),
    ("deployment web --port=8080 --cluster-ip=None", "deploy/web --port 8080 --cluster-ip None"),
    ("deployment web --port=8080 --cluster-ip=10.96.77.77", "deploy/web --port 8080 --cluster-ip 10.96.77.77"),
    ("deployment web --port=8080 --external-ip=192.0.2.7", "deploy/web --port 8080 --external-ip 192.0.2.7"),
    (
        "deployment web --port=8080 --type=LoadBalancer --load-balancer-ip=192.0.2.8",
        "deploy/web --port 8080 --type LoadBalancer --load-balancer-ip 192.0.2.8",
    ),
    ("replicaset set --port=80 --target-port=8080", "rs/set --port 80 --target-port 8080"),
    ("replicaset set", "rs/set"),
    ("replicationcontroller old --port=80 --target-port=http", "rc/old --port 80 --target-port http"),
    ("pod solo --port=80 --target-port=8080", "po/solo --port 80 --target-port 8080"),
    ("pod solo --name=alone", "po/solo --name alone"),
    ("service base --port=81 --target-port=8080 --name=second", "svc/base --port 81 --target-port 8080 --name second"),
]

CREATED = [
    # kubectl create ingress …                              ingress create …
    ("--rule=a.example.com/*=front:80", "a.example.com --service front:80"),
    ("--class=traefik --rule=a.example.com/*=front:80", "a.example.com --service front:80 --class traefik"),
    ("--rule=a.example.com/api*=front:80", "a.example.com/api --service front:80"),
    ("--rule=a.example.com/api*=front:80", "a.example.com --path /api --service front:80"),
    ("--rule=a.example.com/api=front:80", "a.example.com/api --service front:80 --path-type Exact"),
    ("--rule=a.example.com/*=front:www", "a.example.com --service front:www"),
    ("--rule=a.example.com/*=front:80", "--rule a.example.com/*=front:80"),
    ("--rule=a.example.com/api=front:80", "--rule a.example.com/api=front:80"),
    ("--rule=a.example.com/=front:80", "--rule a.example.com/=front:80"),
    ("--rule=/*=front:80", "--rule /*=front:80"),
    ("--rule=*.example.com/*=front:80", "--rule *.example.com/*=front:80"),
    (
        "--rule=a.example.com/*=front:80 --rule=a.example.com/api*=back:8080",
        "--rule a.example.com/*=front:80 --rule a.example.com/api*=back:8080",
    ),
    (
        "--rule=a.example.com/*=front:80 --rule=b.example.com/*=front:80",
        "a.example.com b.example.com --service front:80",
    ),
    (
        "--rule=a.example.com/*=front:80 --rule=b.example.com/x*=back:8080",
        "--rule a.example.com/*=front:80 --rule b.example.com/x*=back:8080",
    ),
    ("--rule=a.example.com/*=front:80,tls=both", "a.example.com --service front:80 --tls both"),
    ("--rule=a.example.com/*=front:80,tls=both", "--rule a.example.com/*=front:80,tls=both"),
    (
        "--rule=a.example.com/*=front:80,tls=both --rule=b.example.com/*=front:80,tls=both",
        "--rule a.example.com/*=front:80,tls=both --rule b.example.com/*=front:80,tls=both",
    ),
    (
        "--rule=a.example.com/*=front:80,tls=both --rule=b.example.com/*=front:80,tls=both",
        "a.example.com b.example.com --service front:80 --tls both",
    ),
    ("--rule=a.example.com/*=front:80,tls", "--rule a.example.com/*=front:80,tls"),
    ("--default-backend=front:80", "--default-backend front:80"),
    (
        "--default-backend=front:80 --rule=a.example.com/*=back:8080",
        "a.example.com --service back:8080 --default-backend front:80",
    ),
    (
        "--rule=a.example.com/*=front:80 --annotation=example.com/note=x=y",
        "a.example.com --service front:80 --annotation example.com/note=x=y",
    ),
]


@pytest.fixture(scope="module")
def theirs(network: None) -> Iterator[Place]:
    """Where kubectl makes things."""
    with inhabited() as made:
        _prepare(made)
        yield made


@pytest.fixture(scope="module")
def ours(network: None) -> Iterator[Place]:
    """Where Patchbay does."""
    with inhabited() as made:
        _prepare(made)
        yield made


def _prepare(place: Place) -> None:
    place.expose("deployment", "web", "--name=base", "--port=80", "--target-port=8080")
    place.make(_service("front", "web", 80), _service("back", "many", 8080))
    place.certify("both", "a.example.com", "b.example.com")


def _service(name: str, app: str, port: int) -> Object:
    spec = {"selector": {"app": app}, "ports": [{"name": "www", "port": port, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize(("words", "line"), EXPOSED, ids=[line for _, line in EXPOSED])
def test_a_service_is_made_as_kubectl_makes_it(
    theirs: Place, ours: Place, cloud: None, bot: Patchbay, words: str, line: str
) -> None:
    expected = _made(theirs, "service", lambda: theirs.expose(*words.split()))
    said = ""

    def expose() -> None:
        nonlocal said
        _, said = bot(f"expose {line} -n {ours.name}")

    assert _made(ours, "service", expose) == expected, said


def test_a_service_of_a_service_leads_to_the_same_ports_of_the_pods_unlike_kubectls(ours: Place, bot: Patchbay) -> None:
    """The one place where it differs on purpose, and says so: kubectl takes the number of the Service for that of the
    pods, at which nobody listens here."""
    _, said = bot(f"expose svc/base --name third -n {ours.name}")
    third = ours.get("service", "third")
    assert third is not None, said
    assert third["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 8080}]
    assert "kubectl would take" in said, said
    ours.delete("service", "third")


@pytest.mark.parametrize(("words", "line"), CREATED, ids=[line for _, line in CREATED])
def test_an_ingress_is_made_as_kubectl_makes_it(
    theirs: Place, ours: Place, served: str, bot: Patchbay, words: str, line: str
) -> None:
    expected = _made(theirs, "ingress", lambda: theirs.create("ingress", "made", *words.split()))
    said = ""

    def create() -> None:
        nonlocal said
        _, said = bot(f"ingress create {line} --name made -n {ours.name}")

    assert _made(ours, "ingress", create) == expected, said


def _made(place: Place, kind: str, make: Callable[[], object]) -> Object:
    """What there is of that kind that was not there before, by name, without what a cluster chooses by itself. It is
    deleted again: two of them could want the same address."""
    before = place.names(kind)
    make()
    made = [name for name in place.names(kind) if name not in before]
    try:
        return {name: _essence(place.get(kind, name)) for name in made}
    finally:
        for name in made:
            place.delete(kind, name)


def _essence(object: Object | None) -> Object:
    assert object is not None
    metadata, spec = object["metadata"], dict(object["spec"])
    if spec.get("clusterIP") != "None" and not str(spec.get("clusterIP")).endswith(".77.77"):
        spec.pop("clusterIP", None), spec.pop("clusterIPs", None)
    spec["ports"] = [{key: key != "nodePort" and value for key, value in p.items()} for p in spec.get("ports") or ()]
    spec |= {"healthCheckNodePort": "healthCheckNodePort" in spec}
    return {"labels": metadata.get("labels"), "annotations": metadata.get("annotations"), "spec": spec}

"""Programs that answer every request with their name and what has come to them: path, Host and headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.real.hands import Object, given, kubectl
from tests.real.inhabiting import IMAGE, Place

PORTS = (("http", 80), ("grpc", 9000), ("https", 443))
_ECHO = r"""
read -r request
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n'
printf '%s %s\n%s\n' "$1" "$HOSTNAME" "$request"
while read -r line && [ "${#line}" -gt 1 ]; do printf '%s\n' "$line"; done
"""
_SERVE = 'printf "%s" "$2" >/echo; exec nc -ll -p 8080 -e sh /echo "$1"'


@contextmanager
def echoing(*programs: str) -> Iterator[Place]:
    """A namespace with a pod and a Service for each; the Services have `PORTS`, all over HTTP. Gone afterwards."""
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "moved-"}}
    made = kubectl("create", "-f", "-", "-o", "name", input=json.dumps(namespace))
    place = Place(made.strip().partition("/")[2])
    try:
        place.make(*(_pod(each) for each in programs), *(_service(each) for each in programs))
        kubectl("wait", "pods", "--all", "-n", place.name, "--for=condition=Ready", "--timeout=90s", seconds=120)
        yield place
    finally:
        kubectl("delete", "namespace", place.name, "--wait=false")


def _pod(name: str) -> Object:
    container: Any = {
        "name": "c",
        "image": IMAGE,
        "command": ["sh", "-c", _SERVE, "sh", name, _ECHO],
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
    }
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def _service(name: str) -> Object:
    ports = [{"name": each, "port": port, "targetPort": 8080} for each, port in PORTS]
    spec = {"selector": {"app": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def applied_as_printed(said: str) -> None:
    """Gives kubectl the YAML that `ingress to-gateway` has printed, to the letter."""
    _, found, rest = said.partition("\nAs Gateway API: ")
    assert found, said
    printed, _, _ = rest.partition("\n\n")
    kubectl("apply", "--server-side", "-f", "-", input=printed.partition("\n")[2])


def cleared(place: Place, ingresses: list[Object]) -> None:
    """What leads to the programs goes, and they stay."""
    given([each | {"metadata": each["metadata"] | {"namespace": place.name}} for each in ingresses], "delete")
    kinds = "gateways,httproutes,grpcroutes,referencegrants,secrets,configmaps"
    kubectl("delete", kinds, "-n", place.name, "--all", "--wait=true")

"""Objects that tests of ingress and gateway controllers lay out, and certificates made for them."""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

GATEWAY = "gateway.networking.k8s.io"


def program_of(name, number=8080):
    """A Deployment and a Service whose pods say who they are."""
    pod = {"containers": [{"name": name, "image": f"shop/{name}:1", "ports": [{"containerPort": number}]}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    ports = [{"name": "http", "port": 80, "targetPort": number}]
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
         "spec": {"selector": {"app": name}, "ports": ports}},
    ]  # fmt: skip


def controller(name, image, *args, namespace="edge", ports=(("http", 80), ("https", 443)), type="LoadBalancer"):
    """A Deployment of a controller with its Service."""
    declared = [{"name": port, "containerPort": number} for port, number in ports]
    container = {"name": name, "image": image, "args": list(args), "ports": declared}
    template = {"metadata": {"labels": {"run": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"run": name}}, "template": template}
    outside = [
        {"name": port, "port": public, "targetPort": port} for (port, _), public in zip(ports, (80, 443), strict=True)
    ]
    metadata = {"name": name, "namespace": namespace}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"type": type, "selector": {"run": name}, "ports": outside}},
    ]  # fmt: skip


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def ingress_class(name, controller, *, default=False):
    said = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": name, "annotations": said}, "spec": {"controller": controller},
    }  # fmt: skip


def path(value="/", name="web", sort="Prefix", port=80):
    said = {"name": port} if isinstance(port, str) else {"number": port}
    return {"path": value, "pathType": sort, "backend": {"service": {"name": name, "port": said}}}


def ingress(*paths, name="shop", host="shop.example.com", of="nginx", tls="", annotations=None, **spec):
    rule = {"http": {"paths": list(paths)}} | ({"host": host} if host else {})
    said = {"rules": [rule]} if paths else {}
    if of:
        said["ingressClassName"] = of
    if tls:
        said["tls"] = [{"hosts": [host], "secretName": tls}]
    metadata = {"name": name, "annotations": annotations or {}}
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": said | spec
    }  # fmt: skip


def secret(name, *hosts, common="", namespace="default"):
    """A certificate for these hosts, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common or hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    both = {
        "tls.crt": certificate.public_bytes(pem),
        "tls.key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
    }
    return {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": namespace},
        "data": {field: base64.b64encode(value).decode() for field, value in both.items()},
    }  # fmt: skip


def gateway_definitions():
    """The least that serves the kinds of the Gateway API."""
    kinds = {
        "GatewayClass": "gatewayclasses", "Gateway": "gateways", "HTTPRoute": "httproutes", "GRPCRoute": "grpcroutes",
        "TLSRoute": "tlsroutes", "ReferenceGrant": "referencegrants",
    }  # fmt: skip
    return [_definition(kind, plural) for kind, plural in kinds.items()]


def _definition(kind, plural):
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    scope = "Cluster" if kind == "GatewayClass" else "Namespaced"
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{GATEWAY}", "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {"group": GATEWAY, "scope": scope, "versions": [version],
                 "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}},
    }  # fmt: skip


def of_gateway_api(kind, name, namespace="default", **spec):
    metadata = {"name": name} | ({"namespace": namespace} if kind != "GatewayClass" else {})
    return {"apiVersion": f"{GATEWAY}/v1", "kind": kind, "metadata": metadata, "spec": spec}

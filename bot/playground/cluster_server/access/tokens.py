"""Tokens of service accounts: JSON Web Tokens that this server signs, reads again, and forgets."""

from __future__ import annotations

import base64
import secrets
import uuid
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from bot.playground.cluster_server.access.people import ACCOUNT, AUTHENTICATED, Claims, User, account_groups
from bot.playground.cluster_server.http.requests import Target
from bot.playground.cluster_server.objects import ownership
from bot.playground.cluster_server.objects.ownership import Manager
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.schema import types
from bot.playground.cluster_server.statuses import bad_request, conflict, invalid, unprocessable
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

ISSUER = "https://kubernetes.default.svc.cluster.local"
_TYPE = "authentication.v1.TokenRequest"
_HOUR = 3600
_LEAST, _MOST = 600, 1 << 32
_BOUND = ("Pod", "Node", "Secret")
_HALF = 32
"""Bytes of each of the two numbers of a signature (RFC 7518, ES256)."""


class Tokens:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kid = secrets.token_urlsafe(8)
        self._accounts = registry.kinds.named("v1", "ServiceAccount")

    def answer(self, target: Target, asked: Object, writing: Writing) -> Object:
        """A TokenRequest with its token. Raises 404 and 422."""
        spec = asked.get("spec") or {}
        account = self._registry.get(self._accounts, target.namespace, target.name)
        if ((asked.get("metadata") or {}).get("name") or target.name) != target.name:
            said = "must match the service account name if specified"
            cause = invalid("metadata.name", asked["metadata"]["name"], said)
            raise unprocessable("TokenRequest", "authentication.k8s.io", target.name, [cause])
        if spec.get("boundObjectRef"):
            self._check_bound(spec["boundObjectRef"], target.namespace)
        status = self._issue(account, spec)
        requests = target.kind.subresource("token")
        assert requests is not None
        version = f"{requests.group}/{requests.version}"
        owned = {
            "kind": requests.kind,
            "apiVersion": version,
            "metadata": {},
            "spec": spec | {"expirationSeconds": spec.get("expirationSeconds", _HOUR)},
        }
        manager = Manager(writing.manager, "Update", version, "token")
        now = self._registry.now()
        managed = ownership.after_update(None, owned, types().named(_TYPE), manager, now)
        metadata: Object = {"name": target.name, "namespace": target.namespace, "uid": str(uuid.uuid4())}
        metadata["creationTimestamp"] = now
        if managed:
            metadata["managedFields"] = managed
        shown = {
            "audiences": spec.get("audiences") or [ISSUER], "expirationSeconds": spec.get("expirationSeconds", _HOUR),
            "boundObjectRef": spec.get("boundObjectRef"),
        }  # fmt: skip
        return {
            "kind": requests.kind, "apiVersion": version, "metadata": metadata, "spec": shown, "status": status,
        }  # fmt: skip

    def _check_bound(self, reference: Object, namespace: str) -> None:
        """A token may live as long as a pod, a node or a Secret. Raises 400, 404 and 409."""
        version, name, uid = reference.get("apiVersion") or "v1", reference.get("name", ""), reference.get("uid", "")
        if version != "v1" or reference.get("kind") not in _BOUND:
            group = version if "/" in version else f"/{version}"
            raise bad_request(f"cannot bind token to object of type {group}, Kind={reference.get('kind', '')}")
        kind = self._registry.kinds.named(version, reference["kind"])
        found = self._registry.get(kind, namespace if kind.namespaced else "", name)
        if uid and uid != found["metadata"]["uid"]:
            said = (
                f"the UID in the bound object reference ({uid}) does not match the UID in record. The object might "
                "have been deleted and then recreated"
            )
            raise conflict(kind.name, "", name, said)

    def configuration(self, address: str) -> Object:
        """Of OpenID Connect, by which others learn to read these tokens."""
        return {
            "issuer": ISSUER, "jwks_uri": f"https://{address}/openid/v1/jwks", "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
        }  # fmt: skip

    def keys(self) -> Object:
        """The public key, as RFC 7517 has it."""
        point = self._key.public_key().public_numbers()
        x, y = (_encoded(number.to_bytes(_HALF, "big")) for number in (point.x, point.y))
        key = {"use": "sig", "kty": "EC", "kid": self._kid, "crv": "P-256", "alg": "ES256", "x": x, "y": y}
        return {"keys": [key]}

    def _issue(self, account: Object, spec: Object) -> Object:
        namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
        seconds = spec.get("expirationSeconds", _HOUR)
        if not _LEAST <= seconds <= _MOST:
            said = "may not specify a duration less than 10 minutes"
            if seconds > _MOST:
                said = "may not specify a duration larger than 2^32 seconds"
            cause = invalid("spec.expirationSeconds", seconds, said)
            raise unprocessable("TokenRequest", "authentication.k8s.io", "", [cause])
        now = self._registry.clock()
        issued = int(now.timestamp())
        audiences = spec.get("audiences") or [ISSUER]
        held = {"name": name, "uid": account["metadata"]["uid"]}
        claims = {
            "aud": audiences, "exp": issued + seconds, "iat": issued, "iss": ISSUER, "jti": str(uuid.uuid4()),
            "kubernetes.io": {"namespace": namespace, "serviceaccount": held}, "nbf": issued,
            "sub": f"{ACCOUNT}{namespace}:{name}",
        }  # fmt: skip
        expires = now.fromtimestamp(issued + seconds, now.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"token": self._signed(claims), "expirationTimestamp": expires}

    def _signed(self, claims: Object) -> str:
        head = _encoded(msgspec.json.encode({"alg": "ES256", "kid": self._kid}))
        body = _encoded(msgspec.json.encode(claims))
        signature = self._key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        return f"{head}.{body}.{_encoded(_raw(signature))}"

    def user(self, token: str) -> User | None:
        """Whose token it is; None for what this server did not sign, what has expired, and accounts that are gone."""
        head, _, rest = token.partition(".")
        body, _, signature = rest.partition(".")
        try:
            self._key.public_key().verify(
                _der(_decoded(signature)), f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())
            )
            claims = msgspec.json.decode(_decoded(body), type=Claims)
        except (InvalidSignature, ValueError, msgspec.MsgspecError):
            return None
        names = claims.sub.removeprefix(ACCOUNT).split(":")
        if not claims.valid or len(names) != 2:
            return None
        account = self._registry.find(self._accounts, *names)
        if account is None or account["metadata"]["uid"] != dig(claims.kubernetes, "serviceaccount", "uid"):
            return None
        groups = (*account_groups(claims.sub), AUTHENTICATED)
        extra = {"authentication.kubernetes.io/credential-id": (f"JTI={claims.jti}",)}
        return User(claims.sub, groups, account["metadata"]["uid"], extra)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _raw(signature: bytes) -> bytes:
    return b"".join(number.to_bytes(_HALF, "big") for number in decode_dss_signature(signature))


def _der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))

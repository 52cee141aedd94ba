"""A plain HTTP client for whichever cluster is tested, from a kubeconfig and `requests` alone."""

from __future__ import annotations

import base64
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

Object = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def message(self) -> str:
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else str(self.body)

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", "")) if isinstance(self.body, dict) else ""


class API:
    """Requests to one API server."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        said = yaml.safe_load(kubeconfig.read_bytes())
        context = next(c["context"] for c in said["contexts"] if c["name"] == said["current-context"])
        cluster = next(c["cluster"] for c in said["clusters"] if c["name"] == context["cluster"])
        user = next(u["user"] for u in said["users"] if u["name"] == context["user"])
        self.url = cluster["server"]
        self._folder = tempfile.TemporaryDirectory()
        self._authority = self._file(cluster, "certificate-authority")
        self.session = self.fresh()
        if "token" in user:
            self.session.headers["Authorization"] = f"Bearer {user['token']}"
        else:
            self.session.cert = (self._file(user, "client-certificate"), self._file(user, "client-key"))

    def fresh(self) -> requests.Session:
        """A session that says nothing of who it is."""
        session = requests.Session()
        session.trust_env = False
        session.verify = self._authority
        return session

    def _file(self, said: Object, name: str) -> str:
        if name in said:
            return str(said[name])
        path = Path(self._folder.name) / name
        path.write_bytes(base64.b64decode(said[f"{name}-data"]))
        return str(path)

    def close(self) -> None:
        self.session.close()
        self._folder.cleanup()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        patch: str = "",
        headers: dict[str, str] | None = None,
        text: str | None = None,
    ) -> Answer:
        """`patch` is the kind of a patch; `text` a body that is sent as it is."""
        said = dict(headers or {})
        types = {
            "json": "json-patch+json", "merge": "merge-patch+json", "strategic": "strategic-merge-patch+json",
            "apply": "apply-patch+yaml", "": "json",
        }  # fmt: skip
        data = text if text is not None else None if body is None else json.dumps(body)
        if data is not None:
            said.setdefault("Content-Type", f"application/{types[patch]}")
        reply = self.session.request(method, self.url + path, data=data, headers=said, timeout=60)
        try:
            found = reply.json()
        except ValueError:
            found = reply.text
        return Answer(reply.status_code, found, reply.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

"""Which cluster it is: the uid of its namespace kube-system, and where that may not be read a name made of the API
server's address and its certificate authority.

Both stay the same as long as the cluster does. The second one is another for every address that leads to the cluster,
and after its authority was replaced: docs/operating.md tells what that means.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from kubernetes.aio.client.configuration import Configuration

from bot.adapters.cluster.session import Call, Session, object_path
from bot.domain.network.references import NAMESPACE
from bot.errors import Refused

DOING = "ask the cluster who it is (the uid of its namespace kube-system)"
_log = logging.getLogger(__name__)


async def asked(session: Session) -> bytes | None:
    """The namespace kube-system, undecoded. None: it may not be read. Raises Unreachable or Refused."""
    try:
        return (await session.ask(Call(doing=DOING, path=object_path(NAMESPACE, name="kube-system")))).body
    except Refused as error:
        if "forbidden" not in error.cause:
            raise
        _log.warning("The namespace kube-system may not be read: the cluster is known by its address and authority")
        return None


def by_address(configuration: Configuration) -> str:
    """`address-` and 32 digits. The path of the address counts: some servers have many clusters, one at each path."""
    authority = b""
    if configuration.ssl_ca_cert:
        authority = Path(configuration.ssl_ca_cert).read_bytes()
    told = configuration.host.rstrip("/").lower().encode() + b"\0" + b"".join(authority.split())
    return f"address-{hashlib.sha256(told).hexdigest()[:32]}"

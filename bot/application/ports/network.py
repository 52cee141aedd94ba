"""The network as the bot itself stands in it: names, addresses and certificates. No cluster is asked."""

from typing import Protocol

from bot.domain.network.certificates import KeyPair
from bot.domain.network.probing import AddressProbe, Observation


class Network(Protocol):
    """Puts requests to addresses. There is one only where a setting says that the bot can reach them."""

    async def ask(self, probe: AddressProbe) -> Observation:
        """Never raises for what the network does: that is the observation's outcome. Its hops tell the way."""
        ...

    async def resolve(self, host: str) -> tuple[str, ...]:
        """The addresses of a host name as this machine resolves it, sorted; empty: it has none, or nobody answered."""
        ...


class Certificates(Protocol):
    """Reads what stands in TLS Secrets."""

    def read(self, certificate: bytes, key: bytes) -> KeyPair:
        """From PEM. Raises BotError for what is neither a certificate nor a key; its text holds nothing of either."""
        ...

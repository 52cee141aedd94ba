"""The network as this process stands in it: aiohttp and asyncio ask by address, `cryptography` reads certificates."""

from bot.adapters.network.certificates import X509Certificates
from bot.adapters.network.reaching import AddressNetwork, Way

__all__ = ["AddressNetwork", "Way", "X509Certificates"]

"""The network as this process stands in it: aiohttp and asyncio ask by address, `cryptography` reads certificates."""

from bot.adapters.network.certificates import X509Certificates
from bot.adapters.network.reaching import AddressNetwork, Ways

__all__ = ["AddressNetwork", "Ways", "X509Certificates"]

"""The server that the tests of this folder talk to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from speaking_api_server import SpeakingServer, speaking_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SpeakingServer]:
    async with speaking_server(tmp_path) as running:
        yield running

"""What an idle `patchbay serve` costs, and how soon it is ready."""

import asyncio
import time
from pathlib import Path

import aiohttp

from tests.bench.bench_acknowledging import World, _free_port, _server
from tests.bench.result import Result, under


def _resident_megabytes(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def _measure() -> list[Result]:
    world = World()
    await world.start()
    port = _free_port()
    began = time.perf_counter()
    try:
        async with _server(world, ["-m", "bot", "serve"], port) as process, aiohttp.ClientSession() as session:
            async with asyncio.timeout(30):
                while True:
                    async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                        if response.status == 200:
                            break
                    await asyncio.sleep(0.01)
            ready = time.perf_counter() - began
            await asyncio.sleep(3)  # idle, with its routines running
            resident = _resident_megabytes(process.pid)
    finally:
        await world.stop()
    return [
        under("`patchbay serve` ready after", ready, 3, "s"),
        under("`patchbay serve` idle, resident", resident, 150, "MB"),
    ]


def measure() -> list[Result]:
    return asyncio.run(_measure())

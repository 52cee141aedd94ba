"""A process of its own that writes to a database as fast as it can: `hammering.py URL SCHEDULE COUNT`.

It opens the database itself (and migrates it, if it is the first), then counts one schedule's owner up, COUNT times,
reading before it writes in each transaction.
"""

import asyncio
import sys

import msgspec

from bot.adapters.storage import SQLStorage


async def hammer(url: str, id: int, count: int) -> None:
    storage = SQLStorage(url)
    await storage.open()
    for _ in range(count):
        async with storage.begin() as tx:
            schedule = await tx.schedules.get(id)
            await tx.schedules.save(msgspec.structs.replace(schedule, owner=str(int(schedule.owner) + 1)))
    await storage.close()


if __name__ == "__main__":
    asyncio.run(hammer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

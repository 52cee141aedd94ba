"""Showing a plan and asking for approval."""

from bot.application.ports import Answer, Context
from bot.domain.changes.change import Change


async def propose(change: Change, context: Context, *, dry_run: bool) -> Answer:
    """Records the plan, shows it with what a server-side dry run says, and offers Approve and Cancel."""
    raise NotImplementedError  # being written by the room's owner

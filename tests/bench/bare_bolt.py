"""The baseline: the smallest Bolt application that acknowledges a slash command and answers through response_url.

`python -m tests.bench.bare_bolt PORT`, with SLACK_API_URL and SLACK_SIGNING_SECRET as `patchbay serve` has them.
"""

import os
import sys
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


def main(port: int) -> None:
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @app.command("/net")
    async def answer(ack: Any, respond: Any) -> None:
        await ack()
        await respond("ok")

    app.start(port=port, path="/slack/events", host="127.0.0.1")


if __name__ == "__main__":
    main(int(sys.argv[1]))

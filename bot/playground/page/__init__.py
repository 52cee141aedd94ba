"""The page of the playground: static files, and the routes of the panel of the world beside the chat.

The chat itself speaks the protocol in `bot.playground.slack_server.person`; what is served here knows nothing of Slack.
"""

from bot.playground.page.routes import add_routes

__all__ = ["add_routes"]

"""HTTP: health, metrics, and the door for Slack when Slack comes over HTTP."""

from bot.adapters.web.server import WebServer

__all__ = ["WebServer"]

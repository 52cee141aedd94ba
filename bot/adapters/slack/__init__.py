"""Slack: payloads become invocations, reports become messages. The one folder that knows Slack's JSON."""

from bot.adapters.slack.edge import Identity, SlackEdge

__all__ = ["Identity", "SlackEdge"]

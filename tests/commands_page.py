"""Writes docs/commands.md from the commands themselves: `python -m tests.commands_page`, or `make docs`."""

from pathlib import Path

from bot.app import house
from bot.application.ports import Changing, Command, Steering
from bot.domain.chat import grammar

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"

HEADINGS = (
    ("Looking", "They read the cluster and answer the person who asked."),
    ("Changing", "They plan a change. It is shown, approved, applied, verified, and can be undone."),
    ("Steering", "They write what Patchbay itself remembers: approvals, schedules, acknowledgements."),
)


def page() -> str:
    """The whole page, as it has to be."""
    catalogue = house.catalogue()
    lines = [
        "# Commands",
        "",
        "Written by `make docs` from the commands themselves; `/net help COMMAND` says the same. In a terminal:",
        "`patchbay run` and the command.",
    ]
    for heading, explanation in HEADINGS:
        lines += ["", f"## {heading}", "", explanation]
        for command in catalogue.values():
            if _group(command) == heading:
                lines += _entry(command)
    return "\n".join(lines) + "\n"


def _group(command: Command) -> str:
    return "Changing" if isinstance(command, Changing) else "Steering" if isinstance(command, Steering) else "Looking"


def _entry(command: Command) -> list[str]:
    lines = ["", f"### `{command.name}`", "", f"{command.summary[:1].upper()}{command.summary[1:]}.", ""]
    lines += ["```", grammar.usage(command.name, command.model), "```"]
    if command.details:
        lines += ["", command.details]
    if parameters := grammar.parameters(command.model):
        lines += ["", "| argument | meaning | expected |", "|---|---|---|"]
        for parameter in parameters:
            flags = ", ".join(f"`{flag}`" for flag in parameter.flags) or f"`{parameter.metavar}`"
            expected = parameter.value.expected if parameter.value else "nothing"
            lines.append(f"| {flags} | {parameter.summary} | {expected} |".replace("|NAME", "\\|NAME"))
    lines += ["", "```", *(f"/net {example}" for example in command.examples), "```"]
    return lines


if __name__ == "__main__":
    PAGE.write_text(page())

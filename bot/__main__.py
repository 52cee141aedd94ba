"""The program: reads its arguments and imports only what the part that was asked for needs."""

import argparse
import sys
from pathlib import Path

from bot import __version__
from bot.errors import BotError

EXIT_FAILED = 2


def main(arguments: list[str] | None = None) -> int:
    """Runs one part of Patchbay. Returns the exit status: 0 all well, 1 findings, 2 it could not be done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.part(options))
    except BotError as error:
        print(_told(error), file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130


def _told(error: BotError) -> str:
    """An error for a terminal: what happened, then each further line below it."""
    lines = [f"patchbay: {error.summary}", *error.cause.splitlines(), *error.next_step.splitlines()]
    return "\n  ".join(line for line in lines if line)


def _serve(options: argparse.Namespace) -> int:
    from bot import settings
    from bot.app import serving

    return serving.serve(settings.load())


def _playground(options: argparse.Namespace) -> int:
    from bot.playground import running

    return running.run(
        running.Options(
            port=options.port,
            open_browser=not options.no_browser,
            scenario=options.scenario,
            kubeconfig=options.kubeconfig,
            context=options.context,
            allow_changes=options.allow_changes,
        )
    )


def _run(options: argparse.Namespace) -> int:
    from bot import settings
    from bot.app import terminal

    overrides = {"kube_context": options.context} if options.context else {}
    return terminal.run(settings.load(**overrides), options.words, as_json=options.json, approve=options.yes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="patchbay", description="A ChatOps bot for Kubernetes networking.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"patchbay {__version__}")
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)

    serve = parts.add_parser("serve", help="run the bot: Slack, schedules, incidents", allow_abbrev=False)
    serve.set_defaults(part=_serve)

    playground = parts.add_parser(
        "playground", help="try the whole bot in a browser, without Slack and without a cluster", allow_abbrev=False
    )
    playground.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1; default: any free one")
    playground.add_argument("--no-browser", action="store_true", help="do not open the page")
    playground.add_argument("--scenario", default="shop", help="the world to begin with; default: shop")
    playground.add_argument("--kubeconfig", type=Path, help="a real cluster instead of a pretended one")
    playground.add_argument("--context", default="", help="the context in that kubeconfig")
    playground.add_argument("--allow-changes", action="store_true", help="may change that cluster; default: only look")
    playground.set_defaults(part=_playground)

    run = parts.add_parser(
        "run",
        help="carry out one command in the terminal: patchbay run services -n shop",
        epilog="Options of `run` stand before the command. Exit status: 0 all well, 1 findings, 2 could not do it.",
        allow_abbrev=False,
    )
    run.add_argument("--json", action="store_true", help="print the report as JSON")
    run.add_argument("--context", default="", help="the kubeconfig's context")
    run.add_argument("--yes", action="store_true", help="approve the plan that a change shows")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="such as: help, status, services -A")
    run.set_defaults(part=_run)
    return parser


def _port(word: str) -> int:
    if not word.isdigit() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, not {word!r}")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())

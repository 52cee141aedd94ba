"""The few programs that every container here has, as a busybox would: enough for `exec`, for scripts that say something
and end, and for probes that run a command. Nothing of it touches the machine that it runs on.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

STDOUT, STDERR = 1, 2
NOT_FOUND = 127
_SHELLS = ("sh", "/bin/sh", "bash", "/bin/bash", "ash")
_FOREVER_SECONDS = 60.0
"""Whoever sleeps this long is taken for one that serves."""
_ENDS_AT_ONCE = ("echo", "printf", "true", "false", ":", "exit", "env", "printenv", "hostname", "pwd", "date", "mkdir",
                 "touch", "cd", "set", "export", "ls", "id", "whoami", "uname", "chmod", "rm")  # fmt: skip
_TO_STDERR = "\x01"
_REDIRECTIONS = {"1>&2": _TO_STDERR, ">&2": _TO_STDERR, "2>&1": "\x02"}
"""Each as one word that no script has."""
_Write = Callable[[int, bytes], Awaitable[None]]


@dataclass(frozen=True)
class Surroundings:
    """What a program sees of where it runs."""

    hostname: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    commands: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What a scenario says that a whole command line prints, and its exit code."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What a command will do when it is started as a container's own."""

    printed: tuple[str, ...]
    exit_code: int | None
    """None: it does not end by itself."""
    seconds: float = 0.0


class CommandNotFound(Exception):
    """No such program; the name is the argument."""


def foretold(command: list[str]) -> Foretold:
    if not command:
        return Foretold((), None)
    printed: list[str] = []
    seconds, last = 0.0, 0
    for words in _parts(command):
        name, *rest = words
        if name == "exec":
            return Foretold(tuple(printed), None)
        if name == "sleep":
            lasts = _seconds(rest)
            if lasts >= _FOREVER_SECONDS:
                return Foretold(tuple(printed), None)
            seconds += lasts
        elif name not in _ENDS_AT_ONCE:
            return Foretold(tuple(printed), None)
        if name == "echo" and not any(">" in word for word in rest):
            printed.append(" ".join(word for word in rest if word not in _REDIRECTIONS.values()))
        if name == "exit":
            return Foretold(tuple(printed), int(rest[0]) if rest and rest[0].isdecimal() else last, seconds)
        last = 1 if name == "false" else 0
    return Foretold(tuple(printed), last, seconds)


async def run(command: list[str], around: Surroundings, stdin: AsyncIterator[bytes], write: _Write) -> int:
    """The exit code. Raises CommandNotFound for a program that is started by itself and is not there."""
    if found := around.commands.get(" ".join(command)):
        await write(STDOUT, found[0].encode())
        return found[1]
    if command[0] in _SHELLS:
        return await _shell(command[1:], around, stdin, write)
    return await _program(command, around, stdin, write)


async def _shell(words: list[str], around: Surroundings, stdin: AsyncIterator[bytes], write: _Write) -> int:
    if words[:1] and words[0].startswith("-") and words[0].endswith("c") and len(words) > 1:
        return await _script(words[1], around, stdin, write)
    last = 0
    async for data in stdin:
        for line in data.decode("utf-8", "replace").splitlines():
            if line.strip() == "exit":
                return last
            last = await _script(line, around, stdin, write)
    return last


async def _script(text: str, around: Surroundings, stdin: AsyncIterator[bytes], write: _Write) -> int:
    last = 0
    for joint, words in _split(text):
        if not words or (joint == "&&" and last) or (joint == "||" and not last):
            continue
        if words[0] == "exec":
            words = words[1:]
        if words[0] == "exit":
            return int(words[1]) if len(words) > 1 and words[1].isdecimal() else last
        channel = STDERR if _TO_STDERR in words else STDOUT
        said = [word for word in words if word not in _REDIRECTIONS.values()]

        async def redirected(to: int, data: bytes, channel: int = channel) -> None:
            await write(channel if to == STDOUT else to, data)

        try:
            if found := around.commands.get(" ".join(said)):
                await write(STDOUT, found[0].encode())
                last = found[1]
            else:
                last = await _program(said, around, stdin, redirected)
        except CommandNotFound as error:
            await write(STDERR, f"sh: {error}: not found\n".encode())
            last = NOT_FOUND
    return last


async def _program(words: list[str], around: Surroundings, stdin: AsyncIterator[bytes], write: _Write) -> int:
    name, *rest = words
    match name.rpartition("/")[2]:
        case "echo":
            end = "" if rest[:1] == ["-n"] else "\n"
            await write(STDOUT, (" ".join(_expanded(rest[1:] if not end else rest, around)) + end).encode())
        case "printf":
            await write(STDOUT, " ".join(rest).encode().decode("unicode_escape").encode())
        case "true" | ":" | "mkdir" | "touch" | "cd" | "set" | "export" | "chmod" | "rm":
            pass
        case "false":
            return 1
        case "cat" if not rest:
            async for data in stdin:
                await write(STDOUT, data)
        case "cat":
            return await _cat(rest, around, write)
        case "sleep":
            await asyncio.sleep(_seconds(rest))
        case "env" | "printenv":
            lines = "".join(f"{key}={value}\n" for key, value in around.variables.items())
            await write(STDOUT, lines.encode())
        case "hostname":
            await write(STDOUT, f"{around.hostname}\n".encode())
        case "pwd":
            await write(STDOUT, b"/\n")
        case "whoami":
            await write(STDOUT, b"root\n")
        case "id":
            await write(STDOUT, b"uid=0(root) gid=0(root) groups=0(root)\n")
        case "uname":
            await write(STDOUT, b"Linux\n")
        case "ls":
            await write(STDOUT, b"bin\ndev\netc\nproc\nroot\nsys\ntmp\nusr\nvar\n")
        case "sh" | "bash" | "ash":
            return await _shell(rest, around, stdin, write)
        case _:
            raise CommandNotFound(name)
    return 0


async def _cat(names: list[str], around: Surroundings, write: _Write) -> int:
    files = {"/etc/hostname": f"{around.hostname}\n", "/dev/null": ""}
    last = 0
    for name in names:
        if name in files:
            await write(STDOUT, files[name].encode())
        else:
            await write(STDERR, f"cat: can't open '{name}': No such file or directory\n".encode())
            last = 1
    return last


def _expanded(words: list[str], around: Surroundings) -> list[str]:
    return [around.variables.get(word[1:], "") if word.startswith("$") else word for word in words]


def _seconds(words: list[str]) -> float:
    """Of a `sleep`; one that cannot be read is for ever."""
    try:
        units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
        return sum(float(w[:-1]) * units[w[-1]] if w[-1] in units else float(w) for w in words)
    except (ValueError, IndexError):
        return float("inf")


def _parts(command: list[str]) -> list[list[str]]:
    if command[0] in _SHELLS and len(command) > 2 and command[1].endswith("c"):
        return [words for _, words in _split(command[2]) if words]
    return [command]


def _split(text: str) -> list[tuple[str, list[str]]]:
    """Commands, each with what joins it to the one before: `;`, `&&` or `||`."""
    for redirection in ("1>&2", ">&2", "2>&1"):
        text = text.replace(redirection, f" {_REDIRECTIONS[redirection]} ")
    reader = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=";&|")
    reader.whitespace_split = True
    reader.commenters = ""
    found: list[tuple[str, list[str]]] = [(";", [])]
    try:
        for word in reader:
            if word in (";", "&&", "||", "&", "|"):
                found.append((word if word in ("&&", "||") else ";", []))
            else:
                found[-1][1].append(word)
    except ValueError:  # a quote that is not closed
        return [(";", [text])]
    return found

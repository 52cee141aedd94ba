"""What runs in the pods: small programs that a scenario describes, answered for by real sockets on loopback.

An image is a program. One that nobody described runs, and answers on the ports that its container declares. A socket is
opened when somebody first asks for it, and closed when its pod is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.pods import shell
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
HTTP, TCP = "http", "tcp"


@dataclass(frozen=True, slots=True)
class Reply:
    """What an HTTP port says to one path."""

    body: str
    status: int = 200
    echo: bool = False
    """The body is followed by the headers of the request, a line each: what a proxy has done to them is seen."""


@dataclass(frozen=True)
class Program:
    """What an image does when it runs. Ports map paths to replies; "" stands for every other path."""

    http: dict[int, dict[str, Reply]] = field(default_factory=dict)
    tcp: tuple[int, ...] = ()
    banner: str = ""
    """What TCP ports say first; afterwards they repeat what they hear."""
    logs: tuple[str, ...] = ()
    pull_error: str = ""
    """Not empty: the image cannot be pulled, for this reason."""
    exit_code: int | None = None
    """Not None: it ends at once, and again whenever it is started."""
    seconds: float = 0.0
    """How long it runs before it ends, when it does."""
    commands: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What `exec` of a whole command line prints, and its exit code."""
    declared: bool = True
    """False: nobody described it, so it serves what its container declares."""

    @classmethod
    def read(cls, said: Object) -> Program:
        """From a scenario. Raises KeyError or ValueError for what cannot be meant."""
        unknown = set(said) - {"http", "tcp", "banner", "logs", "pull_error", "exit_code", "commands"}
        if unknown:
            raise ValueError(f"a program has no {', '.join(sorted(unknown))}")
        http = {int(port): _replies(replies) for port, replies in (said.get("http") or {}).items()}
        return cls(
            http, tuple(said.get("tcp") or ()), said.get("banner", ""), tuple(said.get("logs") or ()),
            said.get("pull_error", ""), said.get("exit_code"), 0.0,
            {line: _command(answer) for line, answer in (said.get("commands") or {}).items()},
        )  # fmt: skip


def _command(said: Any) -> tuple[str, int]:
    """`text`, or `{output, exit_code}`."""
    return (said, 0) if isinstance(said, str) else (said.get("output", ""), said.get("exit_code", 0))


def _replies(said: Any) -> dict[str, Reply]:
    if isinstance(said, str):
        return {"": Reply(said)}
    return {path: Reply(r) if isinstance(r, str) else _reply(r) for path, r in said.items()}


def _reply(said: Object) -> Reply:
    """`{body, status, echo}`, of which one is enough."""
    if unknown := set(said) - {"body", "status", "echo"}:
        raise ValueError(f"a reply has no {', '.join(sorted(unknown))}")
    return Reply(said.get("body", ""), said.get("status", 200), bool(said.get("echo")))


class Programs:
    """Which image does what. Changing one is told to whoever runs pods."""

    def __init__(self, on_change: Any = None) -> None:
        self._by_image: dict[str, Program] = {}
        self.on_change = on_change
        self.of_agents: Callable[[Object, Object, Program], Program] | None = None
        """Has the last word about a container of a pod: what a network plugin's agent does depends on its node."""

    def replace(self, programs: dict[str, Program]) -> None:
        self._by_image = dict(programs)
        self._changed()

    def set(self, image: str, program: Program) -> None:
        self._by_image[image] = program
        self._changed()

    def of(self, container: Object, pod: Object | None = None) -> Program:
        """By whole image, else by its repository; else one that serves what the container declares."""
        image = str(container.get("image", ""))
        repository = image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else image
        found = self._by_image.get(image) or self._by_image.get(repository)
        program = found or _undescribed(container)
        return self.of_agents(container, pod, program) if pod and self.of_agents else program

    def _changed(self) -> None:
        if self.on_change:
            self.on_change()


def _undescribed(container: Object) -> Program:
    ports = [port["containerPort"] for port in container.get("ports") or () if port.get("protocol", "TCP") == "TCP"]
    said = f"{container.get('name', '')} ({container.get('image', '')})\n"
    will = shell.foretold([*(container.get("command") or ()), *(container.get("args") or ())])
    return Program(
        {port: {"": Reply(said)} for port in ports}, logs=will.printed, exit_code=will.exit_code, seconds=will.seconds,
        declared=False,
    )  # fmt: skip


class Refused(Exception):
    """Nothing listens there."""


class Speaker(Protocol):
    """Who answers in place of a program, as a controller does at its ports."""

    async def local_port(self, pod: Object, port: int) -> int | None:
        """The port on 127.0.0.1; None: the program answers itself."""
        ...

    def speaks_tls(self, pod: Object, port: int) -> bool: ...


class Sockets:
    """The loopback side of the pods' ports."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self.speaker: Speaker | None = None
        self._servers: dict[tuple[str, int], tuple[int, Any]] = {}
        self._opening = asyncio.Lock()
        self._closing: set[asyncio.Future[None]] = set()

    def program_of(self, container: Object, pod: Object) -> Program:
        return self._programs.of(container, pod)

    @staticmethod
    def runs(pod: Object) -> bool:
        """Whether any of its containers is up."""
        return any("running" in (s.get("state") or {}) for s in dig(pod, "status", "containerStatuses", default=()))

    def listens(self, pod: Object, port: int) -> Program | None:
        """The program that has this port open in a pod that runs; None: the connection is refused."""
        states = {s["name"]: s.get("state") or {} for s in dig(pod, "status", "containerStatuses", default=())}
        for container in pod["spec"]["containers"]:
            program = self._programs.of(container, pod)
            if "running" in states.get(container["name"], {}) and (port in program.http or port in program.tcp):
                return program
        return None

    async def dial(self, pod: Object, port: int) -> int:
        """The port on 127.0.0.1 that stands for a pod's. Raises Refused."""
        if self.speaker and (found := await self.speaker.local_port(pod, port)):
            return found
        program = self.listens(pod, port)
        if program is None:
            raise Refused(f"dial tcp {dig(pod, 'status', 'podIP', default='')}:{port}: connect: connection refused")
        key = (pod["metadata"]["uid"], port)
        async with self._opening:
            if key not in self._servers:
                self._servers[key] = await self._open(pod, port, program)
            return self._servers[key][0]

    def speaks_tls(self, pod: Object, port: int) -> bool:
        """Programs themselves never do."""
        return bool(self.speaker and self.speaker.speaks_tls(pod, port))

    async def _open(self, pod: Object, port: int, program: Program) -> tuple[int, Any]:
        if port in program.http:
            runner = web.ServerRunner(web.Server(self._responder(pod, port)), shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return runner.addresses[0][1], runner
        server = await asyncio.start_server(_Echo(program.banner).serve, "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1], server

    def _responder(self, pod: Object, port: int) -> Any:
        async def respond(request: web.BaseRequest) -> web.Response:
            # Looked up each time: a program may have been broken or mended since the socket was opened.
            program = self.listens(pod, port)
            replies = program.http.get(port, {}) if program else {}
            reply = replies.get(request.path) or replies.get("") or Reply("404 page not found\n", 404)
            heard = "".join(f"{name}: {value}\n" for name, value in request.headers.items()) if reply.echo else ""
            return web.Response(text=reply.body + heard, status=reply.status)

        return respond

    def hear(self, change: Change) -> None:
        """Closes what stood for a pod that is gone."""
        if change.resource == ("", "pods") and change.type == "DELETED":
            uid = change.obj["metadata"]["uid"]
            for key in [key for key in self._servers if key[0] == uid]:
                _, server = self._servers.pop(key)
                self._closing.add(task := asyncio.ensure_future(_close(server)))
                task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        servers, self._servers = self._servers, {}
        await asyncio.gather(*(_close(server) for _, server in servers.values()), *self._closing)


async def _close(server: Any) -> None:
    if isinstance(server, web.ServerRunner):
        await server.cleanup()
    else:
        server.close()
        with contextlib.suppress(OSError):
            await server.wait_closed()


class _Echo:
    """A TCP program: says its banner, then repeats what it hears."""

    def __init__(self, banner: str) -> None:
        self._banner = banner

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self._banner.encode())
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


def containers_of(pod: Object) -> list[Object]:
    """All: those that run first, the others, and those that were added later."""
    groups = ("initContainers", "containers", "ephemeralContainers")
    return [container for group in groups for container in pod["spec"].get(group) or ()]


def status_of(pod: Object, container: str) -> Object:
    """What became of one container; empty: nothing yet."""
    groups = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    found = (status for group in groups for status in dig(pod, "status", group, default=()))
    return next((status for status in found if status["name"] == container), {})


def log_lines(program: Program, pod: Object, container: str, previous: bool) -> list[tuple[datetime.datetime, str]]:
    """What a container has written, with times."""
    status = status_of(pod, container)
    state = dig(status, "lastState", "terminated") if previous else None
    state = (
        state
        or dig(status, "state", "running")
        or dig(status, "state", "terminated")
        or dig(status, "lastState", "terminated")
    )
    if not state:
        return []
    began = datetime.datetime.fromisoformat(state["startedAt"].replace("Z", "+00:00"))
    return [(began + datetime.timedelta(milliseconds=10 * n), line) for n, line in enumerate(program.logs)]

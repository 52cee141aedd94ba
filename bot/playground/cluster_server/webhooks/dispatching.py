"""Puts a request to the webhooks that want to hear of it: first those that change it, one after the other, then, all at
once, those that judge it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.customs import resources
from bot.playground.cluster_server.http.decoding import Unreadable, decoded
from bot.playground.cluster_server.objects.kinds import Kinds
from bot.playground.cluster_server.objects.policing import GROUP
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.statuses import APIError, internal
from bot.playground.cluster_server.values import copied
from bot.playground.cluster_server.webhooks.asking import Asking, View
from bot.playground.cluster_server.webhooks.calling import Caller
from bot.playground.cluster_server.webhooks.matching import Hook, Matching, conditions_hold
from bot.playground.cluster_server.webhooks.patching import operated
from bot.playground.cluster_server.webhooks.reviewing import (
    API_VERSIONS,
    CallFailed,
    Verdict,
    denial,
    request_of,
    review_of,
    verdict_of,
)

Object = dict[str, Any]
Change = Callable[[Object], Object]

_CONTROLS = {chr(code) for code in (*range(32), *range(127, 160))}
"""What no header may have in it: a warning that does is not told."""
_log = logging.getLogger(__name__)


class Webhooks:
    """Keeps nothing but connections."""

    def __init__(self, store: Store, kinds: Kinds, caller: Caller) -> None:
        named = (kinds.named(f"{GROUP}/v1", f"{name}WebhookConfiguration") for name in ("Mutating", "Validating"))
        self._mutating, self._validating = (Matching(store, kinds, kind) for kind in named)
        self._caller = caller

    def are_any(self) -> bool:
        return self._mutating.are_any() or self._validating.are_any()

    def may_change(self, asking: Asking) -> bool:
        return self._mutating.are_any() and asking.view.resource.group != GROUP

    async def admit(self, asking: Asking, obj: Object) -> Object:
        """For what is asked but not stored."""
        changed = await self.mutate(asking, obj, None, copied, copied)
        await self.validate(asking, changed, None)
        return obj if changed is None else changed

    async def close(self) -> None:
        await self._caller.close()

    async def mutate(
        self, asking: Asking, obj: Object | None, before: Object | None, fill: Change, again: Change
    ) -> Object | None:
        """The object as the webhooks want it, a new one where they change it. Raises what refused.

        `fill` gives a changed object its defaults; `again` does to it what the server itself does to objects, before
        the webhooks that ask to be asked again are.
        """
        if asking.view.resource.group == GROUP:
            return obj
        round_ = _Round(self, asking, before, fill)
        obj = await round_.run(self._mutating.hooks(), obj)
        if round_.changed and obj is not None:
            after = again(obj)
            if after != obj:
                round_.ask_again()
            obj = await round_.run([hook for hook in self._mutating.hooks() if hook.place in round_.due], after)
        return obj

    async def validate(self, asking: Asking, obj: Object | None, before: Object | None) -> None:
        """Raises what refused; when several did, what the first of them says."""
        if asking.view.resource.group == GROUP:
            return
        wanted = [(hook, self._validating.view_for(hook, asking, obj, before)) for hook in self._validating.hooks()]
        calls = [self.ask(hook, asking, view, obj, before, mutating=False) for hook, view in wanted if view]
        if not calls:
            return
        await notice()
        for found in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found

    def view_for(self, hook: Hook, asking: Asking, obj: Object | None, before: Object | None) -> View | None:
        return self._mutating.view_for(hook, asking, obj, before)

    async def ask(
        self, hook: Hook, asking: Asking, view: View, obj: Object | None, before: Object | None, *, mutating: bool
    ) -> Verdict | None:
        """None: nobody was asked, or nobody answered and that is ignored. Raises what refused."""
        request = request_of(asking, view, obj, before)
        if not conditions_hold(hook, asking, request):
            return None
        if asking.dry_run and hook.said.get("sideEffects") not in ("None", "NoneOnDryRun"):
            raise statuses.bad_request(f'admission webhook "{hook.name}" does not support dry run')
        try:
            verdict = await self._answer(hook, request, mutating=mutating)
        except CallFailed as error:
            if hook.ignores_failures:
                _log.info("the webhook %s could not be asked, which it wants to be ignored: %s", hook.name, error)
                return None
            raise internal(f'failed calling webhook "{hook.name}": {error}') from error
        asking.warnings.extend(said for said in verdict.warnings if said and not _CONTROLS & set(said))
        if not verdict.allowed:
            raise denial(hook.name, verdict.status)
        return verdict

    async def _answer(self, hook: Hook, request: Object, *, mutating: bool) -> Verdict:
        known = [version for version in hook.said.get("admissionReviewVersions") or () if version in API_VERSIONS]
        if not known:
            versions = ", ".join(API_VERSIONS)
            said = f"webhook does not accept known AdmissionReview versions ({versions})"
            raise CallFailed(f"could not create admission objects: {said}")
        seconds = int(hook.said.get("timeoutSeconds") or 10)
        body = await self._caller.post(hook.said.get("clientConfig") or {}, review_of(request, known[0]), seconds)
        return verdict_of(body, request, known[0], mutating=mutating)


class _Round:
    """The webhooks that change one request, and which of them are to be asked once more."""

    def __init__(self, webhooks: Webhooks, asking: Asking, before: Object | None, fill: Change) -> None:
        self._webhooks = webhooks
        self._asking = asking
        self._before = before
        self._fill = fill
        self._asked: set[tuple[str, int]] = set()
        """Those that were asked since the last change, and want to be asked again after one."""
        self.due: set[tuple[str, int]] = set()
        self.changed = False

    async def run(self, hooks: Any, obj: Object | None) -> Object | None:
        for hook in list(hooks):
            view = self._webhooks.view_for(hook, self._asking, obj, self._before)
            if view is None:
                continue
            await notice()
            verdict = await self._webhooks.ask(hook, self._asking, view, obj, self._before, mutating=True)
            if verdict is not None and verdict.patch:
                changed = self._patched(hook, view, obj, verdict.patch)
                if changed != obj:
                    obj, self.changed = changed, True
                    self.ask_again()
            if hook.said.get("reinvocationPolicy") == "IfNeeded":
                self._asked.add(hook.place)
        return obj

    def ask_again(self) -> None:
        self.due |= self._asked
        self._asked = set()

    def _patched(self, hook: Hook, view: View, obj: Object | None, patch: list[Object]) -> Object:
        if obj is None:
            said = "attempted to modify the object, which is not supported for this operation"
            raise internal(f'admission webhook "{hook.name}" {said}')
        shown = _read(operated(view.show(obj), patch), view)
        return self._fill(view.read(shown, obj))


def _read(patched: Object, view: View) -> Object:
    """What a patch has made, as the kind has it. Raises 500."""
    kind = view.resource
    if not view.is_whole:
        return patched
    try:
        if kind.custom:
            return resources.decoded(patched, kind, "")[0]
        return decoded(patched, kind)[0] | {"kind": kind.name, "apiVersion": kind.api_version}
    except Unreadable as error:
        raise internal(error.said) from error
    except APIError as error:
        raise internal(str(error)) from error


async def notice() -> None:
    """Lets whoever runs a write without waiting for it, as controllers do, notice that it takes its time."""
    await asyncio.sleep(0)

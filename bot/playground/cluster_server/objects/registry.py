"""What may be done with objects, whoever asks: the HTTP side and the controllers both come through here.

A write goes: what is asked for → defaults → webhooks that change it → allotted addresses → validation → managedFields →
policies → webhooks that judge it → quotas → store. Whoever can wait for webhooks awaits `creating`, `updating`,
`applying` and `deleting`; `create`, `update` and `delete` are for those who cannot.
"""

from __future__ import annotations

import builtins
import datetime
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.customs import definitions, resources
from bot.playground.cluster_server.naming import name_causes
from bot.playground.cluster_server.objects import canonical, ownership
from bot.playground.cluster_server.objects.admitting import Admission
from bot.playground.cluster_server.objects.allotting import Allotments
from bot.playground.cluster_server.objects.ending import Ending, may_end
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.limiting import Limits
from bot.playground.cluster_server.objects.making import Making
from bot.playground.cluster_server.objects.ownership import Manager
from bot.playground.cluster_server.objects.policing import Policies
from bot.playground.cluster_server.objects.rationing import Quotas
from bot.playground.cluster_server.objects.shaping import (
    SYSTEM_KEPT,
    ephemeral,
    filled,
    laid_over,
    specified,
    without_status,
    without_times,
)
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.objects.waiting import Waiting
from bot.playground.cluster_server.objects.writes import PLAINLY, UNHEARD, Acting, Deleting, Place, Postponed, Writing
from bot.playground.cluster_server.rules import BY_KIND, NONE
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.rules.metadata import judge_metadata, without_double_owners
from bot.playground.cluster_server.rules.pods import UPDATES
from bot.playground.cluster_server.rules.resizing import judge_resize
from bot.playground.cluster_server.values import copied, dig
from bot.playground.cluster_server.webhooks.asking import CREATE, DELETE, UPDATE, Asker, Asking, view_of
from bot.playground.cluster_server.webhooks.calling import Caller, Reach, nowhere
from bot.playground.cluster_server.webhooks.dispatching import Webhooks

__all__ = ["UNHEARD", "Acting", "Deleting", "Place", "Postponed", "Registry", "Writing", "rules_of"]

Object = dict[str, Any]
Clock = Callable[[], datetime.datetime]
Owned = Callable[[], builtins.list[Object]]
"""Gives the managedFields of a write."""

_UNBORN = ("uid", "creationTimestamp", "generation")
_SERVER = "kube-apiserver"


def rules_of(kind: Kind) -> Rules:
    if kind.custom:
        return resources.rules(kind)
    if (kind.group, kind.name) == (definitions.GROUP, definitions.KIND):
        return definitions.RULES
    return BY_KIND.get((kind.group, kind.name), NONE)


class Registry:
    """All objects of one cluster, with the rules that hold for them. Methods raise APIError."""

    def __init__(
        self, store: Store, kinds: Kinds, clock: Clock, seed: int = 0, reach: Reach = nowhere
    ) -> None:  # fmt: skip
        self.store = store
        self.kinds = kinds
        self.clock = clock
        chance = random.Random(seed)
        self._making = Making(store, kinds, chance)
        self._allotments = Allotments(store, kinds.named("v1", "Service"))
        self._limits = Limits(store, kinds)
        self._admission = Admission(store, kinds, self._limits, chance)
        self._policies = Policies(store, kinds)
        self._quotas = Quotas(store, kinds, clock)
        self.webhooks = Webhooks(store, kinds, Caller(reach))
        self._ending = Ending(store, clock, self._policies, self.webhooks)
        self.waiting = Waiting()

    async def close(self) -> None:
        """Gives up what waits for webhooks."""
        await self.waiting.close()
        await self.webhooks.close()

    def now(self) -> str:
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        stored = self.store.get(kind, namespace, name)
        if stored is None:
            raise statuses.not_found(kind.plural, kind.group, name)
        return stored.obj

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        stored = self.store.get(kind, namespace, name)
        return stored.obj if stored else None

    def list(self, kind: Kind, namespace: str = "") -> Iterator[Object]:
        return (stored.obj for stored in self.store.list(kind, namespace))

    def owned(self, kind: Kind, owner: Object) -> builtins.list[Object]:
        """The objects of a kind that an owner controls, in the order in which they became its own."""
        uid = owner["metadata"]["uid"]
        objects = (stored.obj for stored in self.store.owned_by(uid) if stored.obj["kind"] == kind.name)
        return [
            obj
            for obj in objects
            if any(found["uid"] == uid and found.get("controller") for found in obj["metadata"]["ownerReferences"])
        ]

    def create(self, kind: Kind, namespace: str, asked: Object, writing: Writing) -> Object:
        """As `creating`, for those who cannot wait. Raises Postponed."""
        metadata = asked.get("metadata") or {}
        name = metadata.get("name") or metadata.get("generateName", "")
        place = (CREATE, *kind.resource, namespace, name)
        return self.waiting.at_once(place, self.creating(kind, namespace, asked, writing))

    def update(self, kind: Kind, namespace: str, name: str, asked: Object, writing: Writing) -> Object:
        """As `updating`, for those who cannot wait. Raises Postponed."""
        place = (UPDATE, *kind.resource, namespace, name, writing.subresource)
        return self.waiting.at_once(place, self.updating(kind, namespace, name, asked, writing))

    def delete(self, kind: Kind, namespace: str, name: str, deleting: Deleting = PLAINLY) -> tuple[Object, bool]:
        """As `deleting`, for those who cannot wait. Raises Postponed."""
        place = (DELETE, *kind.resource, namespace, name)
        return self.waiting.at_once(place, self.deleting(kind, namespace, name, deleting))

    def bind(self, pods: Kind, namespace: str, binding: Object, writing: Writing) -> Object:
        """As `binding`, for those who cannot wait. Raises Postponed."""
        place = ("BIND", *pods.resource, namespace, binding["metadata"]["name"])
        return self.waiting.at_once(place, self.binding(pods, namespace, binding, writing))

    def _asking(
        self, kind: Kind, operation: str, namespace: str, name: str, writing: Writing | Deleting, subresource: str = ""
    ) -> Asking | None:
        """None: there are no webhooks, or they are not to hear of this."""
        if writing.asker is UNHEARD or not self.webhooks.are_any():
            return None
        asker = writing.asker or (self.waiting.acting.who() if self.waiting.acting else None)
        if asker is None:
            return None
        if kind.resource == ("", "namespaces"):
            namespace = name
        view = asker.view or view_of(kind)
        return Asking(asker, view, operation, namespace, name, subresource, writing.dry_run, writing.warnings)

    async def creating(self, kind: Kind, namespace: str, asked: Object, writing: Writing) -> Object:
        """Raises 409 when there is one of that name already, 404 when the namespace is missing, 422."""
        while (made := await self._create(kind, namespace, asked, writing)) is None:
            pass
        return made

    async def _create(self, kind: Kind, namespace: str, asked: Object, writing: Writing) -> Object | None:
        """None: while webhooks were asked, somebody else was given what this one was."""
        obj = self._making.fresh(kind, namespace, asked, rules_of(kind), self.now())
        writing.admit(kind, namespace, obj, None)
        name = (asked.get("metadata") or {}).get("name") or ""
        asking = self._asking(kind, CREATE, namespace, name, writing)
        meant = filled(kind, obj, rules_of(kind))
        manager = Manager(writing.manager, "Update", kind.api_version, writing.subresource)
        owned = partial(
            ownership.after_update, None, without_status(kind, meant), kind.type, manager, self.now()
        )  # fmt: skip
        hidden = _UNBORN if name else ("name", *_UNBORN)
        obj = await self._admitted(kind, obj, None, asking, owned, hidden)
        self._judge(kind, obj, None, meant, writing)
        self._manage(obj, owned())
        if not await self._permit(kind, obj, None, writing, asking):
            return None
        name = obj["metadata"]["name"]
        if (asked.get("metadata") or {}).get("resourceVersion") and not writing.dry_run:
            said = "resourceVersion should not be set on objects to be created"
            raise statuses.APIError(500, "", said)
        if there := self.store.get(kind, namespace, name):
            going = bool(there.obj["metadata"].get("deletionTimestamp"))
            raise statuses.already_exists(kind.plural, kind.group, name, going=going)
        return obj if writing.dry_run else self.store.put(kind, obj)

    async def updating(self, kind: Kind, namespace: str, name: str, asked: Object, writing: Writing) -> Object:
        """Replaces an object, or one side of it: `status` is written through its subresource alone."""
        while (written := await self._update(kind, namespace, name, asked, writing)) is None:
            pass
        return written

    async def _update(
        self, kind: Kind, namespace: str, name: str, asked: Object, writing: Writing
    ) -> Object | None:  # fmt: skip
        """None: while webhooks were asked, the object has changed."""
        before = self.get(kind, namespace, name)
        self._check_version(kind, before, asked)
        obj = laid_over(kind, before, asked, writing.subresource)
        if kind.name == "Pod" and not writing.subresource and ephemeral(obj) != ephemeral(before):
            cause = statuses.forbidden_field("spec", UPDATES)
            raise statuses.unprocessable(kind.name, kind.group, name, [cause])
        writing.admit(kind, namespace, obj, before)
        asking = self._asking(kind, UPDATE, namespace, name, writing, writing.subresource)
        meant = filled(kind, obj, rules_of(kind))
        manager = Manager(writing.manager, "Update", kind.api_version, writing.subresource)
        given = asked.get("metadata") or {}
        # The real server gives an entry that a custom resource's scale was written by no time.
        time = "" if kind.custom and writing.subresource == "scale" else self.now()
        claimed = given.get("managedFields", before["metadata"].get("managedFields"))
        if not claimed or not any(claimed):
            owned: Owned = builtins.list  # nobody owned it, or nobody is to own it any more: so it stays
        else:
            was = before | {"metadata": before["metadata"] | {"managedFields": claimed}}
            owned = partial(ownership.after_update, was, meant, kind.type, manager, time)
        hidden = tuple(key for key in (*_UNBORN, "resourceVersion") if key not in given)
        return await self._written(kind, obj, before, meant, owned, writing, asking, hidden)

    async def _written(
        self, kind: Kind, obj: Object, before: Object, meant: Object, owned: Owned, writing: Writing,
        asking: Asking | None, hidden: tuple[str, ...],
    ) -> Object | None:  # fmt: skip
        """What comes of a filled object that is to replace another one; None: that one has changed meanwhile."""
        obj["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        obj = await self._admitted(kind, obj, before, asking, owned, hidden)
        self._judge(kind, obj, before, meant, writing)
        self._manage(obj, owned())
        metadata = obj["metadata"]
        if kind.counts_changes and specified(kind, before) != specified(kind, obj):
            metadata["generation"] = metadata.get("generation", 0) + 1
        if not await self._permit(kind, obj, before, writing, asking):
            return None
        return self._replace(kind, before, obj, dry_run=writing.dry_run)

    async def binding(self, pods: Kind, namespace: str, binding: Object, writing: Writing) -> Object:
        """Gives a pod the node that a Binding names."""
        name = binding["metadata"]["name"]
        asking = self._asking(pods, CREATE, namespace, name, writing, "binding")
        if asking is not None:
            view = replace(asking.view, shown_as=("", "v1", "Binding"), is_whole=False)
            shown = {"kind": "Binding", "apiVersion": "v1"} | binding
            binding = await self.webhooks.admit(replace(asking, view=view), shown)
        pod = self.get(pods, namespace, name)
        spec = pod["spec"] | {"nodeName": binding["target"]["name"]}
        return await self.updating(pods, namespace, name, pod | {"spec": spec}, replace(writing, asker=UNHEARD))

    async def applying(
        self, kind: Kind, namespace: str, name: str, config: Object, writing: Writing, *, force: bool
    ) -> tuple[Object, bool]:
        """Server-side apply. The object, and whether it is new."""
        while True:
            live = self.find(kind, namespace, name)
            applied = await self._apply(kind, namespace, name, live, config, writing, force=force)
            if applied is not None:
                return applied, live is None

    async def _apply(
        self, kind: Kind, namespace: str, name: str, live: Object | None, config: Object, writing: Writing, *,
        force: bool,
    ) -> Object | None:  # fmt: skip
        """None: while webhooks were asked, the object has changed."""
        manager = Manager(writing.manager, "Apply", kind.api_version, writing.subresource)
        wanted = {key: value for key, value in config.items() if key != "status" or writing.subresource == "status"}
        if kind.has_status and writing.subresource == "status":
            wanted = {
                key: value for key, value in wanted.items() if key in ("apiVersion", "kind", "metadata", "status")
            }
        if live is None:
            return await self._apply_new(kind, namespace, name, wanted, manager, writing, force=force)
        self._check_version(kind, live, config)
        applied = ownership.apply(live, wanted, kind.type, manager, self.now(), force=force)
        obj = laid_over(kind, live, applied.obj, writing.subresource)
        writing.admit(kind, namespace, obj, live)
        asking = self._asking(kind, UPDATE, namespace, name, writing, writing.subresource)
        meant = filled(kind, obj, rules_of(kind))
        owned = partial(ownership.written, applied.owners)
        return await self._written(kind, obj, live, meant, owned, writing, asking, ())

    async def _apply_new(
        self, kind: Kind, namespace: str, name: str, wanted: Object, manager: Manager, writing: Writing, *, force: bool
    ) -> Object | None:
        if writing.subresource:
            raise statuses.not_found(kind.plural, kind.group, name)
        if uid := dig(wanted, "metadata", "uid"):
            said = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise statuses.conflict(kind.plural, kind.group, name, said)
        obj = self._making.fresh(kind, namespace, wanted, rules_of(kind), self.now())
        writing.admit(kind, namespace, obj, None)
        asking = self._asking(kind, CREATE, namespace, name, writing)
        owners = ownership.apply(None, wanted, kind.type, manager, self.now(), force=force).owners
        owned = partial(ownership.written, {who: what for who, what in owners.items() if what.paths})
        meant = filled(kind, obj, rules_of(kind))
        obj = await self._admitted(kind, obj, None, asking, owned, _UNBORN)
        self._judge(kind, obj, None, meant, writing)
        self._manage(obj, owned())
        if not await self._permit(kind, obj, None, writing, asking) or self.find(kind, namespace, name):
            return None
        return obj if writing.dry_run else self.store.put(kind, obj)

    def check_conflicts(self, kind: Kind, namespace: str, name: str, config: Object, writing: Writing) -> None:
        """Raises 409 when others own what this would change."""
        if (live := self.find(kind, namespace, name)) is not None:
            manager = Manager(writing.manager, "Apply", kind.api_version, writing.subresource)
            ownership.apply(live, config, kind.type, manager, self.now(), force=False)

    @staticmethod
    def _manage(obj: Object, managed: builtins.list[Object]) -> None:
        if managed:
            obj["metadata"]["managedFields"] = managed
        else:
            obj["metadata"].pop("managedFields", None)

    async def deleting(
        self, kind: Kind, namespace: str, name: str, deleting: Deleting = PLAINLY
    ) -> tuple[Object, bool]:  # fmt: skip
        """The object as it was last, and whether it is gone already: finalizers and pods take their time."""
        asking = self._asking(kind, DELETE, namespace, name, deleting)
        return await self._ending.delete(kind, namespace, name, deleting, rules_of(kind), asking)

    def vanish(self, kind: Kind, namespace: str, name: str) -> None:
        """Takes an object away whatever holds it: what a kubelet and a namespace do in the end."""
        self.store.remove(kind, namespace, name)

    def write_status(
        self, kind: Kind, obj: Object, status: Object, manager: str, *, asker: Asker | None = None
    ) -> Object:  # fmt: skip
        """For controllers: writes the status of an object that it has just read; nothing when it is the same."""
        if obj.get("status") == status:
            return obj
        metadata = obj["metadata"]
        writing = Writing(manager, subresource="status", asker=asker)
        return self.update(kind, metadata.get("namespace", ""), metadata["name"], obj | {"status": status}, writing)

    def _check_version(self, kind: Kind, before: Object, asked: Object) -> None:
        given, metadata = asked.get("metadata") or {}, before["metadata"]
        revision = given.get("resourceVersion") or "0"
        if not revision.isdecimal():
            raise statuses.APIError(500, "", f'strconv.ParseUint: parsing "{revision}": invalid syntax')
        if revision not in ("0", metadata["resourceVersion"]):
            raise statuses.conflict(kind.plural, kind.group, metadata["name"], statuses.MODIFIED)
        if given.get("uid") and given["uid"] != metadata["uid"]:
            place = "/".join(filter(None, (kind.plural, metadata.get("namespace"), metadata["name"])))
            said = (
                f"StorageError: invalid object, Code: 4, Key: /{place}, ResourceVersion: 0, AdditionalErrorMsg: "
                f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: {metadata['uid']}"
            )
            raise statuses.conflict(kind.plural, kind.group, metadata["name"], said)

    async def _admitted(
        self, kind: Kind, obj: Object, before: Object | None, asking: Asking | None, owned: Owned,
        hidden: tuple[str, ...],
    ) -> Object:  # fmt: skip
        """The object as the server's own admission and the webhooks want it. `hidden` is what of its metadata it does
        not have yet, for them."""
        self._admission.admit(kind, obj, before)
        if asking is None or not self.webhooks.may_change(asking):
            return obj

        def fill(changed: Object) -> Object:
            filled(kind, changed, rules_of(kind))
            return changed

        def again(changed: Object) -> Object:
            changed = copied(changed)
            self._admission.admit(kind, changed, before)
            return changed

        self._manage(obj, owned())
        metadata = obj["metadata"]
        kept = {key: metadata[key] for key in hidden if key in metadata}
        shown = obj | {"metadata": {key: value for key, value in metadata.items() if key not in kept}}
        admitted = await self.webhooks.mutate(asking, shown, before, fill, again)
        assert admitted is not None
        given = admitted["metadata"]
        if kind.namespaced and given.get("namespace") != metadata.get("namespace"):
            said = "the namespace of the provided object does not match the namespace sent on the request"
            raise statuses.bad_request(said)
        own = {key: metadata[key] for key in (*SYSTEM_KEPT, *(("name",) if before else ())) if key in metadata}
        return admitted | {"metadata": kept | given | own}

    def _judge(self, kind: Kind, obj: Object, before: Object | None, meant: Object, writing: Writing) -> None:
        """Prepares an object, in place, and judges it. Raises 422."""
        rules = rules_of(kind)
        writing.warnings.extend(without_double_owners(obj["metadata"], is_new=before is None))
        rules.prepare(obj, before)
        is_service = (kind.group, kind.name) == ("", "Service")
        if is_service:
            self._allotments.settle(obj, before)
        causes = list(judge_metadata(obj["metadata"], before and before["metadata"], kind))
        if before is not None and writing.subresource == "resize":
            causes += judge_resize(obj, before)
        else:
            causes += rules.judge(obj, before)
        if before is None:
            causes = [*name_causes("metadata.name", obj["metadata"]["name"], rules.naming), *causes]
        if not causes and is_service:
            self._allotments.complete(obj, before, tried=writing.dry_run)
            causes = list(rules.judge(obj, before))
        if causes:
            raise statuses.unprocessable(kind.name, kind.group, obj["metadata"]["name"], causes)
        if not kind.custom:
            canonical.as_stored(obj, kind.type)
        if not writing.subresource and (before is None or rules.warns_again or before.get("spec") != obj.get("spec")):
            writing.warnings.extend(rules.warn(meant))

    async def _permit(
        self, kind: Kind, obj: Object, before: Object | None, writing: Writing, asking: Asking | None
    ) -> bool:
        """Asks everything that may still refuse a complete and valid object, and charges it to the quotas. False: while
        webhooks were asked, the world has changed."""
        sub = writing.subresource
        if sub in ("", "resize"):
            self._limits.check(kind, obj, before, sub)
        if not sub:
            self._policies.check(kind, CREATE if before is None else UPDATE, obj, before, writing.warnings)
        if asking is not None:
            await self.webhooks.validate(replace(asking, name=obj["metadata"]["name"]), obj, before)
            if self._is_outdated(kind, obj, before):
                return False
        charges = self._quotas.check(kind, obj, before, sub) if sub in ("", "resize") else []
        if not writing.dry_run:
            for quota, status in charges:
                quotas = self.kinds.named("v1", "ResourceQuota")
                self.write_status(quotas, quota, status, _SERVER, asker=UNHEARD)
        return True

    def _is_outdated(self, kind: Kind, obj: Object, before: Object | None) -> bool:
        """Whether an object was made of what is not so any more."""
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        if before is not None and self.find(kind, namespace, name) is not before:
            return True
        if before is None and kind.namespaced:
            self._making.check_namespace(kind, namespace, name)
        return kind.resource == ("", "services") and not self._allotments.are_free(obj)

    def _replace(self, kind: Kind, before: Object, obj: Object, *, dry_run: bool) -> Object:
        metadata = obj["metadata"]
        if without_times(obj) == without_times(before):
            return before
        if dry_run:
            return obj
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        if metadata.get("deletionTimestamp") and may_end(kind, obj):
            stored = self.store.put(kind, obj)
            self.store.remove(kind, namespace, name)
            return stored
        return self.store.put(kind, obj)

"""Who may do what where, and who must approve."""

from dataclasses import dataclass

from bot.domain.chat.invocation import Actor


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Everyone may look. Who may change is listed; nobody, unless someone is."""

    changers: frozenset[str] = frozenset()
    """Actor ids (`slack:U…`), or `*` for everyone."""
    second_person: bool = False
    """True: somebody else than the author has to approve."""

    def may_change(self, actor: Actor) -> bool:
        return "*" in self.changers or actor.id in self.changers

    def may_approve(self, actor: Actor, author_id: str) -> bool:
        """Whether this person's approval of a change by `author_id` suffices."""
        return self.may_change(actor) and not (self.second_person and actor.id == author_id)

"""Ingresses that were edited or deleted, and are as they were: see test_taken_back.py."""

from __future__ import annotations

import pytest

from tests.real.hands import Patchbay, applied
from tests.real.inhabiting import Place
from tests.real.test_taken_back import addressed, as_before, standing, undone

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "line",
    [
        "ingress edit web second.{place}.example.com --service web:81",
        "ingress edit web here.{place}.example.com/api --service web:81",
        "ingress edit web here.{place}.example.com --service web:81",
        "ingress edit web --tls safe",
        "ingress edit web --annotation example.com/note=x",
        "ingress edit web --default-backend web:81",
    ],
)
def test_an_edited_ingress_is_as_it_was(place: Place, traefik: None, bot: Patchbay, line: str) -> None:
    _lead(place)
    before = standing(place, served=True)
    number, _ = applied(bot, f"{line.format(place=place.name)} -n {place.name}")
    assert not as_before(before, standing(place, served=True))
    undone(bot, number)
    assert as_before(before, standing(place, served=True))


def test_a_deleted_ingress_is_there_again(place: Place, traefik: None, bot: Patchbay) -> None:
    _lead(place)
    before = standing(place, served=True)
    number, _ = applied(bot, f"ingress delete web -n {place.name}")
    assert place.get("ingress", "web") is None
    undone(bot, number)
    assert as_before(before, standing(place, served=True), deleted=True)


def _lead(place: Place) -> None:
    """An Ingress by kubectl, which Traefik has seen."""
    place.create("service", "clusterip", "web", "--tcp=80:8080", "--tcp=81:8080")
    place.certify("safe", f"here.{place.name}.example.com")
    place.create("ingress", "web", f"--rule=here.{place.name}.example.com/*=web:80")
    addressed(place, "ingress", "web")

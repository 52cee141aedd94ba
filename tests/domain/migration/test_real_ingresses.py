"""Ingresses as people have them: how much carries over, and that nothing of them is passed over in silence."""

import msgspec
import pytest

from bot.domain.migration.foreign import LEGACY_CLASS
from bot.domain.migration.nginx import PREFIX
from bot.domain.migration.outcome import Concern, Translation
from bot.domain.network.snapshot import Ingress
from tests.migrations import REAL, Real, lost, translated


def of(real: Real) -> Translation:
    others = [msgspec.convert(each, Ingress) for each in real.others]
    return translated(msgspec.convert(real.manifest, Ingress), *others)


@pytest.mark.parametrize("real", REAL, ids=[each.title for each in REAL])
class TestReal:
    def test_how_much_carries_over(self, real: Real) -> None:
        assert of(real).verdict is real.verdict

    def test_what_is_lost(self, real: Real) -> None:
        assert set(lost(of(real))) == real.lost

    def test_what_it_becomes(self, real: Real) -> None:
        if real.expects:
            assert tuple(each["kind"] for each in of(real).manifests) == real.expects

    def test_every_annotation_is_told(self, real: Real) -> None:
        found = of(real)
        told = {each.source for each in (*found.carried, *found.lost)}
        for name in real.manifest["metadata"]["annotations"]:
            short = name.removeprefix(PREFIX)
            assert short in told or name in told or any(name in note for note in found.notes), name

    def test_what_guarded_it_comes_first(self, real: Real) -> None:
        concerns = [each.concern for each in of(real).lost]
        assert concerns == sorted(concerns, key=list(Concern).index)


def test_there_are_ten_and_more() -> None:
    assert len(REAL) >= 10
    assert any(LEGACY_CLASS in each.manifest["metadata"]["annotations"] for each in REAL)

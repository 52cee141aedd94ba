"""What the experimental channel has fields for: used where the definitions have them, named where they lack."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.manifests.fitting import misfits
from bot.domain.migration.features import EXPERIMENTAL, Features, features
from bot.domain.migration.outcome import Concern, Translation
from bot.domain.network.references import CUSTOM_RESOURCE_DEFINITION
from tests.domain.migration.test_whatever_they_say import definitions
from tests.migrations import carried, ingress, lost, of_kind, path, rules, translated
from tests.mirrors import HAVE_MIRROR

CRD = CUSTOM_RESOURCE_DEFINITION.name
ADDED = Path(__file__).parent / "experimental.yaml"
HAS_ALL = Features(version="v1.5.1", channel="experimental", experimental=frozenset(EXPERIMENTAL))
OAUTH = "http://oauth2-proxy.auth.svc.cluster.local:4180/oauth2/auth"
needs_mirror = pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real definitions in ../shared/manifests")


def found(annotations: dict[str, str], *paths: Any) -> Translation:
    return translated(ingress(*paths, annotations=annotations), features=HAS_ALL)


def experimental_definitions() -> list[Any]:
    """The standard channel's, with what the experimental one adds to HTTPRoute."""
    made: list[Any] = copy.deepcopy(definitions("v1.5.1"))
    added = yaml.safe_load(ADDED.read_text())
    routes = [each for each in made if each["kind"] == CRD and each["spec"]["names"]["kind"] == "HTTPRoute"]
    for each in routes:
        for version in each["spec"]["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            rule = schema["properties"]["spec"]["properties"]["rules"]["items"]["properties"]
            rule |= added["rule"]
            filter = rule["filters"]["items"]["properties"]
            filter |= added["filter"]
            filter["type"]["enum"] = added["types"]
    return made


class TestSession:
    def test_a_cookie_that_lasts(self) -> None:
        said = {"affinity": "cookie", "session-cookie-name": "route", "session-cookie-max-age": "172800"}
        (rule,) = rules(found(said))
        assert rule["sessionPersistence"] == {
            "type": "Cookie",
            "sessionName": "route",
            "absoluteTimeout": "48h0s",
            "cookieConfig": {"lifetimeType": "Permanent"},
        }
        assert not found(said).lost

    def test_one_that_ends_with_the_browser_has_the_controllers_name(self) -> None:
        (rule,) = rules(found({"affinity": "cookie"}))
        assert rule["sessionPersistence"] == {"type": "Cookie", "sessionName": "INGRESSCOOKIE"}

    def test_max_age_comes_before_expires(self) -> None:
        said = {"affinity": "cookie", "session-cookie-expires": "60", "session-cookie-max-age": "30"}
        assert rules(found(said))[0]["sessionPersistence"]["absoluteTimeout"] == "30s"
        assert carried(found(said))["session-cookie-expires"] == "nothing: session-cookie-max-age counts"

    def test_what_a_cookie_cannot_be_told_is_lost(self) -> None:
        said = {"affinity": "cookie", "session-cookie-samesite": "None", "session-cookie-path": "/app"}
        assert set(lost(found(said))) == {"session-cookie-samesite", "session-cookie-path"}


class TestRetry:
    def test_tries_and_codes(self) -> None:
        said = {"proxy-next-upstream": "error timeout http_503 http_502", "proxy-next-upstream-tries": "4"}
        assert rules(found(said))[0]["retry"] == {"attempts": 3, "codes": [502, 503]}
        assert not found(said).lost

    @pytest.mark.parametrize("said", [{"proxy-next-upstream": "off"}, {"proxy-next-upstream-tries": "1"}])
    def test_none(self, said: dict[str, str]) -> None:
        assert "retry" not in rules(found(said))[0]
        assert not found(said).lost

    def test_what_a_route_does_not_tell_apart_is_lost(self) -> None:
        said = found({"proxy-next-upstream": "error non_idempotent"})
        assert "non_idempotent" in said.lost[0].why
        assert rules(said)[0]["retry"] == {"attempts": 2}


class TestAuth:
    def test_a_service_of_the_cluster_is_asked_and_granted(self) -> None:
        said = found({"auth-url": OAUTH, "auth-response-headers": "X-User, X-Email"})
        (filter,) = rules(said)[0]["filters"]
        assert filter == {
            "type": "ExternalAuth",
            "externalAuth": {
                "protocol": "HTTP",
                "backendRef": {"name": "oauth2-proxy", "port": 4180, "namespace": "auth"},
                "http": {"path": "/oauth2/auth", "allowedResponseHeaders": ["X-User", "X-Email"]},
            },
        }
        (grant,) = of_kind(said, "ReferenceGrant")
        assert grant["metadata"]["namespace"] == "auth"
        assert grant["spec"]["to"] == [{"group": "", "kind": "Service", "name": "oauth2-proxy"}]

    def test_that_it_is_asked_otherwise_is_told(self) -> None:
        (loss,) = found({"auth-url": OAUTH}).lost
        assert loss.concern is Concern.TRAFFIC
        assert "/oauth2/auth/…" in loss.why
        assert loss.kept == "an ExternalAuth filter that asks Service auth/oauth2-proxy:4180"

    @pytest.mark.parametrize(
        "url", ["https://login.example.com/check", "http://api.shop.svc/a?b=$request_uri", "http://api.shop.svc:0/"]
    )
    def test_others_leave_it_unguarded_which_is_told(self, url: str) -> None:
        said = found({"auth-url": url})
        assert lost(said) == {"auth-url": Concern.SECURITY}
        assert "filters" not in rules(said)[0]

    def test_a_grpc_route_has_no_such_filter(self) -> None:
        said = found({"auth-url": OAUTH, "backend-protocol": "GRPC"}, path("/shop.v1.Cart", port="grpc"))
        assert lost(said)["auth-url"] is Concern.SECURITY
        assert "ExternalAuth" not in str(said.manifests)


@pytest.mark.parametrize(
    ("annotations", "field"),
    [
        ({"affinity": "cookie"}, "`spec.rules[].sessionPersistence` of an HTTPRoute"),
        ({"proxy-next-upstream-tries": "3"}, "`spec.rules[].retry` of an HTTPRoute"),
        ({"auth-url": OAUTH}, "`spec.rules[].filters[].externalAuth` of an HTTPRoute"),
    ],
)
def test_where_the_definitions_lack_the_field_it_is_named(annotations: dict[str, str], field: str) -> None:
    (loss,) = translated(ingress(annotations=annotations)).lost
    there = "which these definitions (v1.6.1, standard channel) lack"
    assert f"the experimental channel has {field}, {there}" in loss.why


@needs_mirror
class TestDefinitions:
    def test_the_fields_are_found(self) -> None:
        assert features(experimental_definitions()).experimental == frozenset(EXPERIMENTAL)
        assert not features(definitions("v1.5.1")).experimental
        assert not features(definitions("v1.6.1")).experimental

    @pytest.mark.parametrize(
        "annotations",
        [
            {"affinity": "cookie", "session-cookie-max-age": "90000", "proxy-next-upstream": "http_502 error"},
            {"auth-url": OAUTH, "auth-response-headers": "X-User"},
        ],
    )
    def test_what_is_written_fits_them_and_not_the_standard_ones(self, annotations: dict[str, str]) -> None:
        (route,) = of_kind(found(annotations), "HTTPRoute")
        assert not misfits(route, experimental_definitions())
        assert misfits(route, definitions("v1.5.1"))

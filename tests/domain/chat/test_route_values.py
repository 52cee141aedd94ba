"""Words that describe routes and Gateways: what is read from them, and what is refused."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import pytest

from bot.domain.chat import route_values
from bot.domain.chat.route_values import GatewayListener, HostAndPath, InAnyNamespace, ListenerWord, WeightedBackend


def parse(kind: Any, word: str) -> Any:
    assert isinstance(kind, type(Annotated[int, 0]))
    return get_args(kind)[1].parse(word)


@pytest.mark.parametrize(
    ("kind", "word", "expected"),
    [
        (route_values.HostPath, "a.example.com", HostAndPath("a.example.com")),
        (route_values.HostPath, "A.Example.com./X", HostAndPath("a.example.com", "/X")),
        (route_values.HostPath, "*.example.com/", HostAndPath("*.example.com", "/")),
        (route_values.HostPath, "a.example.com/x/y", HostAndPath("a.example.com", "/x/y")),
        (route_values.HostPath, "/x", HostAndPath("", "/x")),
        (route_values.HostPath, "*", HostAndPath()),
        (route_values.RouteBackend, "web:80", WeightedBackend("web", "80")),
        (route_values.RouteBackend, "web:http@0", WeightedBackend("web", "http", weight=0)),
        (route_values.RouteBackend, "shop/web:80@1000000", WeightedBackend("web", "80", "shop", 1_000_000)),
        (route_values.GatewayName, "public", GatewayListener("public")),
        (route_values.GatewayName, "infra/public:https", GatewayListener("public", "infra", "https")),
        (route_values.SecretName, "infra/tls", InAnyNamespace("tls", "infra")),
        (route_values.Listener, "http:80", ListenerWord("HTTP", 80)),
        (route_values.Listener, "http:80:A.example.com.", ListenerWord("HTTP", 80, "a.example.com")),
        (route_values.Listener, "web=HTTPS:443:*.example.com", ListenerWord("HTTPS", 443, "*.example.com", "web")),
    ],
)
def test_a_word_is_read_and_written_again(kind: Any, word: str, expected: Any) -> None:
    found = parse(kind, word)
    assert found == expected
    assert parse(kind, str(found)) == expected


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (route_values.HostPath, ""),
        (route_values.HostPath, "a.example.com.."),
        (route_values.HostPath, "10.0.0.1"),
        (route_values.HostPath, "10.0.0.1/x"),
        (route_values.Listener, "HTTP:80:10.0.0.1"),
        (route_values.HostPath, "a..example.com"),
        (route_values.HostPath, "a.*.example.com"),
        (route_values.HostPath, "https://a.example.com"),
        (route_values.HostPath, "a.example.com/x y"),
        (route_values.HostPath, "a.example.com/\x00"),
        (route_values.HostPath, "a.example.com/" + "x" * 1024),
        (route_values.HostPath, "x" * 254),
        (route_values.RouteBackend, "web"),
        (route_values.RouteBackend, "web:"),
        (route_values.RouteBackend, "web:0"),
        (route_values.RouteBackend, "web:65536"),
        (route_values.RouteBackend, "web:80@-1"),
        (route_values.RouteBackend, "web:80@1000001"),
        (route_values.RouteBackend, "a/b/web:80"),
        (route_values.RouteBackend, "Web:80"),
        (route_values.RouteBackend, "web:a-name-that-is-too-long"),
        (route_values.GatewayName, "infra/"),
        (route_values.GatewayName, "public:"),
        (route_values.GatewayName, "../public"),
        (route_values.SecretName, "a/b/c"),
        (route_values.Header, "X-Version"),
        (route_values.Header, "X-Version="),
        (route_values.Header, "X Version=2"),
        (route_values.Header, "X-Version=a\nb"),
        (route_values.NewPath, "v2"),
        (route_values.NewPath, "/a//b"),
        (route_values.NewPath, "/a b"),
        (route_values.Listener, "HTTP"),
        (route_values.Listener, "HTTP:80:"),
        (route_values.Listener, "HTTP:0"),
        (route_values.Listener, "UDP:53"),
        (route_values.Listener, "=HTTP:80"),
    ],
)
def test_what_is_none_is_refused(kind: Any, word: str) -> None:
    with pytest.raises(ValueError):
        parse(kind, word)


@pytest.mark.parametrize(
    "name", ["HostPath", "RouteBackend", "GatewayName", "SecretName", "Header", "NewPath", "Listener"]
)
def test_each_example_is_right(name: str) -> None:
    value = get_args(getattr(route_values, name))[1]
    assert str(value.parse(value.example)) == value.example

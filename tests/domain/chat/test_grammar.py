"""Command lines become models, and models lines; what is wrong is told with what was expected."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chat import grammar, values
from bot.domain.chat.grammar import Value, argument, option, rest
from bot.domain.chat.values import Listing, Named, OutputFormat
from bot.domain.network.references import DEPLOYMENT
from bot.errors import UsageError


class Colour(Enum):
    RED = "Red"
    GREEN = "Green"


@dataclass(frozen=True, kw_only=True)
class Everything(values.InNamespaces):
    """One of each sort of parameter."""

    target: values.DeploymentTarget = argument("the Deployment")
    words: tuple[values.Word, ...] = argument("more words", default=())
    port: values.Port = option("-p", "--port", summary="a port", default=80)
    colour: Colour = option("--colour", summary="a colour", default=Colour.RED)
    since: values.Span | None = option("--since", summary="how long", default=None)
    grep: str = option("--grep", summary="words", default="")
    hosts: tuple[values.HostName, ...] = option("--host", summary="a host", default=())
    selector: values.Labels = option("-l", "--selector", summary="labels", default="")
    careful: bool = option("--careful", summary="a flag that is there by default", default=True)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A model that ends in another command's line."""

    timetable: str = argument("when")
    channel: values.Channel = option("--channel", summary="where", default=values.ChannelName(name="general"))
    command: str = rest("the command")


def read(line: str, model: Any = Everything) -> Any:
    return grammar.parse("do", model, grammar.split(line))


def complaint(line: str, model: Any = Everything) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(line, model)
    return caught.value


@pytest.mark.parametrize(
    "line",
    [
        "-n shop",
        "-nshop",
        "-n=shop",
        "--namespace shop",
        "--namespace=shop",
        "-n 'shop'",
        '--namespace="shop"',
        "-n\u00a0shop",
    ],
)
def test_a_namespace_is_written_in_all_the_ways_that_kubectl_takes(line: str) -> None:
    assert read(line, Listing).namespace == "shop"


@pytest.mark.parametrize("line", ["-oyaml", "-o yaml", "-o=yaml", "--output YAML", "--output=yaml"])
def test_an_output_format_is_written_in_all_the_ways_that_kubectl_takes(line: str) -> None:
    assert read(line, Listing).output is OutputFormat.YAML


@pytest.mark.parametrize(
    "line",
    [
        "deploy/web -p 81 -n shop",
        "-n shop deploy/web --port=81",
        "-p81 -nshop -- deploy/web",
        "-p 81 deployments/web -n shop",
    ],
)
def test_options_stand_before_and_after_words(line: str) -> None:
    request = read(line)
    assert (request.target, request.port, request.namespace) == (Named(DEPLOYMENT, "web"), 81, "shop")


@pytest.mark.parametrize(
    "word", ["deploy/web", "deployment/web", "deployments/web", "Deployment/web", "deployment.apps/web"]
)
def test_a_deployment_is_named_as_kubectl_names_it(word: str) -> None:
    assert str(read(word).target) == "deploy/web"


@pytest.mark.parametrize(("line", "expected"), [("", True), ("--careful", True), ("--careful=false", False)])
def test_a_flag_is_there_or_says_so(line: str, expected: bool) -> None:
    assert read(f"deploy/web {line}").careful is expected


def test_all_after_a_rest_is_kept_as_a_line_of_its_own() -> None:
    request = read('"every 5m" --channel ops logs deploy/web --grep "no route" -n shop', Saved)
    assert request.command == "logs deploy/web --grep 'no route' -n shop"
    assert request.channel.name == "ops"


@pytest.mark.parametrize(
    ("line", "summary", "cause", "next_step"),
    [
        ("", "needs deploy/NAME", "a Deployment as deploy/NAME", "deploy/web"),
        ("deploy/web -p 0", "`--port` cannot be '0'", "a port from 1 to 65535", "--port 80"),
        ("deploy/web -p", "`-p` needs a value", "a port from 1 to 65535", "--port 80"),
        ("deploy/web -p -n shop", "`-p` needs a value", "a port", "--port 80"),
        ("deploy/web -p 80 --port 81", "given twice", "one value", ""),
        ("svc/web", "cannot be 'svc/web'", "a Deployment", "deploy/web"),
        ("deploy/web --colour gren", "cannot be 'gren'", "Red, Green", "did you mean `Green`?"),
        ("deploy/web --prt 80", "no option '--prt'", "did you mean `--port`?", "help do"),
        ("deploy/web --careful=perhaps", "does not take 'perhaps'", "`true` or `false`", ""),
        ("deploy/web --since soon", "cannot be 'soon'", "a length of time", "--since 15m"),
        ("deploy/web -l a=b=c", "cannot be 'a=b=c'", "a label selector", "app=web"),
        ("deploy/web -n Shop", "cannot be 'Shop'", "a namespace", "--namespace shop"),
    ],
)
def test_what_is_wrong_is_told_with_what_was_expected(line: str, summary: str, cause: str, next_step: str) -> None:
    error = complaint(line)
    assert summary in error.summary
    assert cause in error.cause
    assert next_step in error.next_step


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        ('deploy/web --grep "no', "quote is not closed"),
        ("deploy/web \\", "quote is not closed"),
        ("x" * 4001, "too long"),
        ("deploy/web\x1b[31m", "cannot be typed"),
        ("deploy/web \x1c", "cannot be typed"),
        ("deploy/web \ud800", "cannot be typed"),
    ],
)
def test_a_line_that_cannot_be_split_is_refused_in_words(line: str, summary: str) -> None:
    assert summary in complaint(line).summary


def test_a_message_repeats_little_of_what_was_typed_and_none_of_its_marks() -> None:
    error = complaint("deploy/web --port " + "`*<@U1>" * 50)
    assert len(error.summary) < 120
    assert error.summary.count("`") == 2


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (values.Port, "٣"),
        (values.Port, "+80"),
        (values.Port, "80 "),
        (values.PortOrName, "²"),
        (values.PortOrName, "a" * 16),
        (values.Span, "٣m"),
        (values.Span, "0s"),
        (values.Span, "1m1h"),
        (values.Labels, ""),
        (values.Labels, "a b"),
        (values.Labels, "app in ()"),
        (values.Labels, "-a=b"),
        (values.NamespaceName, "a.b"),
        (values.NamespaceName, "-a"),
        (values.NamespaceName, "a" * 64),
        (values.ServiceName, "1web"),
        (values.HostName, "web..example.com"),
        (values.HostName, "*.*.example.com"),
        (values.URLPath, "x"),
        (values.URLPath, "/a/../b"),
        (values.LogTarget, "deploy/"),
        (values.LogTarget, "/web"),
        (values.LogTarget, "deploy/a/b"),
        (values.LogTarget, "ing/web"),
        (values.ServiceBackendName, "web"),
        (values.ServiceBackendName, "web:99999"),
        (values.Channel, "#General"),
        (values.Channel, "<#C1|x>y"),
    ],
)
def test_words_that_are_nearly_right_are_refused(value: Any, word: str) -> None:
    with pytest.raises(ValueError):
        _value(value).parse(word)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (values.Labels, "app=web,tier!=cache"),
        (values.Labels, "app in (web, api),!old"),
        (values.Labels, "app.kubernetes.io/name=web,tier="),
        (values.Labels, "a notin (b)"),
        (values.HostName, "*.example.com"),
        (values.LogTarget, "web-5d4f8-x2x"),
        (values.LogTarget, "svc/web"),
        (values.Span, "1h30m"),
        (values.ServiceBackendName, "web:http"),
        (values.Channel, "<#C024BE7LR|general>"),
        (values.Channel, "netz-überwachung"),
    ],
)
def test_words_that_are_right_are_taken(value: Any, word: str) -> None:
    _value(value).parse(word)


def _value(annotation: Any) -> Value:
    return next(extra for extra in annotation.__metadata__ if isinstance(extra, Value))


def _strategy(annotation: Any) -> st.SearchStrategy[str]:
    """Words that a value takes, from its example on."""
    pools = {
        values.DeploymentTarget: ["deploy/web", "deployment/a.b", "deployment.apps/x-1"],
        values.Port: ["1", "80", "65535"],
        values.Span: ["90s", "15m", "2d3h", "1h30m"],
        values.HostName: ["a", "*.b.example", "web.example.com"],
        values.Labels: ["app=web", "a in (b,c)", "!x", "a!=b,c"],
        values.NamespaceName: ["shop", "a-1"],
    }
    return st.sampled_from(pools[annotation])


_texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("C", "Z")), max_size=12)
_requests = st.builds(
    Everything,
    target=_strategy(values.DeploymentTarget).map(_value(values.DeploymentTarget).parse),
    words=st.lists(_texts | st.sampled_from(["-x", "--", "a b", ""]), max_size=3).map(tuple),
    port=_strategy(values.Port).map(int),
    colour=st.sampled_from(Colour),
    since=st.none() | _strategy(values.Span).map(_value(values.Span).parse),
    grep=_texts | st.sampled_from(["-x", "--port", "a 'b' \"c\"", "--"]),
    hosts=st.lists(_strategy(values.HostName), max_size=2).map(tuple),
    selector=st.just("") | _strategy(values.Labels),
    careful=st.booleans(),
    namespace=st.just("") | _strategy(values.NamespaceName),
    all_namespaces=st.booleans(),
)


@given(_requests)
def test_what_is_written_is_read_as_the_same_request(request_: Everything) -> None:
    line = grammar.written("do", request_)
    assert line.startswith("do ")
    assert read(line.removeprefix("do")) == request_


@given(_texts.filter(bool), st.sampled_from(["check services -n shop", "logs deploy/web --grep 'a b' -p"]))
def test_a_saved_line_is_written_as_it_was(timetable: str, command: str) -> None:
    request = Saved(timetable=timetable, command=command, channel=values.ChannelName("C024BE7LR", "ops"))
    assert read(grammar.written("do", request).removeprefix("do"), Saved) == request


def test_the_usage_line_names_everything_once() -> None:
    usage = grammar.usage("do", Everything)
    assert usage.startswith("do deploy/NAME [WORD...] [--namespace NAMESPACE] [--all-namespaces]")
    assert "[--colour Red|Green]" in usage
    assert "[--careful]" in usage


def test_a_repeatable_option_gathers_its_values() -> None:
    assert read("deploy/web --host a.example --host b.example").hosts == ("a.example", "b.example")


def test_annotated_values_may_be_declared_beside_a_model() -> None:
    @dataclass(frozen=True)
    class One:
        word: Annotated[str, Value(str.upper, "a word", "x")] = argument("a word")

    parameters = grammar.parameters(One)
    assert parameters[0].spelling == "WORD"
    assert grammar.parse("one", One, ["x"]) == One("X")

"""Every block and element that a bot may send, and text that would like to be markup."""

from typing import Any

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> JSON:
    return {"type": "mrkdwn", "text": text}


def option(text: str) -> JSON:
    return {"text": plain(text), "value": text.lower()}


def part(text: str, **style: bool) -> JSON:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


_OPTIONS = [option("One"), option("Two"), option("Three")]
_CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("This is *final*."), "confirm": plain("Yes"), "deny": plain("No")}
_AT = 1795521600  # 2026-11-24 12:00 UTC
_TEXT = (
    "*bold* _italic_ ~struck~ `code` and *_both_*, snake_case_stays, 2*3*4, :rocket: :+1: :unknown_one:\n"
    "<https://example.com|a link> <mailto:a@example.com|mail> <@U0ANA> <#C0GENERAL|general> <!here> R&amp;D &lt;b&gt;\n"
    f"<!date^{_AT}^{{date_long}} at {{time}}|then>\n&gt; quoted\n&gt; twice\n```\nkubectl get pods -A\n  &lt;none&gt;\n"
    "```after"
)
_SECTION = {
    "type": "rich_text_section",
    "elements": [
        part("Rich "), part("bold", bold=True), part(" italic", italic=True), part(" struck ", strike=True),
        part("code", code=True), {"type": "link", "url": "https://example.com", "text": " link "},
        {"type": "user", "user_id": "U0BEN"}, {"type": "channel", "channel_id": "C0GENERAL"},
        {"type": "emoji", "name": "tada"}, {"type": "broadcast", "range": "here"},
        {"type": "date", "timestamp": _AT, "format": "{date_short} {time}", "fallback": "then"},
        {"type": "color", "value": "#0f766e"},
    ],
}  # fmt: skip


def _list(style: str, indent: int, *texts: str) -> JSON:
    items = [{"type": "rich_text_section", "elements": [part(text)]} for text in texts]
    return {"type": "rich_text_list", "style": style, "indent": indent, "elements": items}


_RICH = {
    "type": "rich_text",
    "elements": [
        _SECTION, _list("bullet", 0, "first", "second"), _list("bullet", 1, "inside"),
        _list("ordered", 0, "one", "two"),
        {"type": "rich_text_preformatted", "elements": [part("NAME   READY\nweb    2/2")]},
        {"type": "rich_text_quote", "elements": [part("what was said")]},
    ],
}  # fmt: skip
_MARKDOWN = (
    "# A heading\nSome **bold**, *italic*, ~~struck~~ and `code` with [a link](https://example.com).\n\n"
    "- one\n- two\n\n1. first\n2. second\n\n> a quote\n\n```yaml\nkind: Service\n```\n\n"
    "| NAME | READY |\n|---|---|\n| web | 2/2 |\n\n- [x] done\n- [ ] open\n\n---\nend"
)
_ROWS = [("NAME", "TYPE", "CLUSTER-IP"), ("web", "ClusterIP", "10.96.1.2"), ("api", "LoadBalancer", "10.96.77.3")]

GALLERY: list[list[JSON]] = [
    [
        {"type": "header", "text": plain("Everything that a bot may send :tada:")},
        {"type": "section", "text": mrkdwn(_TEXT)},
        {"type": "section", "fields": [mrkdwn("*Nodes*\n3 ready"), mrkdwn("*Plugin*\nflannel"), plain("plain *x*")]},
        {
            "type": "section",
            "text": mrkdwn("With a button"),
            "accessory": {"type": "button", "text": plain("Open"), "action_id": "open"},
        },
        {
            "type": "section",
            "text": mrkdwn("With a picture from elsewhere"),
            "accessory": {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a chart"},
        },
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("checked *now*"), plain("by :robot_face:")]},
    ],
    [
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": plain("Approve"), "style": "primary", "action_id": "a", "confirm": _CONFIRM},
                {"type": "button", "text": plain("Cancel"), "style": "danger", "action_id": "b"},
                {"type": "button", "text": plain("Plain"), "action_id": "c"},
                {"type": "static_select", "placeholder": plain("Pick one"), "options": _OPTIONS, "action_id": "d"},
                {"type": "users_select", "placeholder": plain("A person"), "action_id": "e"},
                {"type": "channels_select", "placeholder": plain("A channel"), "action_id": "f"},
                {"type": "conversations_select", "placeholder": plain("Where"), "action_id": "g"},
                {"type": "datepicker", "initial_date": "2026-11-24", "action_id": "h"},
                {"type": "timepicker", "initial_time": "12:30", "action_id": "i"},
                {"type": "overflow", "options": _OPTIONS, "action_id": "j"},
                {"type": "checkboxes", "options": _OPTIONS, "initial_options": _OPTIONS[:1], "action_id": "k"},
                {"type": "radio_buttons", "options": _OPTIONS, "initial_option": _OPTIONS[1], "action_id": "l"},
            ],
        },
        _RICH,
    ],
    [
        {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in _ROWS]},
        {"type": "markdown", "text": _MARKDOWN},
        {"type": "image", "image_url": "https://example.com/y.png", "alt_text": "latency", "title": plain("Latency")},
        {"type": "context", "elements": [mrkdwn("the last of all blocks")]},
    ],
]


def _input(name: str, element: JSON, **more: Any) -> JSON:
    element = {"action_id": "value", **element}
    return {"type": "input", "block_id": name, "label": plain(name), "element": element, **more}


VIEW: JSON = {
    "type": "modal",
    "title": plain("Create an ingress"),
    "submit": plain("Plan"),
    "close": plain("Leave"),
    "blocks": [
        {"type": "section", "text": mrkdwn("What should the world see?")},
        _input(
            "Host", {"type": "plain_text_input", "placeholder": plain("web.example.com")}, hint=plain("A name in DNS")
        ),
        _input("Port", {"type": "number_input", "is_decimal_allowed": False, "initial_value": "80"}),
        _input("Class", {"type": "static_select", "options": _OPTIONS, "initial_option": _OPTIONS[0]}),
        _input("Options", {"type": "checkboxes", "options": _OPTIONS}, optional=True),
        _input("Type", {"type": "radio_buttons", "options": _OPTIONS, "initial_option": _OPTIONS[0]}),
        _input("Notes", {"type": "plain_text_input", "multiline": True}, optional=True),
    ],
}

HOSTILE = (
    "<script>window.hit = 1</script>",
    "<img src=//evil.example/x onerror='window.hit=1'>",
    "<javascript:window.hit=1|click me>",
    "[click](javascript:window.hit=1) ![x](https://evil.example/x.png)",
    "&lt;script&gt;window.hit=1&lt;/script&gt; `<iframe src=x>`",
    "*<b>* _<i>_ <!date^zzz^{date}|<b>x</b>> <@U0ANA|<b>> ```<script>window.hit=1</script>```",
    "\u202etxt.exe " + "*_~`<" * 200,
)

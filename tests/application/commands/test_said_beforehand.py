"""What a plan says of its own proof: what it will not ask, or not ask whole. And names that are nearly right."""

from __future__ import annotations

import pytest

from tests.plugging import told
from tests.stage import staged

HOSTS = " ".join(f"h{number}.example.com" for number in range(5))
MORE = f"{HOSTS} h5.example.com"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"route create {HOSTS} --service web:80 --name r -n shop", "Of its 5 hosts the first 3 are asked"),
        ("route create a.example.com/x a.example.com/y --service web:80 --name r -n shop", "Of its 2 paths the first"),
        (f"ingress create {MORE} --service web:80 --name i -n shop", "Of its 6 paths 5 are asked by address"),
        (
            "ingress create a.example.com/x a.example.com/y --service web:80 --name i -n shop",
            "Of its 2 paths the first",
        ),
        (
            "route create a.example.com --service web:80 --gateway pubilc -n shop",
            "Did you mean --gateway infra/public?",
        ),
        (
            "gateway create g --listener TLS:443:s.example.com --listener HTTPS:443:s.example.com --tls x -n shop",
            "cannot both end TLS and pass it on for s.example.com",
        ),
        ("route create g.example.com --kind grpc --service web:80 --name g -n shop", "No gRPC call is made"),
    ],
)
async def test_it_is_said(line: str, words: str) -> None:
    async with staged("gateway") as stage:
        report = (await stage.answer(f"{line} --dry-run")).report
        assert words in told(report), told(report)

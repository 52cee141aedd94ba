"""What every test gets: options, and a guard so that nothing leaves the machine."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import responses

hypothesis.settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("deterministic")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cluster", action="store_true", help="run the contract tests against the cluster of KUBECONFIG")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing_browser = not Path("/usr/bin/chromium").exists()
    for item in items:
        if item.get_closest_marker("cluster") and not config.getoption("--cluster"):
            item.add_marker(pytest.mark.skip(reason="needs --cluster and KUBECONFIG"))
        if item.get_closest_marker("browser") and missing_browser:
            item.add_marker(pytest.mark.skip(reason="BROWSER TESTS SKIPPED: /usr/bin/chromium is not installed"))


@pytest.fixture(autouse=True)
def no_call_by_requests_leaves_a_test() -> Iterator[responses.RequestsMock]:
    """Whatever uses `requests` is answered by this fake, or refused."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        yield fake


@pytest.fixture(autouse=True)
def an_environment_without_settings(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No test depends on the tokens, the home folder or the proxies of whoever runs it."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    if not request.config.getoption("--cluster"):
        monkeypatch.delenv("KUBECONFIG", raising=False)
    for name in ("PATCHBAY_MANIFESTS", "PATCHBAY_MANIFEST_CACHE"):
        monkeypatch.delenv(name, raising=False)
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in (*proxies, *map(str.lower, proxies)):
        monkeypatch.delenv(name, raising=False)

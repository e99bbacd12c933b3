"""Guards: what every page keeps to: language, security headers, no page kept, error pages that say what to do."""

import json
from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.utils import translation

from gridhall.channels.web import assets, brand, errors
from gridhall.kernel.errors import NotFound, Refused


@pytest.fixture
def client() -> Iterator[Client]:
    yield Client(raise_request_exception=False)
    translation.deactivate()


def test_pages_speak_chinese_until_somebody_chooses(client: Client) -> None:
    page = client.get("/offline/", headers={"accept-language": "en-GB,en"})
    assert page.headers["Content-Language"] == "zh-hans"
    assert "网络未连接" in page.text
    assert '<html lang="zh-Hans"' in page.text
    chosen = client.post("/language/", {"language": "en", "next": "/offline/"})
    assert chosen.headers["Location"] == "/offline/"
    assert "No connection" in client.get("/offline/").text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_choosing_a_language_never_leads_elsewhere(client: Client, elsewhere: str) -> None:
    assert client.post("/language/", {"language": "en", "next": elsewhere}).headers["Location"] == "/"


@pytest.mark.parametrize(("address", "value"), [("/language/", "xx"), ("/theme/", "pink")])
def test_what_cannot_be_chosen_is_refused(client: Client, address: str, value: str) -> None:
    assert client.post(address, {"language": value, "theme": value}).status_code == 404


def test_the_theme_is_remembered(client: Client) -> None:
    client.post("/theme/", {"theme": "dark", "next": "/offline/"})
    assert 'data-bs-theme="dark"' in client.get("/offline/").text


def test_security_headers_stand_on_every_answer(client: Client) -> None:
    for address in ("/offline/", "/worker.js", "/manifest.webmanifest", "/nowhere/"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_form_without_its_token_changes_nothing() -> None:
    answer = Client(enforce_csrf_checks=True).post("/language/", {"language": "en"})
    assert answer.status_code == 403
    assert "页面已过期" in answer.text
    assert "language" not in answer.cookies


@pytest.mark.parametrize("what", ["403", "404", "409", "500"])
def test_error_pages_say_what_to_do_and_nothing_else(rf: RequestFactory, what: str) -> None:
    with translation.override("zh-hans"):
        request = rf.get("/")
        made = {
            "403": lambda: errors.forbidden(request, PermissionDenied("secret")),
            "404": lambda: errors.answer(request, NotFound("secret", path="secret")),
            "409": lambda: errors.answer(request, Refused("secret")),
            "500": lambda: errors.server_error(request),
        }[what]()
    assert made.status_code == int(what)
    assert "secret" not in made.text
    assert made.headers["Cache-Control"] == "no-store, private"
    assert "回到首页" in made.text


def test_the_app_can_be_installed(client: Client) -> None:
    manifest = json.loads(client.get("/manifest.webmanifest").content)
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    worker = client.get("/worker.js").text
    assert "/offline/" in worker
    assert "/*SHELL*/" not in worker


def test_the_packages_of_the_pages_are_installed() -> None:
    assert assets.NpmFinder().check() == []
    assert set(assets.versions()) == {
        "@tabler/core", "@alpinejs/csp", "htmx.org", "echarts", "ace-builds", "maplibre-gl",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("accent", "#bbbbbb", "contrast"), ("accent", "red", "pattern"), ("logo", "../secret.svg", "pattern"),
     ("name", {"en": "Only English"}, "zh-hans"), ("colour", "x", "Extra")],
)  # fmt: skip
def test_a_brand_that_cannot_be_used_is_refused(field: str, value: object, said: str) -> None:
    plain = brand.brand().model_dump() | {field: value}
    with pytest.raises(ValueError, match=said):
        brand.Brand.model_validate(plain)


def test_a_fragment_after_the_session_ended_leads_the_page_to_signing_in(client: Client) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/me/?x=1"}
    answer = client.get("/me/", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == "/account/login/?next=%2Fme%2F"
    assert client.get("/me/").headers["Location"] == "/account/login/?next=/me/"

"""Pages in a real browser: search, copying, the keyboard, without a script, for assistive technology, on a phone."""

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from urllib.parse import urlsplit

import pytest

from tests.browser import Browser, running
from tests.inprocess.owners import Owner
from tests.inprocess.test_documentation import run
from tests.inprocess.test_guards import Guarded, Reader
from tests.inprocess.test_package_pages import path_of, publish
from tests.unit import django_set_up  # noqa: F401

PHONE, DESKTOP = 390, 1200
# What axe looks at in each colour scheme: everything, and then what only colours decide.
SCHEMES = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Callable[[], Browser]]:
    with running() as tab:
        yield tab


@pytest.fixture(scope="module")
def owner(browser: Callable[[], Browser], content_url: str) -> Owner:
    """A module with documentation, two versions, a retraction and a deprecation."""
    made = Owner.create(content_url)
    path = path_of(made)
    publish(made)
    go_mod = f"// Deprecated: use another.\nmodule {path}\n\ngo 1.22\n\nrequire example.com/x v1.0.0\n\nretract v1.0.0 // wrong\n"
    publish(made, "v1.1.0", **{"go.mod": go_mod})
    run(made)
    return made


@pytest.fixture
def tab(browser: Callable[[], Browser]) -> Browser:
    return browser()


def pages_of(owner: Owner) -> list[str]:
    path = path_of(owner)
    return [
        "/",
        f"/{path}",
        f"/{path}@v1.0.0",
        f"/{path}/@doc",
        f"/{path}/deep",
        f"/{path}/@versions",
        f"/{path}/@requirements",
        f"/{path}/@importers",
        f"/{path}/@licenses",
        f"/{path}/@compare/v1.0.0...v1.1.0",
        "/search?q=draw",
        "/example.com",
        "/nothing.example",
    ]


def test_a_search_finds_while_one_types_and_the_enter_key_opens_it(
    owner: Owner, tab: Browser
) -> None:
    tab.open(f"{owner.packages_url}/")
    tab.run("document.getElementById('q').focus()")
    tab.type("DRAW")
    tab.wait_for("document.querySelector('#found a.path')")
    assert tab.run("location.pathname").endswith("/go/")
    assert path_of(owner) in tab.run("document.getElementById('found').textContent")
    assert tab.run("document.getElementById('unfound').hidden") is True
    tab.type("-nothing")
    tab.wait_for("!document.querySelector('#found a.path')")
    for _ in range(len("DRAW-nothing")):
        tab.press("Backspace", 8)
    tab.wait_for("!document.getElementById('unfound').hidden")
    tab.type("draw")
    tab.press("Enter", 13)
    tab.wait_for("location.pathname.endsWith('/search')")
    tab.wait_for("document.querySelector('#found a.path')")
    assert tab.complaints == []


def test_a_command_is_copied_by_its_button(owner: Owner, tab: Browser) -> None:
    tab.open(f"{owner.packages_url}/{path_of(owner)}")
    tab.call(
        "Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"]
    )
    tab.wait_for("!document.querySelectorAll('button.copy')[1].hidden")
    # With the keyboard: a button is one.
    tab.run("document.querySelectorAll('button.copy')[1].focus()")
    tab.press("Enter", 13)
    tab.wait_for("document.querySelectorAll('button.copy')[1].textContent === 'Copied'")
    assert tab.run("navigator.clipboard.readText()") == f"go get {path_of(owner)}@v1.1.0"


def test_the_keyboard_gets_everywhere_beginning_with_the_content(
    owner: Owner, tab: Browser
) -> None:
    tab.open(f"{owner.packages_url}/{path_of(owner)}/@versions")
    tab.press("Tab", 9)
    assert tab.run("document.activeElement.className") == "skip"
    tab.wait_for("document.activeElement.getBoundingClientRect().top >= 0")
    tab.press("Enter", 13)
    tab.wait_for("location.hash === '#content'")
    seen = set()
    for _ in range(40):
        tab.press("Tab", 9)
        seen.add(tab.run("document.activeElement.outerHTML.slice(0, 200)"))
        outline = tab.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none" or tab.run("document.activeElement === document.body")
    assert any("<select" in each for each in seen) and any("@v1.0.0" in each for each in seen)


def test_everything_works_without_a_script(owner: Owner, tab: Browser) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(f"{owner.packages_url}/{path_of(owner)}")
    assert tab.run("document.querySelector('button.copy').hidden") is True
    assert tab.run("document.querySelector('time').textContent").count("-") == 2
    tab.run("document.getElementById('q').focus()")
    tab.type("draw")
    tab.press("Enter", 13)
    tab.wait_for("location.pathname.endsWith('/search')")
    tab.wait_for("document.querySelector('#found a.path')")
    tab.open(f"{owner.packages_url}/{path_of(owner)}/@versions")
    tab.run("document.querySelector('form.compare button').click()")
    tab.wait_for("location.pathname.endsWith('/@compare/v1.0.0...v1.1.0')")


def assert_no_barrier(tab: Browser, url: str) -> None:
    tab.look_as(DESKTOP, "light")
    tab.complaints.clear()
    tab.open(url)
    tab.run((files("axe_core_python") / "axe.min.js").read_text())
    for scheme, options in SCHEMES.items():
        tab.look_as(DESKTOP, scheme)
        found = tab.run(
            f"axe.run(document, {json.dumps(options)})"
            ".then(done => [done.violations.map(v => [v.id, v.nodes.map(n => n.html)]), done.passes.length])"
        )
        assert found[0] == [] and found[1] > 0, (url, scheme, found)
    tab.look_as(PHONE, "light")
    assert tab.run("document.documentElement.scrollWidth") <= PHONE, url
    # Of what it asks for a page that is not shown it says so.
    statuses = ("401", "403", "404")
    said = [each for each in tab.complaints if not any(status in each for status in statuses)]
    assert said == [], url


def test_no_page_has_a_barrier_or_asks_others_for_anything(owner: Owner, tab: Browser) -> None:
    for below in pages_of(owner):
        assert_no_barrier(tab, f"{owner.packages_url}{below}")
    assert {urlsplit(url).netloc for url in tab.requested} <= {urlsplit(owner.url).netloc, ""}


def test_what_is_refused_has_no_barrier_but_the_guard(content_url: str, tab: Browser) -> None:
    guarded = Guarded(Owner.create(content_url))
    url = f"{guarded.owner.packages_url}/example.com/m"
    tab.give_no_credentials()
    assert_no_barrier(tab, url)
    assert tab.run("document.querySelector('h1').textContent") == "Credentials are required"
    tab.call("Network.setExtraHTTPHeaders", headers=Reader().headers)
    assert_no_barrier(tab, url)
    assert tab.run("document.querySelector('h1').textContent") == "Not for these credentials"
    assert_no_barrier(tab, f"{content_url}/api/packages/nobody/go/example.com/m")
    # The stylesheet is that of pages that are shown.
    assert tab.run("getComputedStyle(document.querySelector('.top')).borderBottomWidth") == "1px"


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_no_tab_is_beyond_the_edge(owner: Owner, tab: Browser, width: int) -> None:
    tab.look_as(width, "light")
    tab.open(f"{owner.packages_url}/{path_of(owner)}/@versions")
    places = "[...document.querySelectorAll('.tabs a')].map(a => a.getBoundingClientRect().right)"
    found = tab.run(places)
    assert len(found) == 6 and max(found) <= width

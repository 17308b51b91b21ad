"""The plugin's part of the content app is there."""

import importlib


def test_the_content_app_has_our_routes() -> None:
    # pulpcore does the same, but says nothing if a module is missing.
    importlib.import_module("pulp_gomod.app.content")
    from pulpcore.plugin.content import app

    patterns = {resource.canonical for resource in app.router.resources()}
    assert {"/pulp/content/{path}", "/api/packages/{owner}/go/{path}"} <= patterns

"""All that is computed of a zip, in a process with limits."""

import json
import os
import re
import tempfile
from io import BytesIO
from typing import Any

import pytest

from pulp_gomod.documenter import licences, readme
from pulp_gomod.documenter.module import document_module
from pulp_gomod.documenter.process import DocumenterFailed, document_apart
from tests.gomods import pack

PATH, VERSION = "example.com/m", "v1.0.0"


def packed(**files: str | bytes) -> bytes:
    texts = [
        (name, text.encode() if isinstance(text, str) else text) for name, text in files.items()
    ]
    return pack(f"{PATH}@{VERSION}/", texts)


def documented(**files: str | bytes) -> tuple[dict[str, Any], dict[str, dict[str, Any]], list[str]]:
    """Return what is said of the module, its packages, and what was cut."""
    said: dict[str, Any] = {}
    packages = {}
    for each in document_module(BytesIO(packed(**files)), PATH, VERSION, 1e9):
        if "package" in each:
            packages[each["package"]["import_path"].removeprefix(PATH)] = each["package"]
        else:
            said |= each
    json.dumps(packages)
    return said["module"], packages, said["end"]["cut"]


def test_directories_that_are_no_packages_are_left_out() -> None:
    module, packages, cut = documented(
        **{
            "go.mod": f"module {PATH}\n\nignore (\n\t./a\n\tleft\n)\n",
            "m.go": "package m\n",
            "a/a.go": "package a\n",
            "b/left/c/c.go": "package c\n",
            "b/a/a.go": "package a\n",
            "testdata/x.go": "package x\n",
            ".hidden/x.go": "package x\n",
            "vendor/x/x.go": "package x\n",
            "internal/x/x.go": "package x\n",
            "only/x_test.go": "package x\n",
            "ignored/x.go": "//go:build ignore\n\npackage main\n",
            "a b/x.go": "package x\n",
        }
    )
    assert sorted(packages) == ["", "/b/a", "/internal/x"]
    assert packages["/internal/x"]["internal"] and not packages[""]["internal"]
    assert len(cut) == 1 and "a b" in cut[0]
    assert module["readme_file"] == "" and module["licence_ids"] == []


def test_a_package_is_documented_for_one_system() -> None:
    _, packages, _ = documented(
        **{
            "both/a.go": "package both\n\nfunc All()\n",
            "both/a_linux.go": "package both\n\nfunc Linux()\n",
            "both/a_windows.go": "package both\n\nfunc Windows()\n",
            "both/tag.go": "//go:build !cgo || (windows && !amd64)\n\npackage both\n\nfunc Tag()\n",
            "both/old.go": "// +build darwin freebsd\n\npackage both\n\nfunc Old()\n",
            "both/unix.go": "//go:build unix && go1.20\n\npackage both\n\nfunc Unix()\n",
            "win/w_windows_arm64.go": "package win\n\nfunc W()\n",
            "all/x.go": "package all\n",
            "tool/x.go": "//go:build ignore\n\npackage main\n",
            "tool/y.go": "package tool\n",
        }
    )
    both = packages["/both"]
    assert [each[0] for each in both["symbols"]] == ["All", "Linux", "Unix"]
    assert (both["goos"], both["goarch"]) == ("linux", "amd64")
    assert {file["name"]: file.get("constraint") for file in both["documentation"]["files"]} == {
        "a.go": None,
        "a_linux.go": "linux",
        "a_windows.go": "windows",
        "old.go": "darwin || freebsd",
        "tag.go": "!cgo || (windows && !amd64)",
        "unix.go": "unix && go1.20",
    }
    assert (packages["/win"]["goos"], packages["/win"]["goarch"]) == ("windows", "arm64")
    assert packages["/all"]["goos"] == ""
    assert packages["/tool"]["name"] == "tool"


HOSTILE = """# Hi
<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><style>*{display:none}</style>

<iframe src="https://evil.example"></iframe><form action="https://evil.example"><input name=a></form>

[a](javascript:alert(1)) [b](data:text/html,x) <a href="&#106;avascript:alert(1)" onclick=x style=y>c</a>

![d](https://evil.example/d.png) [![e](e.png)](https://ok.example) <link rel=stylesheet href=//evil.example>

[f](sub/f.md) [g](//evil.example) [h](#hi) <base href="https://evil.example"> <meta http-equiv=refresh content=0>

<div id="search" class="x" style="position:fixed">i</div>
"""


def test_a_readme_brings_nothing_along() -> None:
    html = readme.to_html("README.md", HOSTILE)
    for bad in ("script", "img", "svg", "style", "iframe", "form", "input", "onerror", "onclick"):
        assert f"<{bad}" not in html and f" {bad}=" not in html
    for bad in ("evil", "class=", 'id="search"', "<meta", "<base"):
        assert bad not in html, html
    assert set(re.findall('href="([^"]*)"', html)) == {
        "https://ok.example",
        "#readme-hi",
        "source:sub/f.md",
    }
    assert '<a href="https://ok.example" rel="nofollow noopener">e</a>' in html
    assert '<h3 id="readme-hi">Hi</h3>' in html and 'href="#readme-hi"' in html


def test_headings_of_a_readme_are_below_those_of_the_page_and_each_has_its_own_name() -> None:
    text = '<h1 align="center">X</h1>\n\n# X\n\n# X\n\n# X-1\n\n<h2 id="readme-x">y</h2>\n'
    html = readme.to_html("README.md", text)
    assert re.findall("<h[^>]*>", html) == [
        "<h3>",
        '<h3 id="readme-x">',
        '<h3 id="readme-x-1">',
        '<h3 id="readme-x-1-1">',
        "<h4>",
    ]


def test_a_readme_that_is_no_markdown_or_too_large_is_text() -> None:
    assert readme.to_html("README", "# <b>") == "<pre># &lt;b&gt;</pre>\n"
    assert readme.to_html("README.md", "[a](https://x.example)\n\n" * 20_000).startswith("<pre>")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "> " * 30_000 + "x",
        "*a_" * 20_000,
        "- " * 30_000,
        "`" * 60_000,
        "<a " * 20_000,
    ],
    ids=lambda text: text[:4],
)
def test_a_hostile_readme_costs_itself_only(text: str) -> None:
    module, packages, _ = documented(**{"README.md": text, "m.go": "package m\n"})
    assert module["readme_text"] == text[: readme.MOST_TEXT] and packages[""]["name"] == "m"


LICENCES = {
    "MIT": "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this "
    'software and associated documentation files (the "Software"), to deal\nin it. The above copyright notice and '
    "this permission notice shall be included in all copies.",
    "BSD-3-Clause": "Redistribution and use in source and binary forms, with or without\nmodification, are "
    "permitted provided that: Neither the name of Google nor the names of its contributors may be used to endorse or "
    "promote products derived from this software without permission. THIS SOFTWARE IS PROVIDED BY X",
    "BSD-2-Clause": "Redistribution and use in source and binary forms, with or without\nmodification, are "
    "permitted provided that 1. THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS",
    "Apache-2.0": "Apache License\n   Version 2.0, January 2004\n  http://www.apache.org/licenses/",
    "ISC": "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is "
    "hereby granted, provided that the above copyright notice and this permission notice appear in all copies.",
    "MPL-2.0": "Mozilla Public License Version 2.0\n 1.4 Covered Software means. GNU General Public License, Version "
    "2.0, the GNU Lesser General Public License, Version 2.1, the GNU Affero General Public License, Version 3.0",
    "GPL-3.0": "GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007 ... version 3 of the GNU Affero General Public License",
}


@pytest.mark.parametrize("name", LICENCES)
def test_licences_are_known_by_what_only_they_say(name: str) -> None:
    assert licences.find(LICENCES[name]) == [name]


def test_a_licence_nobody_knows_is_there_all_the_same() -> None:
    module, _, _ = documented(**{"LICENSE": "All rights reserved.", "m.go": "package m\n"})
    assert (module["licence_ids"], module["redistributable"]) == ([""], False)
    assert licences.find("") == []
    both = LICENCES["MIT"] + "\n\n" + LICENCES["Apache-2.0"]
    module, _, _ = documented(**{"LICENSE": both, "sub/COPYING": "x", "m.go": "package m\n"})
    assert (module["licence_ids"], module["redistributable"]) == (["Apache-2.0", "MIT"], True)
    assert [each["file"] for each in module["licences"]] == ["LICENSE", "sub/COPYING"]


def apart(data: bytes, seconds: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return list(document_apart(file.fileno(), PATH, VERSION, seconds))


def test_what_takes_too_long_ends_and_what_was_done_stands() -> None:
    hostile = "package y\n" + "func a( { [ type " * 200_000
    data = packed(**{"m.go": "package m\n", "y/y.go": hostile})
    found = []
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        with pytest.raises(DocumenterFailed, match="more than 1 seconds"):
            for each in document_apart(file.fileno(), PATH, VERSION, 1):
                found.append(each)
    assert [next(iter(each)) for each in found] == ["module", "package"]


def test_what_is_no_zip_is_an_error_that_says_so() -> None:
    with pytest.raises(DocumenterFailed, match="zip|archive|file"):
        apart(b"not a zip", 10)


def test_the_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULP_SECRET_KEY", "x")
    seen: list[dict[str, str]] = []
    import subprocess

    real = subprocess.Popen

    def spawn(*args: Any, **kwargs: Any) -> Any:
        seen.append(kwargs["env"])
        return real(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", spawn)
    assert apart(packed(**{"m.go": "package m\n"}), 60)[-1] == {"end": {"cut": []}}
    assert "PULP_SECRET_KEY" not in seen[0] and "PATH" in os.environ

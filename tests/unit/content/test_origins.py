"""Where the source of a module version is to be seen: a link that leads there, or none."""

from typing import Any

import pytest

from pulp_gomod.app.content.pages.origins import Origin
from pulp_gomod.documenter.readme import to_html

HASH = "0123456789abcdef0123456789abcdef01234567"


def origin(url: Any, commit: Any = HASH, subdir: Any = "") -> Origin:
    return Origin.of({"VCS": "git", "URL": url, "Hash": commit, "Subdir": subdir})


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://github.com/a/b", f"https://github.com/a/b/blob/{HASH}/x/y.go#L7"),
        ("https://github.com/a/b.git", f"https://github.com/a/b/blob/{HASH}/x/y.go#L7"),
        (
            "https://gitlab.corp.example/a/b",
            f"https://gitlab.corp.example/a/b/-/blob/{HASH}/x/y.go#L7",
        ),
        ("https://codeberg.org/a/b", f"https://codeberg.org/a/b/src/commit/{HASH}/x/y.go#L7"),
        (
            "https://gitea.corp.example/a/b/",
            f"https://gitea.corp.example/a/b/src/commit/{HASH}/x/y.go#L7",
        ),
        ("https://bitbucket.org/a/b", f"https://bitbucket.org/a/b/src/{HASH}/x/y.go#lines-7"),
        ("https://git.corp.example/a/b", ""),
        ("https://mygithub.example/a/b", ""),
        ("ssh://github.com/a/b", ""),
        ("https://user:secret@github.com/a/b", ""),
        ("javascript:alert(1)", ""),
        ('https://github.com/a"onclick="b', ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_line_is_linked_where_it_is_known_how_the_host_names_it(url: Any, leads: str) -> None:
    assert origin(url).file("x/y.go", 7) == leads


@pytest.mark.parametrize("commit", ["", "main", "../../x", '"', None, HASH.upper()])
def test_nothing_is_linked_without_a_commit(commit: Any) -> None:
    assert origin("https://github.com/a/b", commit).file("y.go", 1) == ""


def test_a_module_may_be_in_a_directory_of_its_repository() -> None:
    inner = origin("https://github.com/a/b", HASH, "sub/dir")
    assert inner.file("x y.go") == f"https://github.com/a/b/blob/{HASH}/sub/dir/x%20y.go"
    # What leads out of it does not.
    assert origin("https://github.com/a/b", HASH, "../..").file("y.go").endswith(f"{HASH}/y.go")
    assert inner.file("../../../y.go").endswith(f"{HASH}/y.go")


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("more/use.md", "deep/more/use.md"),
        ("./use.md#how-to", "deep/use.md#how-to"),
        ("../LICENSE", "LICENSE"),
        ("/top.md", "top.md"),
        ("a%20b.md?raw=1", "deep/a%20b.md"),
        ("../../out", None),
        ("//evil.example/x", None),
        ("javascript:alert(1)", None),
        ("source:x", None),
        ("data:text/html,x", None),
        ("a\\\\b", None),
    ],
)
def test_links_of_a_readme_to_files_beside_it_lead_to_these(link: str, path: str | None) -> None:
    html = to_html("deep/README.md", f'<a href="{link}">text</a> ![picture]({link})\n')
    assert "text" in html and "picture" in html and "<img" not in html
    known = origin("https://github.com/a/b").lead(html)
    leads = f'href="https://github.com/a/b/blob/{HASH}/{path}"'
    assert (leads in known) == (path is not None), known
    # Where that is not known, they lead nowhere.
    assert "href" not in origin("https://git.corp.example/a/b").lead(html)

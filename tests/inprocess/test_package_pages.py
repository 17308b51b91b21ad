"""What a browser is shown of packages: their documentation in pages that are light, licences, and changed APIs."""

import re
from typing import Any

import pytest

from pulp_gomod.app.models import GoModule, GoPackage, GoRelease
from tests.gomods import pack
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.inprocess.test_documentation import MIT, run
from tests.pages import Page, fetch, read
from tests.unit import django_set_up  # noqa: F401

SOURCE = """// Package {name} draws shapes. And <b>more</b>.
//
// # Notes
//
// See [Shape.Area], [{path}/deep.Is], [io.Reader] and [example.com/other.Thing].
package {name}

// Sides of shapes.
const (
	Three = 3
	Four  = 4 // <script>evil()</script>
)

// ErrFlat is what has no area.
var ErrFlat error

// Draw draws a [Shape].
//
// Deprecated: use [Shape.Draw].
func Draw(s *Shape) error {{ return nil }}

// Shape has sides.
type Shape struct {{
	// Sides it has.
	Sides int
}}

// NewShape makes one.
func NewShape() *Shape {{ return nil }}

// Area is what it covers.
func (s *Shape) Area() float64 {{ return 0 }}

// Draw draws it.
func (s *Shape) Draw() error {{ return nil }}
"""
EXAMPLE = """package {name}_test

import "fmt"

func ExampleShape_Area() {{
	fmt.Println("<script>evil()</script>")
	// Output: <script>evil()</script>
}}
"""


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def path_of(owner: Owner) -> str:
    return f"example.com/{owner.repository.name}/draw"


def publish(owner: Owner, version: str = "v1.0.0", **more: str) -> str:
    path = path_of(owner)
    texts = {
        "go.mod": f"module {path}\n",
        "README.md": "# Draw\n\n[site](https://draw.example) ![x](https://evil.example/x.png) <b>bold</b>\n",
        "LICENSE": f"MIT License\n\n{MIT}\n<script>evil()</script>\n",
        "draw.go": SOURCE.format(name="draw", path=path),
        "draw_test.go": EXAMPLE.format(name="draw"),
        "deep/deep.go": "// Package deep is below.\npackage deep\n\n// Is it.\nconst Is = 1\n",
        "cmd/tool/main.go": "// Tool draws from the command line.\npackage main\n\nfunc main() {}\n",
        "internal/own/own.go": "package own\n",
    }
    # Not even a name may look like a path.
    texts |= {name.replace("__", "/"): text for name, text in more.items()}
    owner.publish(
        pack(f"{path}@{version}/", [(name, text.encode()) for name, text in texts.items() if text])
    )
    return path


def test_a_package_is_shown_with_its_documentation(owner: Owner) -> None:
    path = publish(owner)
    run(owner)
    root = owner.packages_url
    page = read(f"{root}/{path}@v1.0.0/@doc")
    text = " ".join(page.text.split())
    for said in (
        "package draw",
        f'import "{path}"',
        "draws shapes",
        "func Draw(s *Shape) error",
        "type Shape",
        "func (*Shape) Area",
        "Area is what it covers.",
        "ErrFlat",
        "Three = 3",
        "Example",
        "Output:",
        "draw.go",
        "deprecated",
    ):
        assert said in text, said
    ids = {each["id"] for _, each in page.tags if "id" in each}
    assert {"Draw", "Shape", "NewShape", "Shape.Area", "Three", "Four", "ErrFlat"} <= ids
    anchors = [link[1:] for link in page.links() if link.startswith("#")]
    assert set(anchors) <= ids, set(anchors) - ids
    assert "Shape.Area" in anchors
    here = f"/api/packages/{owner.distribution.base_path}/go"
    assert f"{here}/{path}@v1.0.0/deep#Is" in page.links()
    assert "https://pkg.go.dev/io#Reader" in page.links()
    # What is not here leads nowhere.
    assert not any("example.com/other" in link for link in page.links())
    assert not any(link.startswith("pkg:") for link in page.links())
    order = [
        text.index(word) for word in ("Constants", "Variables", "Functions", "Types", "Directories")
    ]
    assert order == sorted(order)
    for below, said in (
        ("deep", "Is it."),
        ("cmd/tool", "Tool draws"),
        ("internal/own", "internal"),
    ):
        assert said in read(f"{root}/{path}@v1.0.0/{below}").text
        assert said in read(f"{root}/{path}/{below}").text
    directory = read(f"{root}/{path}/cmd").text
    assert "directory" in directory and "tool" in directory
    for wrong in ("nothing", "deep/er", "deep/@versions", "deep/@licenses"):
        assert "no" in read(f"{root}/{path}@v1.0.0/{wrong}", 404).text


def test_comments_and_source_lead_where_there_is_something(owner: Owner) -> None:
    path = publish(owner, **{"broken.go": "package draw\n\nfunc <script>evil()</script> {\n"})
    user = f"example.com/{owner.repository.name}/user"
    text = f"// Package user uses [{path}/deep.Is], [{path}/none.X] and [example.com/none.X].\npackage user\n"
    readme = "[docs](more/a.md) [out](../../x) ![p](p.png)\n"
    files = {"go.mod": f"module {user}\n", "sub/user.go": text, "sub/README.md": readme}
    owner.publish(pack(f"{user}@v1.0.0/", [(name, each.encode()) for name, each in files.items()]))
    run(owner)
    root = f"/api/packages/{owner.distribution.base_path}/go"
    url = f"{owner.packages_url}/{user}/sub"
    links = read(url).links()
    assert f"{root}/{path}/deep#Is" in links
    assert not any("example.com/none" in link or "source:" in link for link in links)
    source = read(f"{owner.packages_url}/{path}/@doc")
    assert "func <script>evil()</script> {" in source.text and "broken.go" in source.text
    assert not any("blob" in link for link in source.links())
    commit = "0123456789abcdef0123456789abcdef01234567"
    GoRelease.objects.filter(repository=owner.repository).update(
        origin={"VCS": "git", "URL": "https://github.com/a/b", "Hash": commit}
    )
    # Another version of the repository, whose pages nobody has asked for.
    publish(owner, "v1.1.0")
    run(owner)
    blob = f"https://github.com/a/b/blob/{commit}"
    assert f"{blob}/sub/more/a.md" in read(f"{url}?x").links()
    assert f"{blob}/draw.go#L20" in read(f"{owner.packages_url}/{path}@v1.0.0/@doc").links()


def test_a_module_is_shown_with_its_packages_its_readme_and_its_licences(owner: Owner) -> None:
    path = publish(owner)
    before = read(f"{owner.packages_url}/{path}")
    assert "# Draw" in before.text and "draws shapes" not in before.text
    run(owner)

    def shown() -> Page:
        page = read(f"{owner.packages_url}/{path}")
        return page if "draws shapes" in page.text else shown()

    # What was shown without documentation is not shown for long.
    page = shown()
    assert "https://draw.example" in page.links() and "# Draw" not in page.text
    for said in ("Package deep is below.", "Tool draws", "command", "internal", "MIT"):
        assert said in page.text, said
    for link in page.links():
        if link.startswith("/"):
            assert fetch(f"{owner.url}{link}").status_code == 200, link
    licences = read(f"{owner.packages_url}/{path}/@licenses").text
    assert "MIT" in licences and "evil()" in licences
    # By any part of the path, by what it is for, however that ends, and by what its packages are for.
    for text in ("draw", "RAW", "shape drawing", "dra sha", "below deep", f"{path}", "rawer"):
        found = read(f"{owner.packages_url}/search?q={text}").text
        assert ("draws shapes" in found) == (text != "rawer"), text


def test_who_requires_a_module_is_told(owner: Owner) -> None:
    path = publish(owner)
    requires, zips = f"\nrequire {path} v1.0.0\n", []
    # The last one does not any more.
    for name, version, more in (
        ("a", "v1.0.0", requires),
        ("a", "v1.1.0", requires),
        ("b", "v1.0.0", requires),
        ("b", "v1.1.0", ""),
    ):
        user = f"example.com/{owner.repository.name}/{name}"
        zips.append(pack(f"{user}@{version}/", [("go.mod", f"module {user}\n{more}".encode())]))
    owner.publish(*zips)
    with configured(GOMOD_DOCUMENTATION="off"):
        told = " ".join(read(f"{owner.packages_url}/{path}/@importers?x").text.split())
        assert "/a v1.1.0" in told and "/b v1.0.0" in told
    other = Owner.create(owner.url)
    publish(other)
    run(owner)
    told = " ".join(read(f"{owner.packages_url}/{path}@v1.0.0/@importers").text.split())
    assert "/a v1.1.0" in told and "/b v" not in told
    assert (
        "No module"
        in read(f"{owner.packages_url}/example.com/{owner.repository.name}/a/@importers").text
    )


def test_the_apis_of_two_versions_are_compared(owner: Owner) -> None:
    path = publish(owner)
    new = SOURCE.format(name="draw", path=path).replace(
        "Draw(s *Shape) error", "Draw(s *Shape, size int) error"
    )
    new = new.replace("NewShape", "MakeShape")
    publish(
        owner, "v1.1.0", **{"draw.go": new, "internal/own/own.go": "package own\n\nconst New = 1\n"}
    )
    compared = f"{owner.packages_url}/{path}/@compare"
    assert "not known yet" in read(f"{compared}/v1.1.0...v1.0.0").text
    run(owner)
    rows = " ".join(read(f"{compared}/v1.0.0...v1.1.0").text.split())
    for name, kind in (("MakeShape", "added"), ("NewShape", "removed"), ("Draw", "changed")):
        assert f"{name} {kind} {path}" in rows, (name, rows)
    assert "New = 1" not in rows
    assert "Both export the same" in read(f"{compared}/v1.0.0...v1.0.0").text


def test_no_page_of_a_package_is_heavy_and_no_symbol_is_missing(owner: Owner) -> None:
    many = "".join(
        f"// T{n} is number {n}, {'&' * 150}.\ntype T{n} struct{{ X{n} int }}\n\n// M is [T{n - 1 if n else 0}].\nfunc (T{n}) M{n}() {{}}\n"
        for n in range(400)
    )
    long = "const (\n" + "".join(f'\tC{n} = "{"<" * 40}"\n' for n in range(2000)) + ")\n"
    path = publish(owner, **{"draw.go": f"package draw\n\n{long}\n{many}"})
    run(owner)
    url = f"{owner.packages_url}/{path}@v1.0.0/@doc"
    first = read(url)
    parts = sorted({int(link[6:]) for link in first.links() if re.fullmatch(r"\?part=\d+", link)})
    assert parts == list(range(1, len(parts) + 1)) and len(parts) > 3
    ids: dict[str, int] = {}
    links: list[tuple[int, str]] = []
    for part in parts:
        page = read(f"{url}?part={part}")
        ids |= {each["id"]: part for _, each in page.tags if each.get("id")}
        links += [(part, link) for link in page.links()]
    assert {f"T{n}" for n in range(400)} | {f"T{n}.M{n}" for n in range(400)} <= ids.keys()
    # Every link between them leads to the page that has it.
    between = 0
    for part, link in links:
        found = re.fullmatch(r"(?:\?part=(\d+))?#(T\d+)", link)
        if found:
            between += found[1] is not None
            assert ids[found[2]] == int(found[1] or part), (part, link)
    assert between
    for wrong in ("0", "999", "x", "-1", "1e3"):
        read(f"{url}?part={wrong}", 404)


def test_rows_that_nobody_could_have_computed_are_text_too(owner: Owner) -> None:
    path = publish(owner)
    run(owner)
    unit = GoModule.objects.get(module=path)
    evil: Any = '"><script>evil()</script>'
    package = GoPackage.objects.get(unit=unit, import_path=path)
    package.synopsis = package.name = evil
    for each in package.documentation["funcs"]:
        each["decl"] = each["file"] = evil
    package.save()
    page = read(f"{owner.packages_url}/{path}@v1.0.0/@doc")
    assert "evil()" in page.text

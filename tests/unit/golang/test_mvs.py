"""The module graph and what is chosen of it, against what `go list -m all` says of the same files."""

import pytest

from pulp_gomod.golang import modfile
from pulp_gomod.golang.modfile import Go
from pulp_gomod.golang.modfile.loading import is_pruned as pruned
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.mvs import Graph


def _graph(main: str, files: dict[str, str], gone: tuple[str, ...] = ()) -> tuple[list[str], ...]:
    """Walk a graph; return what is read, in order, what is visited and what is chosen."""
    graph = Graph(modfile.parse(main.encode()))
    asked = []
    while missing := graph.missing():
        for version in missing:
            asked.append(str(version))
            if str(version) in gone:
                graph.skip(version)
            else:
                text = f"module {version.path}\n" + files[str(version)]
                graph.read(version, modfile.parse_lax(text.encode()))
    assert len(graph.visited()) == len(asked)
    return asked, [str(v) for v in graph.visited()], [str(v) for v in graph.build_list()]


# The example of research.swtch.com/vgo-mvs.
CLASSIC = {
    "x.org/b@v1.2.0": "require x.org/d v1.3.0",
    "x.org/c@v1.2.0": "require x.org/d v1.4.0",
    "x.org/d@v1.3.0": "require x.org/e v1.2.0",
    "x.org/d@v1.4.0": "require x.org/e v1.2.0",
    "x.org/e@v1.2.0": "",
}
MAIN = "module x.org/a\nrequire x.org/b v1.2.0\nrequire x.org/c v1.2.0\n"


def test_the_highest_of_the_required_versions_is_chosen() -> None:
    asked, visited, chosen = _graph(MAIN, CLASSIC)
    assert visited == sorted(CLASSIC)
    assert sorted(asked) == visited
    assert chosen == ["x.org/b@v1.2.0", "x.org/c@v1.2.0", "x.org/d@v1.4.0", "x.org/e@v1.2.0"]


def test_versions_are_compared_as_versions() -> None:
    files = {
        "x.org/b@v1.2.0": "require x.org/d v1.9.0",
        "x.org/c@v1.2.0": "require x.org/d v1.10.0-rc.1",
        "x.org/d@v1.9.0": "",
        "x.org/d@v1.10.0-rc.1": "",
    }
    assert "x.org/d@v1.10.0-rc.1" in _graph(MAIN, files)[2]


def test_cycles_end_and_the_main_module_is_never_chosen() -> None:
    files = {
        "x.org/b@v1.2.0": "require x.org/c v1.3.0\nrequire x.org/a v1.0.0",
        "x.org/c@v1.2.0": "require x.org/b v1.2.0",
        "x.org/c@v1.3.0": "require x.org/b v1.2.0",
        "x.org/a@v1.0.0": "require x.org/b v1.1.0",
        "x.org/b@v1.1.0": "",
    }
    _, visited, chosen = _graph(MAIN, files)
    assert "x.org/a@v1.0.0" in visited
    assert chosen == ["x.org/b@v1.2.0", "x.org/c@v1.3.0"]


def test_the_graph_is_pruned_from_go_1_17_on() -> None:
    main = "module x.org/a\ngo 1.17\nrequire x.org/b v1.0.0\n"
    files = {
        "x.org/b@v1.0.0": "go 1.21\nrequire x.org/c v1.0.0",
        "x.org/c@v1.0.0": "go 1.21\nrequire x.org/d v1.0.0",
        "x.org/d@v1.0.0": "",
    }
    asked, _, chosen = _graph(main, files)
    assert asked == ["x.org/b@v1.0.0"]
    assert chosen == ["x.org/b@v1.0.0", "x.org/c@v1.0.0"]
    # An older main module wants to know all of it.
    asked, _, chosen = _graph(main.replace("1.17", "1.16"), files)
    assert sorted(asked) == sorted(files)
    assert chosen == sorted(files)


@pytest.mark.parametrize("go", ["", "go 1.9", "go 1.16"])
def test_below_an_old_requirement_nothing_is_pruned(go: str) -> None:
    main = "module x.org/a\ngo 1.21\nrequire x.org/b v1.0.0\n"
    files = {
        "x.org/b@v1.0.0": f"{go}\nrequire x.org/c v1.0.0",
        "x.org/c@v1.0.0": "go 1.21\nrequire x.org/d v1.0.0",
        "x.org/d@v1.0.0": "go 1.21\nrequire x.org/e v1.0.0",
        "x.org/e@v1.0.0": "",
    }
    # Go loads c, which is pruned itself; what that requires is known by then, and read no more.
    asked, _, chosen = _graph(main, files)
    assert asked == ["x.org/b@v1.0.0", "x.org/c@v1.0.0", "x.org/d@v1.0.0", "x.org/e@v1.0.0"]
    assert chosen == sorted(files)


def test_a_requirement_that_is_too_low_is_raised() -> None:
    main = "module x.org/a\ngo 1.21\nrequire x.org/b v1.0.0\nrequire x.org/c v1.0.0\n"
    files = {
        "x.org/b@v1.0.0": "go 1.21\nrequire x.org/c v1.1.0",
        "x.org/c@v1.0.0": "go 1.21\nrequire x.org/old v1.0.0",
        "x.org/c@v1.1.0": "go 1.21\nrequire x.org/d v1.0.0",
    }
    # As if the main module had required c v1.1.0; what only v1.0.0 required is not chosen.
    _, visited, chosen = _graph(main, files)
    assert visited == sorted(files)
    assert chosen == ["x.org/b@v1.0.0", "x.org/c@v1.1.0", "x.org/d@v1.0.0"]


def test_excluded_versions_are_not_required() -> None:
    main = MAIN + "exclude x.org/d v1.4.0\n"
    _, visited, chosen = _graph(main, CLASSIC)
    assert "x.org/d@v1.4.0" not in visited
    assert "x.org/d@v1.3.0" in chosen


def test_replacements_are_fetched_in_place_of_what_they_replace() -> None:
    main = MAIN + "replace x.org/d v1.4.0 => y.org/d v0.1.0\nreplace x.org/e => ../e\n"
    files = CLASSIC | {"y.org/d@v0.1.0": "require x.org/e v1.9.0\nrequire z.org/f v1.0.0"}
    files["z.org/f@v1.0.0"] = ""
    _, visited, chosen = _graph(main, files)
    assert visited == [
        "x.org/b@v1.2.0",
        "x.org/c@v1.2.0",
        "x.org/d@v1.3.0",
        "y.org/d@v0.1.0",
        "z.org/f@v1.0.0",
    ]
    assert chosen == ["x.org/b@v1.2.0", "x.org/c@v1.2.0", "y.org/d@v0.1.0", "z.org/f@v1.0.0"]


def test_a_replacement_of_one_version_goes_before_that_of_all() -> None:
    main = "module x.org/a\nrequire x.org/b v1.0.0\nreplace x.org/b => x.org/b v1.5.0\n"
    main += "replace x.org/b v1.0.0 => x.org/b v1.1.0\n"
    assert _graph(main, {"x.org/b@v1.1.0": "", "x.org/b@v1.5.0": ""})[2] == ["x.org/b@v1.1.0"]


def test_what_is_missing_is_passed_over() -> None:
    _, visited, chosen = _graph(MAIN, CLASSIC, gone=("x.org/c@v1.2.0",))
    assert "x.org/d@v1.4.0" not in visited
    assert "x.org/d@v1.3.0" in chosen and "x.org/c@v1.2.0" in chosen


def test_a_long_chain() -> None:
    length = 20_000
    files = {f"x.org/m{n}@v1.0.0": f"require x.org/m{n + 1} v1.0.0" for n in range(length)}
    files[f"x.org/m{length}@v1.0.0"] = ""
    graph = Graph(modfile.parse(b"module x.org/a\nrequire x.org/m0 v1.0.0\n"))
    while missing := graph.missing():
        for version in missing:
            text = f"module {version.path}\n" + files[str(version)]
            graph.read(version, modfile.parse_lax(text.encode()))
    assert len(graph.build_list()) == length + 1
    assert Version(f"x.org/m{length}", "v1.0.0") in graph.visited()


@pytest.mark.parametrize(
    ("go", "is_pruned"),
    [
        ("1.16", False),
        ("1.17", True),
        ("1.021", True),
        ("2.0", True),
        ("0.99", False),
        ("1." + "9" * 5000, True),
        ("1." + "0" * 5000 + "3", False),
        ("9" * 5000 + ".1", True),
    ],
)
def test_go_versions_of_any_length_decide_about_pruning(go: str, is_pruned: bool) -> None:
    assert pruned(Go(go, 1)) is is_pruned


def test_all_that_a_graph_keeps_counts_for_its_size() -> None:
    graph = Graph(modfile.parse(b"module m\n\ngo 1.20\n\nrequire x.org/a v1.0.0\n"))
    (version,) = graph.missing()
    many = "".join(f"require x.org/m{number} v1.0.0\n" for number in range(1000))
    graph.read(version, modfile.parse_lax(f"module x.org/a\n\ngo 1.20\n\n{many}".encode()))
    assert graph.size > 1000

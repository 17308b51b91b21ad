"""go.sum as Go reads it."""

import pytest

from pulp_gomod.golang import gosum

A = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
B = "h1:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="


def test_lines_of_zips_and_of_go_mod_files() -> None:
    text = f"x.org/a v1.0.0 {A}\n\nx.org/a v1.0.0/go.mod {B}\r\n\tx.org/b/v2 v2.0.0-rc.1   {B}"
    assert gosum.parse(text) == [
        ("x.org/a", "v1.0.0", False, A, 1),
        ("x.org/a", "v1.0.0", True, B, 3),
        ("x.org/b/v2", "v2.0.0-rc.1", False, B, 4),
    ]


def test_the_same_line_twice_is_one() -> None:
    assert len(gosum.parse(f"x.org/a v1.0.0 {A}\n" * 2)) == 1


def test_an_old_mistake_of_go_is_passed_over() -> None:
    wrong = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="
    assert gosum.parse(f"x.org/a v1.0.0/go.mod {wrong}\n") == []


def test_nothing_is_a_go_sum_too() -> None:
    assert gosum.parse("") == gosum.parse("\n \n") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.org/a v1.0.0", "wrong number of fields 2"),
        (f"x.org/a v1.0.0 {A} more", "wrong number of fields 4"),
        (f"x.org/a v1.0 {A}", "not canonical"),
        (f"x.org/a v2.0.0 {A}", "should be v0 or v1, not v2"),
        (f"x.org/a v1.0.0/go.sum {A}", "not a semantic version"),
        (f"../a v1.0.0 {A}", "malformed module path"),
        ("x.org/a v1.0.0 h2:abc", "not a checksum"),
        ("x.org/a v1.0.0 h1:!!!!", "not a checksum"),
        (f"x.org/a v1.0.0 {A[:-4]}", "not a checksum"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(line: str, words: str) -> None:
    with pytest.raises(gosum.GoSumError) as error:
        gosum.parse(f"x.org/z v1.0.0 {A}\n{line}\n")
    assert str(error.value).startswith("go.sum:2: ")
    assert words in str(error.value)


def test_two_checksums_for_one_file_contradict_each_other() -> None:
    with pytest.raises(gosum.GoSumError) as error:
        gosum.parse(f"x.org/a v1.0.0 {A}\nx.org/a v1.0.0 {B}\n")
    assert str(error.value) == (f"go.sum:2: x.org/a@v1.0.0: {B} contradicts line 1, which has {A}")


def test_many_mistakes_are_counted() -> None:
    with pytest.raises(gosum.GoSumError) as error:
        gosum.parse("x\n" * 100)
    lines = str(error.value).splitlines()
    assert len(lines) == gosum.MAX_ERRORS + 1
    assert lines[-1] == "go.sum: 80 more errors"

"""What is read of a Go file, whatever is in it."""

import pytest

from pulp_gomod.documenter.package import MOST_BYTES, MOST_SYMBOLS, Package, document
from pulp_gomod.documenter.source import read


def documented(text: str, *tests: str) -> Package:
    return document(
        [read("x.go", text.encode())], [read("x_test.go", test.encode()) for test in tests]
    )


def names(package: Package, kind: str) -> list[str]:
    return [symbol[0] for symbol in package.symbols if symbol[1] == kind]


def decl_of(package: Package, name: str) -> str:
    (found,) = (each for each in package.documentation["types"] if each["name"] == name)
    decl: str = found["decl"]
    return decl


def test_fields_and_methods_that_are_not_exported_are_left_out() -> None:
    package = documented(
        "package x\n\n"
        "type T struct {\n\tA int // of A\n\n\t// of b\n\tb int\n\tC, d string\n\te\n\tF\n\t*G\n\tH struct {\n"
        "\t\tI int\n\t\tj int\n\t}\n}\n\n"
        "type U interface {\n\tM()\n\tn()\n\terror\n\to\n\tP\n}\n"
    )
    assert decl_of(package, "T") == (
        "type T struct {\n\tA int // of A\n\n\tC string\n\tF\n\t*G\n\tH struct {\n\t\tI int\n"
        "\t\t// contains filtered or unexported fields\n\t}\n"
        "\t// contains filtered or unexported fields\n}"
    )
    assert decl_of(package, "U") == (
        "type U interface {\n\tM()\n\terror\n\tP\n\t// contains filtered or unexported methods\n}"
    )
    assert names(package, "Field") == ["T.A", "T.C", "T.H"]
    assert names(package, "Method") == ["U.M"]


def test_constants_keep_the_type_and_the_place_that_others_gave_them() -> None:
    package = documented(
        "package x\n\ntype T int\n\nconst (\n\ta T = iota\n\tB\n\tc\n\tD\n)\n\nvar e, F = f()\n"
    )
    (type_,) = package.documentation["types"]
    (consts,) = type_["consts"]
    assert consts["decl"] == "const (\n\tB T\n\tD\n)"
    (values,) = package.documentation["vars"]
    assert values["decl"] == "var _, F = f()"


def test_functions_belong_to_what_they_make() -> None:
    package = documented(
        "package x\n\ntype T[P any] struct{}\n\nfunc New[P any]() (*T[P], error)\nfunc All() []T[int]\n"
        "func Two() (T[int], U)\nfunc Is[T any]() T\ntype U int\nfunc (t *T[P]) M()\nfunc (hidden) N()\n"
    )
    types = {each["name"]: each for each in package.documentation["types"]}
    assert [func["name"] for func in types["T"]["funcs"]] == ["All", "New"]
    assert [func["name"] for func in package.documentation["funcs"]] == ["Is", "Two"]
    (method,) = types["T"]["methods"]
    assert (method["recv"], method["decl"]) == ("*T[P]", "func (t *T[P]) M()")


def test_methods_of_hidden_types_are_those_of_what_embeds_them() -> None:
    package = documented(
        "package x\n\ntype T struct {\n\thidden\n\tShown\n}\ntype hidden struct{}\n"
        "func (h *hidden) M()\ntype Shown struct{}\nfunc (Shown) N()\n"
    )
    types = {each["name"]: each for each in package.documentation["types"]}
    (method,) = types["T"]["methods"]
    assert (method["name"], method["from"], method["recv"]) == ("M", "hidden", "*T")


def test_examples_are_where_they_belong() -> None:
    package = documented(
        "package x\n\ntype T int\n\nfunc (T) M()\n\nfunc F()\n",
        "package x_test\n\nfunc Example() {}\n\nfunc ExampleF_second() {\n\tF()\n\t// unordered output:\n\t// a\n}\n"
        "func ExampleT_M() {}\nfunc ExampleNothing() {}\nfunc ExampleF_Wrong() {}\nfunc TestX(t *T) {}\n"
        "func ExampleF(x int) {}\n",
    )
    (func,) = package.documentation["funcs"]
    (example,) = func["examples"]
    assert (example["suffix"], example["code"], example["output"]) == ("second", "F()", "a\n")
    assert example["unordered"]
    (type_,) = package.documentation["types"]
    assert len(type_["methods"][0]["examples"]) == 1
    assert len(package.documentation["examples"]) == 1


def test_comments_lose_their_markers_and_directives() -> None:
    package = documented(
        "// Package x is.\n//\n//go:generate foo\n//\n//   code\npackage x\n\n/* F does\n * it.\n */\nfunc F()\n\n"
        "// not of G\n\nfunc G() // nor this\n\n// Deprecated: use F.\nfunc H()\n"
    )
    assert package.documentation["doc"]["text"] == "Package x is.\n\n  code\n"
    funcs = {each["name"]: each for each in package.documentation["funcs"]}
    assert funcs["F"]["doc"]["text"] == " F does\n * it.\n"
    assert funcs["G"]["doc"]["text"] == "" and funcs["H"]["deprecated"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "package",
        "package x\nfunc (",
        "package x\nfunc F(\x00) {}",
        "package x\ntype T struct { " + "A struct { " * 3000,
        "package x\nvar X = " + "(" * 20_000,
        "package x\n" + "}" * 20_000,
        "package x\nimport `a\nvar Y int",
        "package x\nconst (\n",
        "package x\nfunc (T) () M()\nfunc (*) N()\nfunc (a.B) O()\n",
        "package x\ntype (\n\tA = B\n\tA\n)\ntype _ int\ntype\n",
        "\ufeffpackage x\r\n\r\n// F does.\r\nfunc F() {\r\n}\r\n",
        "package x\nvar A, B, = 1\nconst C, D\n",
        "package \ud7ff\nfunc \ud7ffA()",
    ],
)
def test_whatever_a_file_contains_it_is_read(text: str) -> None:
    package = documented(text)
    assert "\0" not in repr(package.documentation).replace("\\x00", "\0")


def test_a_package_has_bounds() -> None:
    many = "".join(f"// F{n} does.\nfunc F{n}()\n" for n in range(MOST_SYMBOLS + 10))
    package = documented(f"package x\n\n{many}")
    assert len(package.symbols) == MOST_SYMBOLS and package.cut
    long = "".join(f"// {'x' * 5000}\nfunc F{n}()\n" for n in range(MOST_BYTES // 5000 + 100))
    package = documented(f"package x\n\n{long}")
    size = sum(len(each["doc"]["text"]) for each in package.documentation["funcs"])
    assert MOST_BYTES * 0.9 < size <= MOST_BYTES and package.cut
    value = documented("package x\n\nvar X = []int{\n" + "\t1,\n" * 10_000 + "}\n")
    (shown,) = value.documentation["vars"]
    assert shown["decl"] == "var X = []int{ … }"

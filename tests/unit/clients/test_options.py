"""What is wrong on the command line is said before a server is asked."""

import click
import pytest
from click.testing import CliRunner
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.gomod import context

from pulpcore.cli.gomod.options import severity_callback

from tests.pulp_main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["module", "consumers", "a.b/c", "--days", "1000000"], "not in the range"),
        (["module", "consumers", "a.b/c", "--since", "0001-01-01T00:00:00+05:00"], "is not a time"),
        (["policy", "update", "--name", "p", "--vulnerable-severity", "11"], "not in the range"),
        (["policy", "update", "--name", "p", "--vulnerable-severity", "high"], "not a valid float"),
        (["policy", "update", "--name", "p", "--deny", "a.b/c"], "'--deny'"),
        (["policy", "update", "--name", "p", "--deny", "a.b/c"], '[{"module": "example.com/bad"'),
        (["policy", "update", "--name", "p", "--licenses", "MIT"], '["AGPL-3.0-only", "NONE"]'),
        (["policy", "update", "--name", "p", "--deny", "@/none/x"], "'--deny': Failed to load"),
        (["policy", "update", "--name", "p", "--deny", "rules.json"], "write @rules.json"),
        (["content", "upload", "--origin", "git"], '{"VCS": "git"'),
        (["distribution", "update", "--name", "d", "--vanity-hosts", "x"], '["go.example.com"]'),
        (["vulndb", "vex", "--name", "v", "--document", "x"], "openvex"),
        (["vulndb", "update", "--name", "v", "--ca-cert", "/x/ca.pem"], "write @/x/ca.pem"),
        (["repository", "sync", "--name", "r", "--go-mod", "go.mod"], "write @go.mod"),
        (["repository", "sync", "--name", "r", "--go-sum", "/etc/passwd"], "write @/etc/passwd"),
        (["repository", "cleanup", "--name", "r", "--max-size", "1,5 GB"], "500M, 20GB or 10GiB"),
        (["repository", "update", "--name", "r", "--max-size", "20 GBit"], "'--max-size'"),
        (["remote", "update", "--name", "r", "--cache-size", "much"], "'much' is not a size"),
        (["content", "upload", "--chunk-size", "-1"], "is not a size: write bytes"),
        (["repository", "content", "remove", "a.b/c", "--repository", "r"], "needs a version"),
        (["repository", "content", "remove", "--all", "a.b/c@v1.0.0"], "or give --all"),
    ],
)
def test_wrong_values_are_named(words: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["--base-url", "http://127.0.0.1:9", "gomod", *words])
    assert result.exit_code == 2 and said in result.output, result.output


@pytest.mark.parametrize(
    "words",
    [
        ["repository", "show"],
        ["remote", "destroy"],
        ["distribution", "update", "--base-path", "x"],
        ["policy", "show"],
        ["content", "show"],
        ["block", "destroy"],
        ["vulndb", "sync"],
    ],
)
def test_what_it_is_about_has_to_be_said(words: list[str]) -> None:
    result = CliRunner().invoke(main, ["--base-url", "http://127.0.0.1:9", "gomod", *words])
    assert result.exit_code == 2 and "must be specified" in result.output, result.output


@pytest.mark.parametrize("words", [[], ["--header", "Authorization:secret"]])
def test_headers_of_a_remote_are_not_printed(words: list[str]) -> None:
    create = ["remote", "create", "--name", "r", "--url", "https://example.com", *words]
    result = CliRunner().invoke(main, ["--base-url", "http://127.0.0.1:9", "gomod", *create])
    assert result.exit_code == 5 and "(" not in result.output.partition("Error")[0]
    assert "secret" not in result.output
    wrong = CliRunner().invoke(main, ["gomod", *create, "--header", "nonsense"])
    assert wrong.exit_code == 2 and "nonsense" in wrong.output


def test_an_empty_severity_stands_for_none() -> None:
    ctx, parameter = click.Context(main), click.Option(["--vulnerable-severity"])
    read = [severity_callback(ctx, parameter, value) for value in ("7.5", "0", "", None)]
    assert read == [7.5, 0.0, "", None]


def test_whatever_has_a_prn_is_found_by_it() -> None:
    types = [getattr(context, name) for name in context.__all__]
    found = [each for each in types if issubclass(each, PulpEntityContext)]
    # A version of a repository has a PRN of pulpcore's.
    known = set(PulpEntityContext.PRN_TYPE_REGISTRY.values())
    missing = {each.__name__ for each in found} - {each.__name__ for each in known}
    assert missing <= {"PulpGoRepositoryVersionContext"} and context.PulpGoPolicyContext in known

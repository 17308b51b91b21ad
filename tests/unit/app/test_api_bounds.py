"""What the REST API refuses before it asks the database, and what it says when something breaks."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import tests.unit.django_set_up  # noqa: F401  isort: skip
import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.http import HttpResponse, QueryDict
from django.test import Client
from psycopg.errors import ProgramLimitExceeded, QueryCanceled
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from pulp_gomod.app.api.bounds import MAX_EXPRESSION, MAX_PAGE, MAX_PATTERN, QueryBounds
from pulp_gomod.app.api.errors import explain, handle
from pulp_gomod.app.api.middleware import MAX_JSON, RequestBounds
from pulp_gomod.app.api.parsers import BodyParser
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.publishing.problems import as_line


def problems(query: str) -> dict[str, Any]:
    """What a query is refused for."""
    request = SimpleNamespace(query_params=QueryDict(query))
    try:
        QueryBounds().filter_queryset(request, None, None)
    except ValidationError as error:
        refused: dict[str, Any] = error.detail
        return refused
    return {}


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"limit={MAX_PAGE}&offset=0",
        "limit=1&offset=9223372036854775807",
        "name__regex=^a(b|c)*[0-9]{1,9}$",
        r"name__regex=a\.b\d",
        r"name=a\1",
        "q=name=a AND version=b",
    ],
)
def test_sane_queries_pass(query: str) -> None:
    assert problems(query) == {}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=", "limit"),
        ("limit=foo", "limit"),
        ("limit=-1", "limit"),
        ("limit=٣", "limit"),
        ("limit=1001", "limit"),
        ("limit=100000000000000000000", "limit"),
        ("limit=5&limit=foo", "limit"),
        ("offset=-1", "offset"),
        ("offset=1.5", "offset"),
        ("offset=9223372036854775808", "offset"),
        (r"name__regex=^(a*)(a*)\1\2!$", "name__regex"),
        (r"username__iregex=(a)\1", "username__iregex"),
        (r"q=name__regex='(a*)\1'", "q"),
        (f"name__regex={'a' * (MAX_PATTERN + 1)}", "name__regex"),
        (f"q={'a' * (MAX_EXPRESSION + 1)}", "q"),
    ],
)
def test_what_costs_too_much_is_refused_by_its_name(query: str, name: str) -> None:
    assert list(problems(query)) == [name]


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (caused(OperationalError("x"), QueryCanceled("x")), 503),
        (caused(OperationalError("x"), ProgramLimitExceeded("x")), 400),
        (OperationalError("x"), 503),
        (InterfaceError("x"), 503),
        (DataError("x"), 400),
        (IntegrityError("x"), 409),
        (StorageUnavailableError("reading", "OSError: /srv/secret"), 503),
        (RecursionError(), 400),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), 400),
    ],
)
def test_what_the_database_and_parsers_refuse(error: Exception, status: int) -> None:
    refusal = explain(error)
    assert refusal is not None
    assert refusal.status == status
    assert refusal.headers.get("Retry-After") == ("5" if status == 503 else None)
    assert "secret" not in refusal.reason


class Broken(serializers.CharField):
    """A field that takes for granted what it gets."""

    def to_internal_value(self, data: Any) -> str:
        return str(data.startswith("prn:"))


class Outer(serializers.Serializer):
    repository = Broken()


def test_a_field_that_breaks_on_its_value_is_the_clients_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(AttributeError) as caught:
        Outer(data={"repository": 5}).is_valid()
    request = SimpleNamespace(method="POST", path="/x\n")
    response = handle(caught.value, {"request": request})
    assert response is not None
    assert response.status_code == 400
    assert list(response.data) == ["repository"]
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "AttributeError" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize(
    "error", [TypeError("x"), KeyError("x"), DjangoValidationError("x"), RuntimeError("x")]
)
def test_a_fault_of_ours_stays_one(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        raise error
    assert explain(caught.value) is None
    assert handle(caught.value, {}) is None


def test_long_json_is_refused_unread() -> None:
    def answer(request: Any) -> HttpResponse:
        return HttpResponse(status=204)

    def status(length: str, kind: str = "application/json") -> int:
        meta = {"CONTENT_LENGTH": length}
        code: int = RequestBounds(answer)(SimpleNamespace(META=meta, content_type=kind)).status_code
        return code

    assert status(str(MAX_JSON)) == 204
    assert status("") == status("x") == 204
    assert status(str(MAX_JSON + 1)) == status("9" * 5000) == 413
    assert status(str(MAX_JSON + 1), "multipart/form-data") == 204


@pytest.fixture
def no_database(tmp_path: Path) -> Iterator[None]:
    # Tests that this process ran before may have left one.
    connection.close()
    with patch.dict(connection.settings_dict, HOST=str(tmp_path)):
        yield
    connection.close()


@pytest.mark.usefixtures("no_database")
def test_without_a_database_all_are_told_to_come_again(caplog: pytest.LogCaptureFixture) -> None:
    """pulpcore looks for the domain of a request before any view is asked."""
    client = Client(raise_request_exception=False)
    for path in ("status/", "repositories/gomod/gomod/", "tasks/"):
        told = client.get(f"/pulp/api/v3/{path}")
        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
        assert told.json() == {"detail": "The database is not responding; try again later."}
    logged = [each for each in caplog.records if each.name == "django.request"]
    assert len(logged) == 3 and not any(each.exc_info for each in logged)
    assert {each.levelname for each in logged} == {"WARNING"}


def test_several_findings_are_told_apart_in_one_line() -> None:
    assert as_line("a: too long\nb: too short\n") == "a: too long; b: too short"
    assert as_line("a\n\n b\tc\r\nd") == "a; b?c; d"


class ViewOfPulp:
    """A view whose method is Pulp's."""

    action = "create"
    request = SimpleNamespace(method="POST")

    def create(self) -> None:
        """Do nothing."""


class ViewOfOthers(ViewOfPulp):
    """A view whose method is another plugin's."""

    def create(self) -> None:
        """Do nothing."""


ViewOfPulp.create.__module__ = "pulpcore.app.viewsets.base"


def parsed(body: bytes, view: Any = None) -> Any:
    """What a view reads, or what the client is told."""
    try:
        return BodyParser().parse(BytesIO(body), "application/json", {"view": view})
    except ValidationError as error:
        return error.detail


@pytest.mark.parametrize("body", [b"null", b"5", b"1.5", b'"x"', b"true", b"[]", b'[{"a": 1}]'])
def test_a_body_without_fields_reaches_no_view_of_pulp(body: bytes) -> None:
    refused = parsed(body, ViewOfPulp())
    assert list(refused) == ["non_field_errors"]
    assert refused["non_field_errors"][0].startswith("The body must be a JSON object, but it is ")


def test_what_other_plugins_take_is_their_business() -> None:
    assert parsed(b'[{"a": 1}]', ViewOfOthers()) == [{"a": 1}]
    assert parsed(b'{"a": 1}', ViewOfOthers()) == {"a": 1}
    assert list(parsed(b"null", ViewOfOthers())) == ["non_field_errors"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"name": "\ud800"}', "name"),
        (rb'{"name": "\uDfFf x"}', "name"),
        (rb'{"name": "\u0000"}', "name"),
        (rb'{"a": 1, "labels": {"x": ["y", {"z": "\ud800"}]}}', "labels"),
        (rb'{"labels": {"\ud800": "x"}}', "labels"),
        (rb'{"\ud800": "x"}', "non_field_errors"),
        (rb'{"\ud800": "\ud800"}', "non_field_errors"),
        (b'{"' + b"n" * 100 + rb'": "\ud800"}', "non_field_errors"),
    ],
)
def test_a_text_that_nobody_can_store_is_refused_where_it_is(body: bytes, field: str) -> None:
    refused = parsed(body, ViewOfPulp())
    assert list(refused) == [field]
    # It can be sent.
    assert str(refused).encode()


def test_whole_characters_are_no_halves() -> None:
    assert parsed(rb'{"name": "\ud83d\ude00 \\ud800"}') == {"name": "\U0001f600 \\ud800"}

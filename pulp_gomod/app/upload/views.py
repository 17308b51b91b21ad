"""The routes that publish and remove, and what all others of a GOPROXY are answered by the API."""

import logging
import re
from typing import Any, NoReturn

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from psycopg.errors import DiskFull
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.views import APIView

from pulpcore.plugin.files import PulpTemporaryUploadedFile
from pulpcore.plugin.util import get_url

from pulp_gomod.app.api.errors import explain
from pulp_gomod.app.auth.addresses import client_address
from pulp_gomod.app.auth.authenticators import TokenAuthentication, configured
from pulp_gomod.app.auth.rights import (
    PUBLISH,
    UNPUBLISH,
    Denied,
    missing,
    name_of,
    require_repository,
)
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.models import GoChange, GoModule, GoRepository
from pulp_gomod.app.publishing.problems import (
    CHALLENGE,
    NO_SNIFFING,
    Problem,
    as_line,
    text_response,
)
from pulp_gomod.app.publishing.queue import enqueue, enqueue_unattended
from pulp_gomod.app.publishing.replies import (
    BROKEN_DISK,
    UNCHANGED,
    UNSTORED,
    Reply,
    already_held,
    not_held,
)
from pulp_gomod.app.publishing.waiting import abandon, wait_for
from pulp_gomod.app.storage.admission import Admission
from pulp_gomod.app.storage.faults import describe
from pulp_gomod.app.storage.release_info import parse_origin, parse_time
from pulp_gomod.app.storage.spool import FULL
from pulp_gomod.app.upload.body import Body, receive
from pulp_gomod.app.upload.handover import CHANGE, HEAVY, WAITER
from pulp_gomod.app.upload.protocol import Known, other_path, root_path, upload_path, version_path
from pulp_gomod.app.upload.verifying import NeedsPlace, verify
from pulp_gomod.golang import GoError, module

log = logging.getLogger(__name__)

# What the parameters of the URL may say of a zip.
_CLAIMS = frozenset({"origin", "time"})
_OFFSET = re.compile(r" (?=[0-9]{2}:[0-9]{2}\Z)")


class _OneForm(BaseContentNegotiation):
    """Answers take what form they take here, so that no client is refused for the one it names."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Return the first."""
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """Return the first, and its media type."""
        return renderers[0], renderers[0].media_type


class OwnerView(APIView):
    """What all routes have in common: plain text answers, whatever goes wrong."""

    schema = None
    content_negotiation_class = _OneForm
    # Rights are checked on the repository, once the owner is known.
    permission_classes = ()

    def get_authenticators(self) -> list[Any]:
        """Know tokens, and what Pulp is configured with."""
        return [TokenAuthentication(), *configured()]

    @property
    def known(self) -> Known:
        """What may be done with the path of the request."""
        raise NotImplementedError

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that the header Allow names; asked by DRF."""
        return [*self.known.methods, "OPTIONS"]

    def options(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say in the header Allow what may be done."""
        return HttpResponse(status=204)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse the method of a request; called by DRF."""
        self.refuse_method(request.method)

    def refuse_method(self, method: str) -> NoReturn:
        """
        Refuse a method, and say what to do instead.

        Args:
            method: That of the request, or of the one that is asked about; see `asked`.
        """
        known = self.known
        if method in ("GET", "HEAD") and method in known.methods:
            # A web server that knows of two apps has asked the wrong one.
            raise Problem(
                404, f"not found: modules are served below {settings.CONTENT_PATH_PREFIX}, not here"
            )
        if not known.methods:
            raise Problem(404, f"not found: nothing has this name; {known.hint}")
        raise Problem(405, f"method not allowed: {method} here; {known.hint}")

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """Answer in plain text, and log who was refused what; called by DRF for what a method raises."""
        response = self._answer(exc)
        if response.status_code >= 400:
            log.info("%s", self._refusal(response))
        return response

    def _refusal(self, response: HttpResponse) -> str:
        user = self.request.user if self.request.successful_authenticator else None
        who = name_of(self.request) if user else "an anonymous client"
        where = client_address(self.request._request) or "this machine"
        # What DRF says itself is not rendered yet, and says no more than its status.
        is_rendered = getattr(response, "is_rendered", True)
        reason = response.content.decode(errors="replace") if is_rendered else ""
        asked = f"{self.request.method} {self.request.path}, by {who} from {where}"
        return as_line(f"{asked}: {response.status_code} {reason.strip()}")

    def _answer(self, exc: Exception) -> HttpResponse:
        if isinstance(exc, Problem):
            return text_response(exc.status, exc.line, exc.headers)
        if isinstance(exc, NeedsPlace):
            return HttpResponse(status=202, headers={HEAVY: "1"})
        if isinstance(exc, Denied):
            return text_response(exc.status, str(exc), CHALLENGE if exc.status == 401 else None)
        if isinstance(exc, NotAuthenticated):
            return text_response(401, f"unauthorized: {missing(self.request)}", CHALLENGE)
        if isinstance(exc, AuthenticationFailed):
            return text_response(401, f"unauthorized: {exc.detail}", CHALLENGE)
        if _is_full(exc):
            log.error("No space left while receiving a module: %s", exc)
            return text_response(507, "insufficient storage: the server's disk is full")
        if isinstance(exc, InterfaceError | OperationalError):
            log.error("The database is not responding: %s", exc)
            return _respond(UNCHANGED)
        if isinstance(exc, StorageUnavailableError):
            return _respond(UNSTORED)
        if isinstance(exc, OSError):
            log.error("Cannot receive a module: %s", describe(exc))
            return _respond(BROKEN_DISK)
        if (refusal := explain(exc)) is not None:
            return text_response(refusal.status, refusal.reason, refusal.headers)
        if isinstance(exc, APIException):
            return text_response(exc.status_code, str(exc.detail))
        response: HttpResponse = super().handle_exception(exc)
        return response


class PublishView(OwnerView):
    """`PUT /api/packages/{owner}/go/upload` with the module zip as body."""

    @property
    def known(self) -> Known:
        """What may be done with the path of the request."""
        return upload_path(self.kwargs["owner"])

    def before_body(self, request: Any, owner: str, **kwargs: Any) -> None:
        """
        Refuse who may not publish before the body is received; see `asked`.

        Args:
            request: The request without its body.
            owner: The base path of a Go distribution.
            kwargs: The domain, which Pulp's middleware has read.
        """
        require_repository(request, owner, PUBLISH)

    def put(self, request: Any, owner: str, **kwargs: Any) -> HttpResponse:
        """
        Publish a module version.

        Args:
            request: Its body is the module zip, or a form with the zip as its first file.
            owner: The base path of a Go distribution.
            kwargs: The domain, which Pulp's middleware has read.
        """
        return _publish(request, owner)


class VersionView(OwnerView):
    """`/api/packages/{owner}/go/{module}/@v/{version}`: DELETE removes, and PUT of `{version}.zip` publishes."""

    @property
    def known(self) -> Known:
        """What may be done with the path of the request."""
        return version_path(self.kwargs["owner"], self.kwargs["module"], self.kwargs["version"])

    def before_body(
        self, request: Any, owner: str, module: str, version: str, **kwargs: Any
    ) -> None:
        """
        Refuse who may not publish, and what is no zip, before the body is received; see `asked`.

        Args:
            request: The request without its body.
            owner: The base path of a Go distribution.
            module: The module path, escaped as GOPROXY escapes it.
            version: The version, escaped likewise, and what kind of file it is.
            kwargs: The domain, which Pulp's middleware has read.
        """
        if "PUT" not in self.known.methods:
            raise Problem(405, f"method not allowed: PUT here; {self.known.hint}")
        require_repository(request, owner, PUBLISH)

    def put(
        self, request: Any, owner: str, module: str, version: str, **kwargs: Any
    ) -> HttpResponse:
        """
        Publish a module version where another registry would have it.

        Args:
            request: Its body is the module zip, or a form with the zip as its first file.
            owner: The base path of a Go distribution.
            module: The module path that the zip has to have, escaped as GOPROXY escapes it.
            version: The version that the zip has to have, escaped likewise, and `.zip`.
            kwargs: The domain, which Pulp's middleware has read.
        """
        if "PUT" not in self.known.methods:
            return self.http_method_not_allowed(request)
        return _publish(request, owner, (module, version.removesuffix(".zip")))

    def delete(
        self, request: Any, owner: str, module: str, version: str, **kwargs: Any
    ) -> HttpResponse:
        """
        Remove a module version: the next repository version is without it.

        Where a remote could bring it back, it is blocked, and the answer says so in a header.

        Args:
            owner: The base path of a Go distribution.
            module: The module path, escaped as GOPROXY escapes it.
            version: The version, escaped likewise.
            kwargs: The domain, which Pulp's middleware has read.
        """
        if "DELETE" not in self.known.methods:
            return self.http_method_not_allowed(request)
        repository = require_repository(request, owner, UNPUBLISH)
        path, unescaped = _unescape(module, version)
        change = GoChange(
            kind=GoChange.Kind.REMOVE,
            repository=repository,
            module=path,
            version=unescaped,
            user_name=name_of(request),
            address=client_address(request._request),
        )
        if Admission(repository).taken(path, unescaped) is None:
            raise _refuse(not_held(change))
        return _hand_in(change, request._request) or _respond(wait_for(change.pk))


class PathView(OwnerView):
    """What else is below `/api/packages/{owner}/go/`: nothing that the API has."""

    @property
    def known(self) -> Known:
        """What may be done with the path of the request."""
        return other_path(self.kwargs["owner"], self.kwargs.get("rest", ""))


class RootView(OwnerView):
    """`/api/packages/{owner}/go`: leads readers to the root, and tells others how to publish and remove."""

    @property
    def known(self) -> Known:
        """What may be done with the path of the request."""
        return root_path(self.kwargs["owner"])

    def get(self, request: Any, owner: str, **kwargs: Any) -> HttpResponse:
        """
        Lead to the root, from where the request is: a web server may have put something before the path.

        Args:
            owner: The base path of a Go distribution.
        """
        return HttpResponseRedirect("go/")


def _publish(request: Any, owner: str, expected: tuple[str, str] | None = None) -> HttpResponse:
    """Publish what comes as body; `expected` are the path and the version that it has to have, escaped."""
    repository = require_repository(request, owner, PUBLISH)
    http_request: HttpRequest = request._request
    with receive(http_request, settings.GOMOD_MAX_ZIP_SIZE) as body:
        change = _change(http_request, body, repository, expected)
        change.user_name = name_of(request)
        change.address = client_address(http_request)
        answer = _hand_in(change, http_request, body.file)
    return answer or _respond(wait_for(change.pk), request.headers.get("Accept", ""))


def _queried(request: HttpRequest) -> dict[str, str]:
    """Return the claims of the query, in which the plus sign of an offset that nobody has escaped is a blank."""
    said: dict[str, str] = request.GET.dict()
    if "time" in said:
        said["time"] = _OFFSET.sub("+", said["time"])
    return said


def _is_full(exc: Exception) -> bool:
    """Say whether the file system, or the database's, has no room."""
    if isinstance(exc, OperationalError):
        return isinstance(exc.__cause__, DiskFull)
    return isinstance(exc, OSError) and exc.errno in FULL


def _unescape(escaped_path: str, escaped_version: str) -> tuple[str, str]:
    try:
        return module.unescape_path(escaped_path), module.unescape_version(escaped_version)
    except GoError as error:
        raise Problem(404, f"not found: {error}") from error


def _change(
    request: HttpRequest,
    body: Body,
    repository: GoRepository,
    expected: tuple[str, str] | None,
) -> GoChange:
    """Verify what was sent, and make the row that asks for it to be published."""
    if not body.file.size:
        what = "the file in the form is empty" if _is_form(request) else "the request has no body"
        raise Problem(400, f"bad request: {what}; send the zip of a module")
    claims = _queried(request) | body.fields
    change = GoChange(kind=GoChange.Kind.PUBLISH, repository=repository)
    if unknown := sorted(request.GET.keys() - _CLAIMS):
        raise Problem(
            400,
            f"bad request: no parameter is called {', '.join(unknown)}; there are "
            f"{' and '.join(sorted(_CLAIMS))}",
        )
    try:
        if claims.get("time"):
            change.time = parse_time(claims["time"])
        if claims.get("origin"):
            change.origin = parse_origin(claims["origin"])
        upload = verify(body.file.file, request)
    except ValueError as error:
        # GoError is one, too.
        raise Problem(400, f"invalid package: {error}") from error
    change.module, change.version = upload.module, upload.version
    if expected is not None:
        _compare(expected, upload.module, upload.version)
    admission = Admission(repository)
    blocked = admission.blocked(upload.module, upload.version)
    if blocked is not None:
        raise Problem(403, f"forbidden: {blocked}")
    if admission.taken(upload.module, upload.version) is not None:
        raise _refuse(already_held(change))
    unit = GoModule.from_upload(upload)
    change.go_mod = unit.go_mod
    change.facts = unit.facts()
    return change


def _is_form(request: HttpRequest) -> bool:
    return bool(request.content_type == "multipart/form-data")


def _compare(expected: tuple[str, str], path: str, version: str) -> None:
    """Refuse a zip of another module version than the URL names."""
    found = module.escape_path(path), module.escape_version(version)
    if found != expected:
        raise Problem(
            400,
            f"invalid package: the zip is {path}@{version}, which belongs to "
            f"{found[0]}/@v/{found[1]}.zip, and not to {expected[0]}/@v/{expected[1]}.zip",
        )


def _hand_in(
    change: GoChange, request: HttpRequest, file: PulpTemporaryUploadedFile | None = None
) -> HttpResponse | None:
    """Store a change; return the answer to a client that does not want to wait here."""
    if "respond-async" in request.headers.get("Prefer", ""):
        task = enqueue_unattended(change, file)
        return JsonResponse(
            {"task": get_url(task)}, status=202, headers={"Preference-Applied": "respond-async"}
        )
    try:
        enqueue(change, file)
    except (InterfaceError, OperationalError) as error:
        log.error("The database went away while a change was stored: %s", error)
        return _respond(abandon(change))
    if request.headers.get(WAITER):
        # The front door waits, so that this worker need not.
        return HttpResponse(status=202, headers={CHANGE: str(change.pk)})
    return None


def _respond(answer: Reply, accept: str = "") -> HttpResponse:
    if answer.line:
        return text_response(answer.status, answer.line, answer.headers)
    if answer.published and (told := answer.published.told(accept)):
        media_type, text = told
        return HttpResponse(
            text,
            f"{media_type}; charset=utf-8",
            answer.status,
            headers={**answer.headers, **NO_SNIFFING},
        )
    return HttpResponse(status=answer.status, headers=dict(answer.headers))


def _refuse(answer: Reply) -> Problem:
    return Problem(answer.status, answer.line, answer.headers)

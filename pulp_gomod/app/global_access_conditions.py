"""Conditions of access policies that pulpcore has no words for."""

from gettext import gettext as _
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.exceptions import PermissionDenied
from rest_framework.serializers import ValidationError

from pulpcore.plugin.models import Artifact, Content, RepositoryVersion, Upload

from pulp_gomod.app.auth.rights import has_right
from pulp_gomod.app.viewsets import token_scope
from pulp_gomod.app.viewsets.scope import viewable_content


def gomod_may_upload(request: Any, view: Any, action: str, permissions: str) -> bool:
    """
    The user may upload modules the way the request asks for.

    A repository has to be given, since the user could not see modules outside of one. Labels need
    the right to label content, and so does a chunked upload of somebody else.

    Args:
        view: The viewset of modules.
        permissions: Permissions on the repository, separated by commas; any one is enough.

    Raises:
        ValidationError: The request is malformed, or gives no repository.
    """
    upload = view.valid_upload()
    repository = upload.get("repository")
    if token := token_scope.token_of(view):
        _require_upload_of_token(token, repository, upload)
    if request.user.is_superuser:
        return True
    if repository is None:
        raise ValidationError({"repository": [_("You may only upload to a repository: name one.")]})
    if not any(has_right(request, perm, repository) for perm in permissions.split(",")):
        return False
    if upload.get("pulp_labels") and not has_right(request, "core.manage_content_labels"):
        raise ValidationError(
            {"pulp_labels": [_("Labels require core.manage_content_labels, which you lack.")]}
        )
    return all(_may_use(request, zip) for zip in upload["zips"])


def _require_upload_of_token(token: Any, repository: Any, upload: dict[str, Any]) -> None:
    """Keep a token to zips that come with the request, for a repository that it is for."""
    covered = token_scope.repositories(token)
    if repository is None or not covered.filter(pk=repository.pk).exists():
        raise PermissionDenied(
            _(
                "The token {name} can only publish to repositories that its distribution serves."
            ).format(name=token.name)
        )
    if any(isinstance(zip, (Artifact, Upload)) for zip in upload["zips"]):
        raise PermissionDenied(
            _("The token {name} can only publish zips that are sent in the request.").format(
                name=token.name
            )
        )


def _require_removal_of_token(token: Any, data: Any) -> None:
    """Keep a token to the removal of what is named."""
    others = [name for name in data if name != "remove_content_units" and data[name]]
    if others or "*" in data.get("remove_content_units", ()):
        raise PermissionDenied(
            _("The token {name} can only remove modules by name, and change nothing else.").format(
                name=token.name
            )
        )


def _may_use(request: Any, zip: Any) -> bool:
    """Say whether the user may make a module of a zip that is on the server already."""
    if isinstance(zip, Upload):
        return has_right(request, "core.change_upload", zip)
    if isinstance(zip, Artifact):
        # The artifact of content that the user may not see is none of the user's business.
        content = Content.objects.filter(contentartifact__artifact=zip)
        return not content.exists() or viewable_content(request.user, content).exists()
    return True


def gomod_may_use_upload(request: Any, view: Any, action: str) -> bool:
    """
    The user may make something of the chunked upload that the request names, if it names one.

    Args:
        view: The viewset.

    Raises:
        ValidationError: The request is malformed.
    """
    serializer = view.get_serializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    upload = serializer.validated_data.get("upload")
    return upload is None or _may_use(request, upload)


def gomod_may_view_added_content(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user may see all that a modification of a repository is to add to it.

    pulpcore adds whatever exists, so that knowing (or having known) an href would be enough to copy
    from a repository that one may not view.

    Args:
        view: The viewset of repositories.
        permission: What is needed on the repository of a base version.

    Raises:
        ValidationError: The request is malformed.
    """
    if token := token_scope.token_of(view):
        _require_removal_of_token(token, request.data)
    if request.user.is_superuser:
        return True
    serializer = view.get_serializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    base: RepositoryVersion | None = serializer.validated_data.get("base_version")
    if base and not has_right(request, permission, base.repository.cast()):
        return False
    added = set(serializer.validated_data.get("add_content_units", ()))
    if not added:
        return True
    content = Content.objects.filter(pk__in=added)
    return bool(viewable_content(request.user, content).count() == len(added))


def gomod_has_account(request: Any, view: Any, action: str) -> bool:
    """
    The user is one of Pulp's, and not a workload that proved its identity for a moment.

    Args:
        view: The viewset.
    """
    return isinstance(request.user, get_user_model())


def gomod_owns_or_may(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user owns the object, or has a permission everywhere or in the domain.

    Args:
        view: The viewset of a type that has an owner.
        permission: The permission that others need.
    """
    return view.get_object().owner_id == request.user.pk or has_right(request, permission)


def gomod_may_of_named_repository(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user has a permission on the repository that the request names.

    Args:
        view: The viewset of a type that belongs to a repository.

    Raises:
        ValidationError: The request is malformed.
    """
    if request.user.is_superuser:
        return True
    serializer = view.get_serializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return has_right(request, permission, serializer.validated_data["repository"])


def gomod_may_of_its_repository(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user has a permission on the repository that the object belongs to.

    Args:
        view: The viewset of a type that belongs to a repository.
    """
    return has_right(request, permission, view.get_object().repository)


def gomod_may_of_its_policy(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user has a permission on the policy that the object belongs to.

    Args:
        view: The viewset of a type that belongs to a policy.
    """
    return has_right(request, permission, view.get_object().policy)


def gomod_requested_or_may_of_its_policy(
    request: Any, view: Any, action: str, permission: str
) -> bool:
    """
    The user has requested the object, or has a permission on the policy that it belongs to.

    Args:
        view: The viewset of waivers.
    """
    waiver = view.get_object()
    is_own = waiver.requester_id is not None and waiver.requester_id == request.user.pk
    return is_own or has_right(request, permission, waiver.policy)


def gomod_may_feed_named_sumdb(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user has a permission on the checksum database that the request names, if it names any.

    Args:
        view: The viewset of repositories.

    Raises:
        ValidationError: There is no such checksum database.
    """
    named = request.data.get("sumdb") if hasattr(request.data, "get") else None
    if not named or request.user.is_superuser:
        return True
    try:
        sumdb = view.get_serializer().fields["sumdb"].run_validation(named)
    except ValidationError as error:
        raise ValidationError({"sumdb": error.detail}) from error
    return has_right(request, permission, sumdb)

"""Conditions of access policies that pulpcore has no words for."""

from gettext import gettext as _
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from rest_framework.exceptions import PermissionDenied
from rest_framework.serializers import ValidationError

from pulpcore.plugin.models import Artifact, Content, RepositoryVersion, Upload

from pulp_gomod.app.viewsets import token_scope
from pulp_gomod.app.viewsets.scope import viewable_content


def _has_perm(request: Any, permission: str, *objects: Any) -> bool:
    """Say whether the user has a permission everywhere, in the domain, or for one of the objects."""
    user = request.user
    if user.has_perm(permission):
        return True
    if settings.DOMAIN_ENABLED and user.has_perm(permission, request.pulp_domain):
        return True
    return any(user.has_perm(permission, object) for object in objects)


def gomod_may_upload(request: Any, view: Any, action: str, permissions: str) -> bool:
    """
    The user may upload modules the way the request asks for.

    A repository has to be given, since the user could not see modules outside of one. Labels need
    the right to label content, and so does a chunked upload of somebody else.

    Args:
        request: The request.
        view: The viewset of modules.
        action: The action.
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
        raise ValidationError({"repository": _("You may only upload to a repository: name one.")})
    if not any(_has_perm(request, perm, repository) for perm in permissions.split(",")):
        return False
    if upload.get("pulp_labels") and not _has_perm(request, "core.manage_content_labels"):
        raise ValidationError(
            {"pulp_labels": _("Labels require core.manage_content_labels, which you lack.")}
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
        return _has_perm(request, "core.change_upload", zip)
    if isinstance(zip, Artifact):
        # The artifact of content that the user may not see is none of the user's business.
        content = Content.objects.filter(contentartifact__artifact=zip)
        return not content.exists() or viewable_content(request.user, content).exists()
    return True


def gomod_may_use_upload(request: Any, view: Any, action: str) -> bool:
    """
    The user may make something of the chunked upload that the request names.

    Args:
        request: The request.
        view: The viewset.
        action: The action.

    Raises:
        ValidationError: The request is malformed.
    """
    serializer = view.get_serializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return _may_use(request, serializer.validated_data["upload"])


def gomod_may_view_added_content(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user may see all that a modification of a repository is to add to it.

    pulpcore adds whatever exists, so that knowing (or having known) an href would be enough to copy
    from a repository that one may not view.

    Args:
        request: The request.
        view: The viewset of repositories.
        action: The action.
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
    if base and not _has_perm(request, permission, base.repository.cast()):
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
        request: The request.
        view: The viewset.
        action: The action.
    """
    return isinstance(request.user, get_user_model())


def gomod_owns_or_may(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user owns the object, or has a permission everywhere or in the domain.

    Args:
        request: The request.
        view: The viewset of a type that has an owner.
        action: The action.
        permission: The permission that others need.
    """
    return view.get_object().owner_id == request.user.pk or _has_perm(request, permission)


def gomod_may_of_named_repository(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user has a permission on the repository that the request names.

    Args:
        request: The request.
        view: The viewset of a type that belongs to a repository.
        action: The action.
        permission: The permission.

    Raises:
        ValidationError: The request is malformed.
    """
    if request.user.is_superuser:
        return True
    serializer = view.get_serializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return _has_perm(request, permission, serializer.validated_data["repository"])


def gomod_may_of_its_repository(request: Any, view: Any, action: str, permission: str) -> bool:
    """
    The user has a permission on the repository that the object belongs to.

    Args:
        request: The request.
        view: The viewset of a type that belongs to a repository.
        action: The action.
        permission: The permission.
    """
    return _has_perm(request, permission, view.get_object().repository)

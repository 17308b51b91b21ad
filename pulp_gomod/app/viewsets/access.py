"""The words that the access policies of our viewsets are written in."""

from typing import Any

Statement = dict[str, Any]

READ = ["list", "retrieve", "my_permissions"]
CHANGE = ["update", "partial_update", "set_label", "unset_label"]
ROLES = ["list_roles", "add_role", "remove_role"]


def allow(actions: list[str], *conditions: str) -> Statement:
    """
    Allow actions to logged in users who meet all conditions.

    Args:
        actions: Names of actions of the viewset.
        conditions: `function:permission`, of pulpcore's or our global access conditions.
    """
    statement: Statement = {"action": actions, "principal": "authenticated", "effect": "allow"}
    if conditions:
        statement["condition"] = list(conditions)
    return statement


def may(permission: str) -> str:
    """The user has the permission everywhere, in the domain, or for the object."""
    return f"has_model_or_domain_or_obj_perms:{permission}"


def may_create(permission: str) -> str:
    """The user has the permission everywhere or in the domain."""
    return f"has_model_or_domain_perms:{permission}"


def policy(statements: list[Statement], owner: str | None = None) -> dict[str, Any]:
    """
    Make an access policy; lists show what the user may see.

    Args:
        statements: Who may do what.
        owner: The role that whoever creates an object gets for it.
    """
    made: dict[str, Any] = {
        "statements": statements,
        "queryset_scoping": {"function": "scope_queryset"},
    }
    if owner:
        made["creation_hooks"] = [
            {"function": "add_roles_for_object_creator", "parameters": {"roles": owner}}
        ]
    return made

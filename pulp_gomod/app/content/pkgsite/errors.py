"""What clients of the API are told when they get nothing."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ApiError(Exception):
    """
    An answer that says no.

    Attributes:
        code: The HTTP status.
        message: What is wrong.
        fixes: What to do about it, for people and for programs.
        candidates: The (module path, package path) that may be meant, if it is not clear which.
    """

    code: int
    message: str
    fixes: list[str] = field(default_factory=list)
    candidates: list[tuple[str, str]] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        """Return it as the API says it."""
        said: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "fixes": self.fixes or None,
        }
        if self.candidates:
            said["candidates"] = [
                {"modulePath": module, "packagePath": package}
                for module, package in self.candidates
            ]
        return said


def bad_request(message: str, *fixes: str) -> ApiError:
    """Make the error for a request that makes no sense."""
    return ApiError(400, message, list(fixes))


def not_found(message: str, *fixes: str) -> ApiError:
    """Make the error for what is not here."""
    return ApiError(404, message, list(fixes))

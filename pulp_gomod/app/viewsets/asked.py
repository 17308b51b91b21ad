"""What a request asks an action of a repository for."""

from typing import Any


def asked_of(view: Any, repository: Any) -> dict[str, Any]:
    """
    Read and validate it.

    Args:
        view: The viewset, in whose action this is called.
        repository: The repository; whatever it has counts where the request is silent.

    Raises:
        ValidationError: It is malformed.
    """
    serializer = view.get_serializer(
        data=view.request.data,
        context={**view.get_serializer_context(), "repository_pk": repository.pk},
    )
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)

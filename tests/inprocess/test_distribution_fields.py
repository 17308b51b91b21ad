"""A distribution says what clients set, whatever else is asked for."""

from unittest.mock import ANY

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

import tests.unit.django_set_up  # noqa: F401  isort: skip
from pulp_gomod.app.models import GoDistribution
from pulp_gomod.app.serializers import GoDistributionSerializer


@pytest.mark.usefixtures("content_url")
@pytest.mark.parametrize(
    ("base_path", "end"), [("team", "/api/packages/team/go"), ("team/go", "/team/go")]
)
def test_the_url_for_clients_comes_alone(base_path: str, end: str) -> None:
    asked = Request(APIRequestFactory().get("/", {"fields": "client_url"}))
    said = GoDistributionSerializer(
        GoDistribution(base_path=base_path), context={"request": asked}
    ).data
    assert said == {"client_url": ANY}
    assert said["client_url"].endswith(end)

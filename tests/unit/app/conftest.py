"""The rooms tested here import the models."""

import tests.unit.django_set_up  # noqa: F401

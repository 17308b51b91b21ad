"""What random tests are drawn from: others each day, and the same again for whoever names the seed."""

import os
from datetime import UTC, datetime
from typing import Final

NAME: Final = "GOMOD_TEST_SEED"
SEED: Final = int(os.environ.get(NAME, f"{datetime.now(UTC):%Y%m%d}"))


def of_today(count: int) -> list[int]:
    """Return that many numbers, none of which another seed has."""
    return [SEED * 1000 + number for number in range(count)]

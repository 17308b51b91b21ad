"""How many records Go's checksum database is known to have had at some times, for whoever has not watched it himself."""

from bisect import bisect_left
from datetime import UTC, datetime
from typing import Final

from .gosumdb import KNOWN_GOSUMDB

__all__ = ["known_since"]

# Numbers of records, and a day by which they were certainly there. They are those of releases that the world fetches on
# the day when they come out (golang.org/toolchain, golang.org/x/net and x/sys, k8s.io/api, github.com/aws/aws-sdk-go), of
# which none with a lower number is younger: two weeks after their time, and one after that of the next such release.
_GO: Final = (
    (243_131, datetime(2019, 10, 1, tzinfo=UTC)),
    (312_720, datetime(2019, 11, 1, tzinfo=UTC)),
    (479_719, datetime(2019, 12, 1, tzinfo=UTC)),
    (529_990, datetime(2020, 1, 1, tzinfo=UTC)),
    (710_001, datetime(2020, 2, 1, tzinfo=UTC)),
    (779_475, datetime(2020, 3, 1, tzinfo=UTC)),
    (906_018, datetime(2020, 4, 1, tzinfo=UTC)),
    (1_086_396, datetime(2020, 5, 1, tzinfo=UTC)),
    (1_207_457, datetime(2020, 6, 1, tzinfo=UTC)),
    (1_311_098, datetime(2020, 7, 1, tzinfo=UTC)),
    (1_375_263, datetime(2020, 8, 1, tzinfo=UTC)),
    (1_528_235, datetime(2020, 9, 1, tzinfo=UTC)),
    (1_624_063, datetime(2020, 10, 1, tzinfo=UTC)),
    (1_726_012, datetime(2020, 11, 1, tzinfo=UTC)),
    (1_825_321, datetime(2020, 12, 1, tzinfo=UTC)),
    (2_159_790, datetime(2021, 1, 1, tzinfo=UTC)),
    (2_495_696, datetime(2021, 2, 1, tzinfo=UTC)),
    (2_795_672, datetime(2021, 3, 1, tzinfo=UTC)),
    (3_317_592, datetime(2021, 4, 1, tzinfo=UTC)),
    (3_765_494, datetime(2021, 5, 1, tzinfo=UTC)),
    (4_299_182, datetime(2021, 6, 1, tzinfo=UTC)),
    (5_470_817, datetime(2021, 7, 1, tzinfo=UTC)),
    (5_824_415, datetime(2021, 8, 1, tzinfo=UTC)),
    (6_546_388, datetime(2021, 9, 1, tzinfo=UTC)),
    (6_939_558, datetime(2021, 10, 1, tzinfo=UTC)),
    (7_300_253, datetime(2021, 11, 1, tzinfo=UTC)),
    (7_933_417, datetime(2021, 12, 1, tzinfo=UTC)),
    (8_409_932, datetime(2022, 1, 1, tzinfo=UTC)),
    (8_688_881, datetime(2022, 2, 1, tzinfo=UTC)),
    (9_086_767, datetime(2022, 3, 1, tzinfo=UTC)),
    (9_620_628, datetime(2022, 4, 1, tzinfo=UTC)),
    (10_163_062, datetime(2022, 5, 1, tzinfo=UTC)),
    (10_442_190, datetime(2022, 6, 1, tzinfo=UTC)),
    (10_995_218, datetime(2022, 7, 1, tzinfo=UTC)),
    (11_459_552, datetime(2022, 8, 1, tzinfo=UTC)),
    (11_874_738, datetime(2022, 9, 1, tzinfo=UTC)),
    (12_249_606, datetime(2022, 10, 1, tzinfo=UTC)),
    (13_514_084, datetime(2022, 11, 1, tzinfo=UTC)),
    (13_924_582, datetime(2022, 12, 1, tzinfo=UTC)),
    (14_402_186, datetime(2023, 1, 1, tzinfo=UTC)),
    (15_202_475, datetime(2023, 2, 1, tzinfo=UTC)),
    (15_589_108, datetime(2023, 3, 1, tzinfo=UTC)),
    (16_486_160, datetime(2023, 4, 1, tzinfo=UTC)),
    (17_061_115, datetime(2023, 5, 1, tzinfo=UTC)),
    (17_518_294, datetime(2023, 6, 1, tzinfo=UTC)),
    (17_952_032, datetime(2023, 7, 1, tzinfo=UTC)),
    (18_528_778, datetime(2023, 8, 1, tzinfo=UTC)),
    (19_094_101, datetime(2023, 9, 1, tzinfo=UTC)),
    (19_624_747, datetime(2023, 10, 1, tzinfo=UTC)),
    (20_116_870, datetime(2023, 11, 1, tzinfo=UTC)),
    (20_697_458, datetime(2023, 12, 1, tzinfo=UTC)),
    (21_244_108, datetime(2024, 1, 1, tzinfo=UTC)),
    (21_973_829, datetime(2024, 2, 1, tzinfo=UTC)),
    (22_809_602, datetime(2024, 3, 1, tzinfo=UTC)),
    (23_372_246, datetime(2024, 4, 1, tzinfo=UTC)),
    (24_961_676, datetime(2024, 5, 1, tzinfo=UTC)),
    (25_764_781, datetime(2024, 6, 1, tzinfo=UTC)),
    (26_634_801, datetime(2024, 7, 1, tzinfo=UTC)),
    (28_255_416, datetime(2024, 8, 1, tzinfo=UTC)),
    (29_007_526, datetime(2024, 9, 1, tzinfo=UTC)),
    (29_522_212, datetime(2024, 10, 1, tzinfo=UTC)),
    (30_627_573, datetime(2024, 11, 1, tzinfo=UTC)),
    (31_517_323, datetime(2024, 12, 1, tzinfo=UTC)),
    (32_702_338, datetime(2025, 1, 1, tzinfo=UTC)),
    (33_944_533, datetime(2025, 2, 1, tzinfo=UTC)),
    (34_582_411, datetime(2025, 3, 1, tzinfo=UTC)),
    (35_214_125, datetime(2025, 4, 1, tzinfo=UTC)),
    (36_212_344, datetime(2025, 5, 1, tzinfo=UTC)),
    (36_896_152, datetime(2025, 6, 1, tzinfo=UTC)),
    (38_532_700, datetime(2025, 6, 15, tzinfo=UTC)),
    (38_538_451, datetime(2025, 7, 1, tzinfo=UTC)),
    (39_066_657, datetime(2025, 7, 15, tzinfo=UTC)),
    (40_218_648, datetime(2025, 8, 1, tzinfo=UTC)),
    (41_472_985, datetime(2025, 8, 15, tzinfo=UTC)),
    (42_015_428, datetime(2025, 9, 1, tzinfo=UTC)),
    (42_915_120, datetime(2025, 9, 15, tzinfo=UTC)),
    (43_349_032, datetime(2025, 10, 1, tzinfo=UTC)),
    (43_359_734, datetime(2025, 10, 15, tzinfo=UTC)),
    (45_036_002, datetime(2025, 11, 1, tzinfo=UTC)),
    (46_009_294, datetime(2025, 11, 15, tzinfo=UTC)),
    (46_303_498, datetime(2025, 12, 1, tzinfo=UTC)),
    (47_680_624, datetime(2025, 12, 15, tzinfo=UTC)),
    (48_271_010, datetime(2026, 1, 1, tzinfo=UTC)),
    (48_998_800, datetime(2026, 2, 1, tzinfo=UTC)),
    (49_206_318, datetime(2026, 2, 15, tzinfo=UTC)),
    (49_886_110, datetime(2026, 3, 1, tzinfo=UTC)),
    (50_599_497, datetime(2026, 3, 15, tzinfo=UTC)),
    (51_119_259, datetime(2026, 4, 1, tzinfo=UTC)),
    (51_464_299, datetime(2026, 4, 15, tzinfo=UTC)),
    (52_521_458, datetime(2026, 5, 1, tzinfo=UTC)),
    (52_812_824, datetime(2026, 5, 15, tzinfo=UTC)),
    (54_015_382, datetime(2026, 6, 1, tzinfo=UTC)),
    (55_049_139, datetime(2026, 6, 15, tzinfo=UTC)),
    (55_604_770, datetime(2026, 7, 1, tzinfo=UTC)),
    (56_185_342, datetime(2026, 7, 15, tzinfo=UTC)),
    (57_040_620, datetime(2026, 8, 1, tzinfo=UTC)),
    (57_888_459, datetime(2026, 8, 15, tzinfo=UTC)),
    (59_742_998, datetime(2026, 9, 1, tzinfo=UTC)),
    (61_743_472, datetime(2026, 9, 15, tzinfo=UTC)),
    (62_575_366, datetime(2026, 10, 1, tzinfo=UTC)),
    (64_834_497, datetime(2026, 10, 15, tzinfo=UTC)),
    (67_576_824, datetime(2026, 11, 1, tzinfo=UTC)),
    (70_280_365, datetime(2026, 11, 15, tzinfo=UTC)),
    (71_056_177, datetime(2026, 11, 28, tzinfo=UTC)),
)
_NUMBERS: Final = [number for number, _ in _GO]
_KEY: Final = KNOWN_GOSUMDB["sum.golang.org"]


def known_since(verifier_key: str, number: int) -> datetime | None:
    """
    Return a time by which a checksum database certainly had a record; None if nothing is known.

    Args:
        verifier_key: The key of the database.
        number: The number of the record.
    """
    if verifier_key != _KEY:
        return None
    found = bisect_left(_NUMBERS, number)
    return _GO[found][1] if found < len(_GO) else None

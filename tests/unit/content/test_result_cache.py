"""What answers that are remembered take in memory."""

from pulp_gomod.app.content.repository.result_cache import ResultCache


def test_names_that_are_asked_for_take_the_place_that_they_need() -> None:
    cache, unknown = ResultCache(most_bytes=1_000_000), object()
    name = "example.com/" + "x" * 8_000
    keys = [(b"repository", 1, "info", f"{name}/{number}", "v1.0.0") for number in range(500)]
    for key in keys:
        cache.keep(key, None, 0)
    kept = [key for key in keys if cache.recall(key, unknown) is not unknown]
    # The latest ones.
    assert kept and kept == keys[-len(kept) :]
    assert sum(len(key[3]) for key in kept) <= 1_000_000

"""The base paths of distributions, which the URLs of requests begin with."""

# A Go distribution's base path has so many segments and characters at most: each that a request's path may begin
# with is looked up.
MOST_SEGMENTS = 64
LONGEST_BASE_PATH = 1024


def base_paths(path: str) -> list[str]:
    """
    List the base paths that a distribution serving this path may have, shortest first.

    Args:
        path: The path below the content prefix.
    """
    end = path.find("/@")
    segments = (path if end < 0 else path[:end]).split("/", MOST_SEGMENTS)[:MOST_SEGMENTS]
    found = ["/".join(segments[:count]) for count in range(1, len(segments) + 1)]
    return [each for each in found if len(each) <= LONGEST_BASE_PATH]

"""Where the source of a module version is to be seen, at the host that it was made from."""

import posixpath
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

# How hosts name a file at a commit, and a line of it; `tree` is for directories.
_GITHUB: Final = ("{root}/blob/{commit}/{path}", "#L{line}")
_GITLAB: Final = ("{root}/-/blob/{commit}/{path}", "#L{line}")
_GITEA: Final = ("{root}/src/commit/{commit}/{path}", "#L{line}")
_BITBUCKET: Final = ("{root}/src/{commit}/{path}", "#lines-{line}")
# Which of them a host is, by an element of its name.
_KINDS: Final = {
    "github": _GITHUB,
    "gitlab": _GITLAB,
    "gitea": _GITEA,
    "forgejo": _GITEA,
    "codeberg": _GITEA,
    "bitbucket": _BITBUCKET,
}
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_SCHEMES: Final = frozenset({"https", "http"})
_SOURCE: Final = re.compile(r'href="source:([^"]*)"')


@dataclass(frozen=True, slots=True)
class Origin:
    """
    What is known of where a module version was made.

    Attributes:
        url: The repository, as a browser opens it; "" if that is not known.
        commit: The commit, or "".
        directory: The directory of the module in the repository, "" for its root.
    """

    url: str
    commit: str
    directory: str

    @classmethod
    def of(cls, said: dict[str, Any] | None) -> "Origin":
        """
        Read what the .info of a version says.

        Args:
            said: Its Origin, which somebody else has written; None without one.
        """
        said = said or {}
        url = web_url(str(said.get("URL", "")))
        commit = str(said.get("Hash", ""))
        directory = str(said.get("Subdir", "")).strip("/")
        return cls(
            url.removesuffix(".git").rstrip("/"),
            commit if _COMMIT.fullmatch(commit) else "",
            "" if ".." in directory.split("/") else directory,
        )

    def file(self, path: str, line: int = 0) -> str:
        """
        Return the URL of a file of the module, "" if it is not known how the host names it.

        Args:
            path: The path of the file in the module.
            line: The line to show, 0 for all of it.
        """
        kind = self._kind()
        if kind is None or not self.commit:
            return ""
        named, at = kind
        inside = posixpath.normpath(posixpath.join("/", self.directory, path)).lstrip("/")
        url = named.format(root=self.url, commit=self.commit, path=quote(inside))
        return url + (at.format(line=line) if line else "")

    def _kind(self) -> tuple[str, str] | None:
        host = urlsplit(self.url).hostname or ""
        found = (_KINDS[part] for part in re.split(r"[.-]", host) if part in _KINDS)
        return next(found, None)

    def lead(self, html: str) -> str:
        """
        Have the links of a README to files beside it lead to these, or nowhere.

        Args:
            html: The README, in which such links begin with `source:`, and the path of the file in the module.
        """

        def target(found: re.Match[str]) -> str:
            path, _, fragment = found[1].partition("#")
            url = self.file(unquote(path))
            if not url:
                return ""
            return f'href="{url}{"#" if fragment else ""}{fragment}"'

        return _SOURCE.sub(target, html)


def web_url(text: str) -> str:
    """
    Return a URL if a browser may be led there, or "".

    Args:
        text: What somebody says is one.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\`")
    # A name and a password before the host are nobody's to see.
    if parts.scheme in _SCHEMES and parts.hostname and is_plain and "@" not in parts.netloc:
        return text
    return ""

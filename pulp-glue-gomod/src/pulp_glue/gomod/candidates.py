"""Which content a name means: by itself, in one repository, or by its checksum."""

import typing as t

from pulp_glue.common.context import PulpContentContext, PulpRepositoryVersionContext
from pulp_glue.common.exceptions import PulpEntityNotFound, PulpException
from pulp_glue.common.i18n import get_translation

translation = get_translation(__package__)
_ = translation.gettext

_SHOWN = 10
"""Candidates that an error lists, and repositories of each."""


class AmbiguousName(PulpException):
    """Several units have the name, and nothing says which of them is meant."""


class NamedContentContext(PulpContentContext):
    """
    Content with a module path, a version and one of Go's checksums.

    Attributes:
        source: The only repository version in which the content is looked for; `None` for all that
            the user may see.
    """

    CHECKSUM: t.ClassVar[str]
    """The field that tells two units of one module version apart."""

    source: PulpRepositoryVersionContext | None = None

    def find(self, **kwargs: t.Any) -> t.Any:
        """
        Find the content that a name means.

        Raises:
            PulpEntityNotFound: There is none; the error says where else it is.
            AmbiguousName: There are several; the error lists them.
        """
        if self.source is not None:
            kwargs["repository_version"] = self.source.pulp_href
        elif self.repository_ctx is not None:
            kwargs["repository_version"] = self.repository_ctx.entity["latest_version_href"]
        found, count = self._candidates(kwargs)
        if count == 1:
            return found[0]
        name = describe(kwargs)
        if count == 0:
            raise PulpEntityNotFound(self._not_found(name) + self._elsewhere(kwargs))
        message = _(
            "Multiple {entities} match {name}, and their bytes differ. Choose one by the "
            "repository that it is in (with --from, where that option exists) or by --{checksum}:"
        )
        if len({(unit["module"], unit["version"]) for unit in found}) > 1:
            message = _("Multiple {entities} match {name}. Name a module and a version:")
        option = self.CHECKSUM.replace("_", "-")
        message = message.format(entities=self.ENTITIES, name=name, checksum=option)
        raise AmbiguousName(message + self._listed(found, count))

    def _candidates(self, kwargs: dict[str, t.Any]) -> tuple[list[t.Any], int]:
        parameters = {**kwargs, **self.scope, "offset": 0, "limit": _SHOWN}
        page = self.call("list", parameters=parameters)
        return page["results"], page["count"]

    def _not_found(self, name: str) -> str:
        if self.source is None:
            return _("Could not find {entity} {name}.").format(entity=self.ENTITY, name=name)
        return _("Could not find {entity} {name} in version {number} of {repository}.").format(
            entity=self.ENTITY,
            name=name,
            number=self.source.entity["number"],
            repository=self.source.repository_ctx.entity["name"],
        )

    def _elsewhere(self, kwargs: dict[str, t.Any]) -> str:
        """Say where something of the same name is, if it was looked for in one repository only."""
        if kwargs.pop("repository_version", None) is None or not kwargs:
            return ""
        found, count = self._candidates(kwargs)
        return _(" It exists elsewhere:") + self._listed(found, count) if found else ""

    def _listed(self, units: list[t.Any], count: int) -> str:
        since = self._since(units)
        lines = [f"{self._label(unit)}  {self._places(unit, since)}" for unit in units]
        if count > len(units):
            lines.append(_("and {count} more").format(count=count - len(units)))
        return "".join(f"\n  {line}" for line in lines)

    def _label(self, unit: t.Any) -> str:
        return f"{unit['module']}@{unit['version']} {unit[self.CHECKSUM]}"

    def _places(self, unit: t.Any, since: dict[tuple[str, str], str]) -> str:
        """Say which repositories hold a unit now, as far as the user may see them."""
        page = self.pulp_ctx.call(
            "repositories_gomod_gomod_list",
            parameters={"latest_with_content": unit["pulp_href"], "offset": 0, "limit": _SHOWN},
        )
        places = []
        for repository in page["results"]:
            when = since.get((repository["pulp_href"], unit[self.CHECKSUM]))
            suffix = _(" since {when}").format(when=f"{when[:19]}Z") if when else ""
            places.append(_("in {name}").format(name=repository["name"]) + suffix)
        if page["count"] > len(places):
            places.append(_("and in {count} more").format(count=page["count"] - len(places)))
        return ", ".join(places) or _("not in the newest version of any repository")

    def _since(self, units: list[t.Any]) -> dict[tuple[str, str], str]:
        """Say since when which repository knows a checksum; only of modules is that kept."""
        return {}


def describe(named: t.Mapping[str, t.Any]) -> str:
    """
    Write a name as people do: `example.com/mod@v1.2.3`, and what else it was asked by.

    Args:
        named: What the content was asked by.
    """
    rest = {key: value for key, value in named.items() if key not in _NAME}
    version = f"@{named['version']}" if "version" in named else ""
    words = [f"{named['module']}{version}"] if "module" in named else []
    if "module" not in named and version:
        words.append(version)
    words += [f"{key}={value}" for key, value in rest.items()]
    return " ".join(words)


_NAME = ("module", "version", "repository_version")

"""What a sync may be asked for."""

from collections.abc import Callable
from gettext import gettext as _
from typing import Any, TypeVar

from rest_framework import serializers

from pulpcore.plugin.models import Remote
from pulpcore.plugin.serializers import DetailRelatedField, RepositorySyncURLSerializer

from pulp_gomod.app.serializers.fields import ChoiceField
from pulp_gomod.app.serializers.upload import HrefMixin
from pulp_gomod.app.tasks.sync.toolchains import MAX_TOOLCHAINS, read_platforms, read_toolchains
from pulp_gomod.app.tasks.sync.wanted import (
    MAX_LINE,
    MAX_MEMBER_TEXTS,
    MAX_MEMBERS,
    MAX_MODULES,
    MAX_TEXT,
    read_go_mod,
    read_go_sum,
    read_go_work,
    read_modules,
    read_patterns,
    read_tools,
    read_workspace,
)
from pulp_gomod.golang import GoError
from pulp_gomod.golang.index import parse_time

T = TypeVar("T")

_KINDS = ("modules", "go_sum", "go_mod", "go_work", "toolchains", "tools")


class RemoteField(HrefMixin, DetailRelatedField):
    """A remote of any type."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name_pattern=r"remotes(-.*/.*)-detail", queryset=Remote.objects.all(), **kwargs
        )


def _text(help_text: str, **options: Any) -> serializers.CharField:
    # Lines are counted in what was sent.
    return serializers.CharField(
        help_text=help_text, required=False, trim_whitespace=False, max_length=MAX_TEXT, **options
    )


def _names(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=MAX_LINE),
        help_text=help_text,
        required=False,
        allow_empty=False,
        max_length=MAX_TOOLCHAINS,
    )


def _check(read: Callable[[T], Any], value: T) -> T:
    try:
        read(value)
    except GoError as error:
        raise serializers.ValidationError(str(error).split("\n")) from error
    return value


class GoSyncSerializer(RepositorySyncURLSerializer):
    """Which modules to fetch from a remote."""

    remote = RemoteField(
        help_text=_("The remote to sync from. Defaults to the repository's remote."),
        required=False,
    )
    modules = serializers.ListField(
        child=serializers.CharField(),
        help_text=_(
            "Modules by name, with a version as 'go get' takes it (example.com/mod@v1.2.3, @v1.2 for the "
            "highest that begins like it, @latest, or a branch or commit such as @main), or, of all tagged "
            "versions that the upstream lists, all in a range (example.com/mod@>=v1.2.0 <v2.0.0) or all "
            "(example.com/mod). The task tells which version was chosen."
        ),
        required=False,
        allow_empty=False,
        max_length=MAX_MODULES,
    )
    go_sum = _text(
        _(
            "The text of a go.sum: the zips and go.mod files that it names are synced, and must "
            "match its checksums. It may be empty, as it is for a module without requirements."
        ),
        allow_blank=True,
    )
    go_mod = _text(
        _(
            "The text of a go.mod: everything it requires, directly or indirectly, is synced in "
            "the versions that the go command would choose."
        )
    )
    go_work = _text(
        _(
            "The text of a go.work: everything that its modules require, directly or indirectly, is synced "
            "in the versions that the go command would choose for all of them together. Give go_mods, too."
        )
    )
    go_mods = serializers.ListField(
        child=serializers.CharField(trim_whitespace=False, max_length=MAX_TEXT),
        help_text=_(
            "With go_work: the texts of the go.mod files of all modules that it uses, of 2 MiB together."
        ),
        required=False,
        allow_empty=False,
        max_length=MAX_MEMBERS,
    )
    toolchains = _names(
        _(
            "Go toolchains, which the go command downloads when go.mod or GOTOOLCHAIN asks for "
            "another one: go1.26.8 linux-amd64, or go1.26.x linux-amd64 for the newest release of 1.26."
        )
    )
    toolchain_platforms = _names(
        _(
            "With go_mod or go_work: platforms such as linux-amd64, for which the toolchain that its "
            "toolchain or go line selects is synced, too."
        )
    )
    tools = _names(
        _(
            "Tools as 'go install' takes them, with all that it takes to build them: "
            "golang.org/x/tools/cmd/stringer@latest, or a version such as v1.2.3, the beginning of one, a "
            "comparison, a branch or a commit behind the @. The task tells which version was chosen."
        )
    )
    index = serializers.BooleanField(
        help_text=_(
            "Whether to follow the upstream's index: to sync all that came there since the last time "
            "that this repository followed it. See index_url of the remote."
        ),
        required=False,
    )
    since = serializers.CharField(
        help_text=_(
            "With index: begin at this time (RFC 3339), and not where the last sync ended; such as "
            "2026-01-02T03:04:05Z."
        ),
        required=False,
        max_length=64,
    )
    patterns = _names(
        _(
            "With index: only modules that match one of these: example.com/mod, example.com/... for "
            "example.com and all below it, and either with a range of versions, such as "
            "example.com/mod@>=v1.2.0 <v2.0.0."
        )
    )
    missing = ChoiceField(
        choices=["fail", "skip"],
        help_text=_(
            "What to do about versions that the upstream does not have (404, 410), or that Go "
            "rejects: fail, and add nothing; or skip them, and name them in the task. By default, "
            "versions that are requested by name make the sync fail; those that only the "
            "upstream's list names are skipped."
        ),
        required=False,
    )
    mirror = serializers.BooleanField(
        help_text=_(
            "Whether to remove everything that is not requested from the new version, including "
            "modules that were published here."
        ),
        required=False,
        default=False,
    )

    def validate_modules(self, value: list[str]) -> list[str]:
        """
        Check the names.

        Raises:
            ValidationError: Some are none.
        """
        return _check(read_modules, value)

    def validate_go_mods(self, value: list[str]) -> list[str]:
        """
        Check how long they are together, before any is read.

        Raises:
            ValidationError: They are too long.
        """
        length = sum(map(len, value))
        if length > MAX_MEMBER_TEXTS:
            raise serializers.ValidationError(
                _("These have {length} characters together; at most {most} are read.").format(
                    length=length, most=MAX_MEMBER_TEXTS
                )
            )
        return value

    def validate_toolchains(self, value: list[str]) -> list[str]:
        """
        Check the names.

        Raises:
            ValidationError: Some are none.
        """
        return _check(read_toolchains, value)

    def validate_toolchain_platforms(self, value: list[str]) -> list[str]:
        """
        Check the platforms.

        Raises:
            ValidationError: Some are none.
        """
        return _check(read_platforms, value)

    def validate_go_sum(self, value: str) -> str:
        """
        Check the go.sum.

        Raises:
            ValidationError: Go would not take it.
        """
        return _check(read_go_sum, value)

    def validate_go_mod(self, value: str) -> str:
        """
        Check the go.mod.

        Raises:
            ValidationError: Go would not take it.
        """
        return _check(read_go_mod, value)

    def validate_go_work(self, value: str) -> str:
        """
        Check the go.work.

        Raises:
            ValidationError: Go would not take it.
        """
        return _check(read_go_work, value)

    def validate_tools(self, value: list[str]) -> list[str]:
        """
        Check the names.

        Raises:
            ValidationError: Some are none.
        """
        return _check(read_tools, value)

    def validate_patterns(self, value: list[str]) -> list[str]:
        """
        Check the patterns.

        Raises:
            ValidationError: Some are none.
        """
        return _check(read_patterns, value)

    def validate_since(self, value: str) -> str:
        """
        Check the time.

        Raises:
            ValidationError: It is none.
        """
        return _check(parse_time, value)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check that something is asked for, and that there is a remote to ask.

        Files of a module that requires nothing ask for nothing, and rightly so.

        Raises:
            ValidationError: That is not so, or everything would be removed for nothing.
        """
        data = super().validate(data)
        _check_workspace(data)
        if not (data.get("index") or any(kind in data for kind in _KINDS)):
            raise serializers.ValidationError(
                _(
                    "Say what to sync: give modules, go_sum, go_mod, go_work, toolchains, tools, index, "
                    "or several of them."
                )
            )
        _check_index(data)
        if "toolchain_platforms" in data and not {"go_mod", "go_work"} & data.keys():
            message = _("Give go_mod, too, or go_work: its lines say which toolchain is needed.")
            raise serializers.ValidationError({"toolchain_platforms": [message]})
        if data["mirror"] and _is_nothing(data):
            raise serializers.ValidationError(
                _(
                    "The files require no modules, so mirror would remove everything from the "
                    "repository. Leave out mirror, or use modify to remove content."
                )
            )
        return data


def _check_workspace(data: dict[str, Any]) -> None:
    both = {"go_work", "go_mods"}
    given = both & data.keys()
    if not given:
        return
    if given != both:
        message = _("Give go_work and go_mods together: the files of one workspace.")
        raise serializers.ValidationError({(both - given).pop(): [message]})
    try:
        read_workspace(data["go_work"], data["go_mods"])
    except GoError as error:
        raise serializers.ValidationError({"go_mods": str(error).split("\n")}) from error


def _check_index(data: dict[str, Any]) -> None:
    if not data.get("index"):
        for name in {"since", "patterns"} & data.keys():
            raise serializers.ValidationError({name: [_("Give index, too: this says what of it.")]})
    elif data["mirror"]:
        message = _(
            "An index tells what is new, so mirror would remove everything else. Leave it out."
        )
        raise serializers.ValidationError({"mirror": [message]})


def _is_nothing(data: dict[str, Any]) -> bool:
    """Say whether what is asked for comes to no module at all."""
    go_mod = data.get("go_mod")
    return not (
        data.get("modules")
        or data.get("toolchains")
        or data.get("tools")
        or read_go_sum(data.get("go_sum", ""))
        or (go_mod and read_go_mod(go_mod).require)
        or any(read_go_mod(each).require for each in data.get("go_mods", ()))
    )

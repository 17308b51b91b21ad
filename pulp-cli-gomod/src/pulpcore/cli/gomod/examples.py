"""Examples for the help of every command; a test checks that their options exist."""

import click

_MODULE = "--module example.com/mod --version v1.2.3"

#: What follows `pulp gomod`, without the words of the command itself, by the command.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "block create": (
        "--repository team --module example.com/bad --versions '<v1.9.2' --reason 'sends tokens away'",
        "--repository team --module 'example.com/bad/...' --reason 'not reviewed'",
    ),
    "block destroy": ("--repository team --module example.com/bad",),
    "block list": ("--repository team",),
    "block show": ("--repository team --module example.com/bad",),
    "content list": (
        "--module example.com/mod --ordering version --field version",
        "--requires golang.org/x/net --version-lt v2.0.0",
        "--repository-version /pulp/api/v3/repositories/gomod/gomod/.../versions/3/ --retracted",
    ),
    "content show": (_MODULE, "--module example.com/mod@v1.2.3"),
    "content upload": (
        "--file mod@v1.2.3.zip --repository team",
        "--directory zips --repository team --chunk-size 10MB",
    ),
    "distribution create": ("--name team --base-path team --repository team",),
    "distribution destroy": ("--name team",),
    "distribution list": ("--name-contains team",),
    "distribution show": ("--name team",),
    "distribution update": (
        "--name team --version 3",
        "--name team --remote ''",
        "--name team --policy vetted",
        "--name team --consumers users",
    ),
    "module consumers": (
        "example.com/bad@v1.4.0",
        "example.com/bad --distribution team --days 7",
    ),
    "policy create": (
        '--name vetted --deny \'[{"module": "example.com/bad", "reason": "sends tokens away"}]\'',
        "--name vetted --deny @deny.json --deny-mode observe",
    ),
    "policy destroy": ("--name vetted",),
    "policy events": (
        "--policy vetted --kind stopped",
        "--distribution team --since 2026-02-03",
    ),
    "policy list": ("--name-contains vet",),
    "policy show": ("--name vetted",),
    "policy update": ("--name vetted --deny-mode enforce",),
    "vulndb create": (
        "--name public --url https://vuln.go.dev/vulndb.zip --sync-interval 6h",
        "--name malicious --kind malicious",
    ),
    "vulndb destroy": ("--name public",),
    "vulndb list": ("--kind vulnerabilities",),
    "vulndb show": ("--name public",),
    "vulndb statements": ("--name public",),
    "vulndb sync": ("--name public",),
    "vulndb update": ("--name public --sync-interval 1h",),
    "vulndb upload": ("--name public --file vulndb.zip",),
    "vulndb vex": ("--name public --document @not-affected.json",),
    "publication create": ("--repository team --version 3",),
    "publication destroy": ("--href /pulp/api/v3/publications/gomod/gomod/.../",),
    "publication list": ("--repository team",),
    "publication show": ("--href /pulp/api/v3/publications/gomod/gomod/.../",),
    "release list": ("--repository team --published-by alice --first-seen-after 2026-02-03",),
    "release show": (f"--repository team {_MODULE}",),
    "remote create": (
        "--name upstream --url https://goproxy.example.com --private 'corp.example.com/*'",
    ),
    "remote destroy": ("--name upstream",),
    "remote forget": ("--name upstream --module example.com/mod@v1.2.3",),
    "remote list": ("--name-contains up",),
    "remote show": ("--name upstream",),
    "remote update": ("--name upstream --cache-size 20GB", "--name upstream --cache-size ''"),
    "repository cleanup": ("--name team --unused-days 90",),
    "repository document": ("--name team",),
    "repository schedule": ("--name copy --remote site-a --index --every 6h",),
    "repository schedules": ("--name copy",),
    "repository unschedule": ("--name copy",),
    "repository content list": ("--repository team --version 3",),
    "repository content modify": (
        '--repository team --add-content \'[{"module": "example.com/mod", "version": "v1.2.3"}]\'',
        "--repository team --remove-content @list.json",
    ),
    "repository content remove": ("--repository team --module example.com/mod@v1.2.3",),
    "repository create": ("--name team --immutable --max-size 20GB",),
    "repository destroy": ("--name team",),
    "repository import": (
        '--repository vetted "$(go env GOMODCACHE)"',
        "--repository team --own https://USER:TOKEN@gitea.example.com/api/packages/OWNER/go",
    ),
    "repository list": ("--name-startswith te", "--label-select stage=test"),
    "repository show": ("--name team",),
    "repository sync": (
        "--repository team --remote upstream --module example.com/mod@latest",
        "--repository team --go-mod @go.mod --go-sum @go.sum",
    ),
    "repository task list": ("--repository team",),
    "repository update": ("--name team --retain-repo-versions 50", "--name team --max-size ''"),
    "repository version destroy": ("--repository team --version 3",),
    "repository version list": ("--repository team",),
    "repository version repair": ("--repository team --version 3",),
    "repository version scan": ("--repository team --version 3",),
    "repository version show": ("--repository team --version 3",),
    "sumdb check": ("--name corp.example.com/sumdb",),
    "sumdb create": (
        "--name corp.example.com/sumdb",
        "--name corp.example.com/sumdb --witness "
        "https://witness.example.org witness.example.org+0b8d8372+BIl9...",
    ),
    "sumdb destroy": ("--name corp.example.com/sumdb",),
    "sumdb list": ("--field name --field size",),
    "sumdb prove": (
        "example.com/mod@v1.2.3 --name corp.example.com/sumdb --output mod.tlog-proof",
    ),
    "sumdb recover": ("--name corp.example.com/sumdb",),
    "sumdb rotate": ("--name corp.example.com/sumdb --until 2027-02-03T00:00:00Z",),
    "sumdb show": ("--name corp.example.com/sumdb",),
    "sumdb update": ("--name corp.example.com/sumdb --no-witnesses",),
    "sumdb verify": ('mod.tlog-proof --key "$(go env GOSUMDB)" --module example.com/mod@v1.2.3',),
    "verify": (
        "go.sum --distribution team",
        'go.sum --url https://pulp.example.com/pulp/content/team --key "$(go env GOSUMDB)"',
    ),
    "token create": ("--name ci --scope publish --distribution team",),
    "token destroy": ("--name ci",),
    "token list": ("--owner bob",),
    "token show": ("--name ci",),
    "waiver approve": (
        "example.com/bad@v1.4.0 --policy vetted",
        "example.com/bad@v1.4.0 --expires 2027-02-03 --note 'until the next release'",
    ),
    "waiver list": ("--policy vetted --state requested",),
    "waiver refuse": ("example.com/bad@v1.4.0 --note 'use v1.4.1'",),
    "waiver request": (
        "example.com/bad@v1.4.0 --policy vetted --reason 'we do not call the bad function'",
        "example.com/bad --versions '>=v1.4.0 <v1.5.0' --policy vetted --reason 'reviewed'",
    ),
    "waiver revoke": ("example.com/bad@v1.4.0 --policy vetted",),
}

_LOOKUPS = {
    "content": _MODULE,
    "distribution": "--distribution team",
    "remote": "--remote upstream",
    "repository": "--repository team",
}
_NAMES = {
    "distribution": "--name team",
    "publication": "--href /pulp/api/v3/publications/gomod/gomod/.../",
    "remote": "--name upstream",
    "repository": "--name team",
}

for _name, _lookup in _LOOKUPS.items():
    EXAMPLES[f"{_name} label set"] = (f"{_lookup} --key stage --value test",)
    EXAMPLES[f"{_name} label unset"] = (f"{_lookup} --key stage",)
    EXAMPLES[f"{_name} label show"] = (f"{_lookup} --key stage",)
_OTHERS = {
    "policy": "--name vetted",
    "sumdb": "--name corp.example.com/sumdb",
    "vulndb": "--name public",
}
for _name, _lookup in (_NAMES | _OTHERS).items():
    for _action in ("add", "remove"):
        _role = f"gomod.go{_name}_viewer"
        EXAMPLES[f"{_name} role {_action}"] = (f"{_lookup} --user alice --role {_role}",)
    EXAMPLES[f"{_name} role list"] = (_lookup,)
    EXAMPLES[f"{_name} role my-permissions"] = (_lookup,)


def add_examples(command: click.Command, path: tuple[str, ...] = ()) -> None:
    """
    Show the examples below the help of a command, and of all below it.

    Args:
        command: The command; one that has an epilog keeps it.
        path: The words that call it, after `pulp gomod`.
    """
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            add_examples(below, (*path, name))
            _summarize(below)
        return
    words = " ".join(path)
    lines = [f"  pulp gomod {words} {options}" for options in EXAMPLES.get(words, ())]
    if lines and not command.epilog:
        command.epilog = "\n".join(("\b", "Examples:", *lines))


# What fits into a line of such a list.
_LONGEST = 62


def _summarize(command: click.Command) -> None:
    """Have the list of commands say what one is for: the first sentence of its help, unless that names a type."""
    first = " ".join((command.help or "").partition("\n\n")[0].split()).partition(". ")[0]
    if 0 < len(first) < _LONGEST and not command.short_help and "{" not in first:
        command.short_help = f"{first.rstrip('.')}."

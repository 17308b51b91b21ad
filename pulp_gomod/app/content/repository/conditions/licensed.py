"""
The condition `licenses`: nothing is served under licences that a policy denies.

The licences of a version are known once its zip is here. Until then it is on lists and its `.info` is served; its zip is
read before it is sent, so that whoever asks first is stopped like everybody after.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from pulp_gomod.app.content.repository.conditions.licences import Ids, Licences
from pulp_gomod.app.content.repository.judge import Question, Verdict
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.models.stopping import Policy, Stop
from pulp_gomod.app.storage.faults import DamagedFileError
from pulp_gomod.documenter.licences import NOASSERTION, NONE, meant, spoken
from pulp_gomod.documenter.process import DocumenterFailed

log = logging.getLogger(__name__)

LICENSES: Final = "licenses"

# After that it is asked again what is not known of a version.
_RENEWED: Final = timedelta(seconds=30)
_AGAIN: Final = timedelta(seconds=5)
# After that it is looked whether what is stopped has been read anew.
_LOOKED_AGAIN: Final = timedelta(minutes=10)


class LicenceCondition:
    """
    Stops versions of which it is on record that a licence of theirs is denied.

    Args:
        licences: Knows the licences.
    """

    name = LICENSES

    def __init__(self, licences: Licences) -> None:
        self._licences = licences

    async def needs(self, question: Question) -> Sequence[Need]:
        """As Condition.needs."""
        return self._licences.needs(question.target, question.path, question.versions)

    async def judge(self, question: Question) -> Verdict:
        """As Condition.judge."""
        known = await self._licences.known(question.target, question.path, question.versions)
        return await compute(len(question.versions), _verdict, question, known)


class ZipLicenceCondition:
    """
    Stops zips that have a denied licence.

    Args:
        licences: Reads the licences.
    """

    name = LICENSES

    def __init__(self, licences: Licences) -> None:
        self._licences = licences

    async def judge(self, question: Question) -> Verdict:
        """As Condition.judge, of a question that has a zip."""
        assert question.zip is not None
        target, path, (version,) = question.target, question.path, question.versions
        known = await self._licences.known(target, path, question.versions)
        if version in known:
            return _verdict(question, known)
        try:
            ids = await self._licences.of_zip(target, path, version, question.zip)
        except (DocumenterFailed, DamagedFileError, StorageUnavailableError, OSError) as error:
            log.warning("Cannot read the licences of %s@%s: %s", path, version, error)
            stop = _unread(question, version)
            return Verdict({version: stop}, question.now + _AGAIN)
        return _verdict(question, {version: ids})


def _verdict(question: Question, known: Mapping[str, Ids]) -> Verdict:
    policy = question.target.policy
    denied = frozenset[str]().union(*map(meant, policy.said[LICENSES]))
    stops = {}
    is_unknown = False
    for version in question.versions:
        ids = known.get(version)
        if ids is not None:
            found = sorted(denied.intersection(spoken(ids)))
            if found:
                line = _line(f"{question.path}@{version}", found, policy)
                stops[version] = Stop(LICENSES, policy.mode(LICENSES), line)
            continue
        is_unknown = True
        if question.gives_zips:
            stops[version] = _unread(question, version)
    if is_unknown:
        return Verdict(stops, question.now + _RENEWED)
    return Verdict(stops, question.now + _LOOKED_AGAIN if stops else None)


def _unread(question: Question, version: str) -> Stop:
    policy = question.target.policy
    line = (
        f'{question.path}@{version} is not served yet: the policy "{policy.name}" denies licences, and those of this version '
        "have not been read; try again"
    )
    return Stop(LICENSES, policy.mode(LICENSES), line)


def _line(what: str, found: Iterable[str], policy: Policy) -> str:
    said = " and ".join(map(_said, found))
    return (
        f'{what} {said}, which the policy "{policy.name}" denies here; to ask for it, '
        f"{policy.whom(what)}"
    )


def _said(name: str) -> str:
    if name == NONE:
        return f"has no licence file in its root ({NONE})"
    if name == NOASSERTION:
        return f"has a licence that this server does not recognise ({NOASSERTION})"
    return f"is under the licence {name}"

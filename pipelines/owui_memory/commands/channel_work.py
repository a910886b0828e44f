"""One command being carried out: those about who its user is in channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ..channels.people import Link
from ..core.scope import WEBUI
from ..core.text import first_word
from ..language.markdown import shown
from ..recall.times import zone_of
from .numbers import a_number
from .passage_work import ENDS, PassageWork
from .verbs import on_or_off, says

_WORD_CHARS = 40


class ChannelWork(PassageWork):
    """Commands about channels: which authors there the user is."""

    def channels(self) -> str:
        """All of them; a code for another one, one less, and whether Open WebUI's own channels count."""
        if not self._control.settings.observes_channels:
            return self._say("channels, not here")
        what, which = first_word(self._rest)
        what = what[:_WORD_CHARS].strip(ENDS)
        if state := on_or_off(what):
            self._tools.people.agree(self._user_id, on=state == "on")
            return self._say(f"channels, own {state}")
        if says("link", what):
            self.kept = self._say("channels, code shown")
            return self._say("channels, code", code=self._tools.people.code(self._user_id))
        if says("unlink", what) and (number := a_number(which)):
            return self._unlink(number)
        return self._say("say channels") if what else self._listed()

    def _listed(self) -> str:
        own, others = self._links()
        state = "off" if own is None else "silent" if own.silent else "on"
        lines = [self._say("channels, head"), ""] if others else []
        for number, one in enumerate(others, 1):
            day = datetime.fromtimestamp(one.agreed_at, UTC).astimezone(zone_of(self._order.timezone))
            since = day.strftime(self._say("day"))
            lines.append(
                self._say("channels, one", number=number, name=_name(one), source=one.source, day=since)
            )
        lines += [""] if others else []
        return "\n".join([*lines, self._say(f"channels, own {state}"), "", self._say("channels, how")])

    def _unlink(self, number: int) -> str:
        _, others = self._links()
        if number > len(others):
            return self._say("say channels")
        one = others[number - 1]
        self._tools.people.unlink(self._user_id, one.source, one.author)
        return self._say("channels, unlinked", name=_name(one), source=one.source)

    def _links(self) -> tuple[Link | None, Sequence[Link]]:
        """The user's own author in Open WebUI's channels, None if they have not agreed; those elsewhere."""
        links = self._tools.people.of_user(self._user_id)
        own = next((one for one in links if one.source == WEBUI), None)
        return own, [one for one in links if one.source != WEBUI]


def _name(link: Link) -> str:
    """What an author is called, as it may be shown: they choose it themselves."""
    return shown(link.name or link.author)

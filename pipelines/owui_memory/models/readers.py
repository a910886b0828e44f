"""With `llm_provider` auto: a message is read by the model that answered it, where that was answered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from ..config.settings import Valves
from ..core.chat_servers import AnsweredBy, ChatServer
from ..core.errors import MemoryFault, Retry
from ..core.memory import Check
from ..language.sanitize import one_line
from .catalogue import Catalogue, Listed, Listing
from .health import in_ms
from .llm import Llm

Open = Callable[[Valves], Llm]

_MOST_OPEN = 16  # LLMs
_PART_S = 2.0  # that a status waits for lists
_TOLD, _TOLD_CHARS = 5, 80  # models in the status, and of each name
_NONE = "auto, none: no server of the chats is known here, so the users' own sentences are kept"
_UNUSED = "llm_base_url is not used while llm_provider is auto: choose openai or ollama there."
_WHICH = "correct llm_model, or leave it unset, and the model that answered reads."
_HOW = (
    "To have an LLM read the chats, start the Pipelines server with OPENAI_API_BASE_URL and OPENAI_API_KEY, "
    "or OLLAMA_BASE_URL, as Open WebUI has them; or choose an llm_provider and an llm_model in the settings."
)


class Readers:
    """Which LLM reads what. Threads may share it; methods block unless they say otherwise.

    open_llm: makes the LLM that these settings name. second: the second LLM, if there is one, and whether it
    is local.
    """

    def __init__(self, settings: Valves, open_llm: Open, second: tuple[Llm, bool] | None = None) -> None:
        self._settings, self._open, self._second = settings, open_llm, second
        self._catalogue = Catalogue(settings.chat_servers)
        self._lock = threading.Lock()
        self._opened: OrderedDict[tuple[ChatServer, str], Llm] = OrderedDict()
        self._last: Llm | None = None
        self._without: OrderedDict[str, str] = OrderedDict()  # model that answered -> why no LLM reads that

    @property
    def llms(self) -> tuple[Llm, ...]:
        """Those that have been asked to read so far, the last one first."""
        with self._lock:
            opened = tuple(reversed(self._opened.values()))
        return (*opened, self._second[0]) if self._second else opened

    def of(self, answered: AnsweredBy, *, local_only: bool, patient: bool) -> tuple[Llm, ...]:
        """The LLMs that may read what this model answered, in the order in which they are asked; often one.

        What a local model answered, or one of which that is not told, stays on one's own machine or network;
        with `local_only` everything does.

        Raises:
            Retry: it cannot be told now. Not where nobody is `patient`.
        """
        try:
            found, local = self._found(answered, local_only)
            first = (self._llm(found),) if found else ()
        except Retry as fault:
            far = answered.local == "external" and not local_only
            if self._second and (self._second[1] or far):
                return self._chosen(answered, (self._second[0],))
            if patient:
                raise
            return self._none(answered, str(fault))
        except MemoryFault as fault:
            return self._none(answered, f"{fault} {fault.hint}".strip())
        second: tuple[Llm, ...] = ()
        if self._second and (self._second[1] or not local):
            second = (self._second[0],)
        if not first and not second:
            model = self._settings.llm_model or answered.model
            which = "a local server" if local else "a server of the chats"
            return self._none(answered, f"{_shown(model)} is not on {which} that is known here")
        return self._chosen(answered, first + second)

    def _chosen(self, answered: AnsweredBy, llms: tuple[Llm, ...]) -> tuple[Llm, ...]:
        with self._lock:
            self._last = llms[0]
            self._without.pop(answered.model, None)
        return llms

    def check(self) -> Check:
        """What the servers list, asked now where it is not known; never raises."""
        self._catalogue.refresh(local=self._settings.local_only)
        return Check("LLM", True, f"auto: {self._listed()}")

    def part(self) -> Check:
        """The line of the status. What has failed is asked again in the background; blocks for 2 s."""
        listings = [one for one in self._catalogue.listings if not self._is_left_out(one)]
        unused = _UNUSED if self._settings.llm_base_url else ""
        if not self._catalogue.listings:
            return Check("LLM", True, _NONE, f"{unused} {_HOW}".strip())
        if not self._settings.uses_llm:
            return Check("LLM", True, "auto: not asked, as extraction is verbatim", unused)
        if any(listing.fault or listing.names is None for listing in listings):
            asking = threading.Thread(
                target=partial(self._catalogue.refresh, local=self._settings.local_only),
                name="memory-listing",
                daemon=True,
            )
            asking.start()
            asking.join(_PART_S)
        with self._lock:
            last, without = self._last, dict(self._without)
        ok, hints = True, [unused]
        details = [f"auto: {self._reads()}", self._listed()]
        if last is not None:
            details.insert(1, f"last {last.name}" + (f": {last.fault}" if last.fault else ""))
            if last.fault:
                ok = False
                hints.append(last.fault.hint)
        faults = [listing.fault for listing in listings if listing.fault]
        if listings and len(faults) == len(listings):
            ok = False
            hints += [fault.hint for fault in faults]
        elif self._lacks_the_model(listings):
            ok = False
            hints.append(f"No server of the chats lists {_shown(self._settings.llm_model)}: {_WHICH}")
        if without:
            shown = [f"{_shown(model)} ({why})" for model, why in list(without.items())[-_TOLD:]]
            details.append(f"kept without an LLM: what was answered by {', '.join(shown)}")
            if not self._settings.llm_model:
                hints.append("To have one LLM read all chats, choose an llm_provider and an llm_model.")
        return Check("LLM", ok, "; ".join(details), " ".join(dict.fromkeys(filter(None, hints))))

    def _found(self, answered: AnsweredBy, local_only: bool) -> tuple[Listed | None, bool]:
        """The model that is to read, and whether it has to be a local one."""
        is_local = answered.local == "local"
        wanted = self._settings.llm_model
        home = None
        try:
            home = self._catalogue.find(answered.model, owner=answered.owner, local=is_local or local_only)
        except Retry:
            if not wanted:
                raise
        if home is not None:
            is_local |= home.is_local
        elif answered.local == "unknown":
            is_local = True
        if not wanted:
            return home, is_local or local_only
        return self._catalogue.find(wanted, local=is_local or local_only), is_local or local_only

    def _llm(self, found: Listed) -> Llm:
        key = (found.server, found.name)
        with self._lock:
            if (llm := self._opened.get(key)) is None:
                server = found.server
                llm = self._opened[key] = self._open(
                    self._settings.model_copy(
                        update={
                            "llm_provider": server.kind,
                            "llm_base_url": server.url,
                            "llm_api_key": server.key,
                            "llm_model": found.name,
                        }
                    )
                )
            self._opened.move_to_end(key)
            while len(self._opened) > _MOST_OPEN:
                self._opened.popitem(last=False)
            return llm

    def _none(self, answered: AnsweredBy, why: str) -> tuple[Llm, ...]:
        with self._lock:
            self._without[answered.model] = why
            self._without.move_to_end(answered.model)
            while len(self._without) > _TOLD:
                self._without.popitem(last=False)
        return ()

    def _reads(self) -> str:
        model = self._settings.llm_model
        return f"{_shown(model)} reads" if model else "the model that answered reads"

    def _lacks_the_model(self, listings: Sequence[Listing]) -> bool:
        """Whether all have told what they list, and none has the model that is to read."""
        model, all_answered = self._settings.llm_model, all(one.names is not None for one in listings)
        return bool(model) and all_answered and not any(one.has(model) for one in listings)

    def _is_left_out(self, listing: Listing) -> bool:
        return self._settings.local_only and not listing.is_local

    def _listed(self) -> str:
        return ", ".join(
            f"{one.host} is not asked, as local_only is on" if self._is_left_out(one) else _described(one)
            for one in self._catalogue.listings
        )


def _described(listing: Listing) -> str:
    if listing.fault is not None:
        return str(listing.fault).rstrip(".")
    if listing.is_pipelines:
        return f"{listing.host} is a Pipelines server, whose models are programs"
    if listing.names is None:
        return f"{listing.host} has not answered yet"
    count = len(listing.names)
    return f"{listing.host} lists {count} model{'' if count == 1 else 's'} ({in_ms(listing.took_s * 1000)})"


def _shown(model: str) -> str:
    return one_line(model)[:_TOLD_CHARS] or "a model that Open WebUI does not name"

"""A user's own switches: memory in all chats, in one, and whether what is said is kept."""

from __future__ import annotations

from ...core.locales import message
from ...core.locales.refused import Refused
from .channels import links_of
from .parts import Visit, back
from .rendering import Answer, View

_MOST = 200  # chats with a switch of their own
_ID_CHARS = 200
PAST_CHATS, NOTES, CHANNELS = "past chats", "notes", "channels"  # in place of a chat's id


def listed(visit: Visit) -> View:
    return _view(visit)


def link(visit: Visit) -> View:
    """The page with a code, this once, that links an account in a channel."""
    if not visit.settings.observes_channels:
        raise Refused(message("channels, not here"))
    return _view(visit, visit.parts.tools.people.code(visit.user_id))


def _view(visit: Visit, code: str = "") -> View:
    switches, past = visit.parts.tools.switches, visit.parts.tools.past
    of_chats = list(switches.of_chats(visit.user_id).items())[:_MOST]
    return View(
        "switches.html",
        {
            "enabled": visit.settings.enabled,
            "always": switches.is_on(visit.user_id, ""),
            "chats": [(chat, on, visit.chat_address(chat)) for chat, on in of_chats],
            "models": switches.models_off(visit.user_id)[:_MOST],
            "kept_here": visit.settings.keeps_episodes,
            "past": past.wants(visit.user_id),
            "past_chats": PAST_CHATS,
            "notes": visit.parts.tools.note_switches.wants(visit.user_id),
            "of_notes": NOTES,
            **links_of(visit),
            "code": code,
            "of_channels": CHANNELS,
        },
    )


def switch(visit: Visit) -> Answer:
    """In the chat that the form names, "" for always; or for a model, or what else the form is of."""
    chat, on = visit.form.get("chat", "").strip(), visit.form.get("on") == "yes"
    if len(chat) > _ID_CHARS or visit.form.get("on") not in ("yes", "no"):
        raise Refused(message("page: no such chat"))
    if visit.form.get("of") == "chat":
        chat = chat.rstrip("/").rpartition("/")[2]  # of an address, its end
        if not chat:
            raise Refused(message("page: nothing typed"))
    if visit.form.get("of") == "model":
        visit.parts.tools.switches.set_model(visit.user_id, visit.form.get("chat", "").strip(), on)
    elif chat == PAST_CHATS:
        visit.parts.tools.past.switch(visit.user_id, on)
    elif chat == CHANNELS:
        visit.parts.tools.people.agree(visit.user_id, on=on)
    elif chat == NOTES:
        visit.parts.tools.note_switches.set(visit.user_id, on)
    else:
        visit.parts.tools.switches.set(visit.user_id, chat, on)
    return back("switches", "switched on" if on else "switched off")

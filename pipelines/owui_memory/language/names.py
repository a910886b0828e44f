"""People's names as they may stand in a prompt, and who shared a memory."""

from __future__ import annotations

import re
import unicodedata

from ..core.locales import ENGLISH, Locale
from ..core.memory import Memory
from ..core.scope import TEAM, shared_by
from .prompt_injection import gives_orders
from .sanitize import one_line
from .scripts import is_letter

_NAME_CHARS, _LOOKED_CHARS = 40, 200  # of a person's name, told and looked at


# Names that would let somebody else's memory pass for the user's own, or for a part of the prompt.
_NOBODYS = re.compile(
    r"\b(?:user|assistant|system|developer|tool|model|memor(?:y|ies)|team|i|me|my|mine|you|your|yours|"
    r"(?:be)?nutzer|usuario|usuário|utilisateur|utente|gebruiker|użytkownik|пользователь|користувач)\b"
    r"|用户|用戶|使用者|ユーザー|사용자",
    re.IGNORECASE,
)


def name_of(person: str) -> str:
    """A person's name as it may be told: a few words of letters and digits; "" where it is no name."""
    person = unicodedata.normalize("NFKC", one_line(person[:_LOOKED_CHARS]))
    kept = "".join(char if char.isalnum() or is_letter(char) or char in ".'’-" else " " for char in person)
    name = " ".join(kept.split())[:_NAME_CHARS].strip(" .'’-")
    if not any(map(str.isalpha, name)) or _NOBODYS.search(name) or gives_orders(person):
        return ""
    return name


def teller(memory: Memory, reader_id: str, reader_name: str = "", locale: Locale = ENGLISH) -> str:
    """Who has told it, where that is another than its reader: "Ada, team family"; "" for the reader's own.

    What a reader has shared is their own, too.
    """
    if not memory.scope.startswith(TEAM) or memory.batch == shared_by(reader_id):
        return ""
    team = memory.scope.removeprefix(TEAM)
    name = name_of(memory.by)
    if not name:
        return locale.say("nameless in team", team=team)
    same = name.casefold() == name_of(reader_name).casefold()
    return locale.say("namesake in team" if same else "member in team", name=name, team=team)

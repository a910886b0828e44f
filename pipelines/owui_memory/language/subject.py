"""A statement without its subject: "The user lives in Bonn." becomes "lives in Bonn."

Embedders find all sentences about "the user" alike, and far from what their user asks ("Where do I live?").
"""

from __future__ import annotations

import re

_LOOKED_CHARS = 4_000

# What models call their user, with articles, prepositions and endings that belong to it; a language a line.
_USER = (
    r"(?:the|this) user(?:['’]s)?",
    r"(?:d(?:er|es|em|en|ie)|diese[rsmn]?) (?:be)?nutzer(?:s|in|n)?",
    r"(?:de|deze) gebruik(?:er|ster)s?",
    r"(?:a la|de la|al|del|el|la) usuari[oa]",
    r"(?:de |à )?l['’]utilisat(?:eur|rice)",
    r"(?:dell|all|dall|nell|l)['’]utente",
    r"(?:[nd]?[oa]|ao|à) (?:usuári[oa]|utilizador(?:a)?)",
    r"(?:у )?пользовател(?:ь|я|ю|ем|е|ьниц[аыуе]|ьницей)",
    r"(?:у |в )?користувач(?:а|у|ем|еві|к[аиу]|ці|кою)?",
    r"użytkowni(?:ka|k|kowi|kiem|ku|czka|czki|czkę|czce|czką)",
    r"uživatel(?:e|i|em|ka|ky|ce|ku)?",
    r"(?:lui )?utilizator(?:ul|ului|ea|oarea|oarei)",
    r"kullanıcı(?:n[ıi]n|y[ıa]|n?[dt]an?|da|dan|yla)?",
    r"käyttäjä(?:n|ä|llä|lle|ltä|ssä|stä|än)?",
    r"a (?:felhasználó(?:nak|t|val|hoz|ra|tól)?)",
    r"(?:o χρήστης|ο χρήστης|του χρήστη|τον χρήστη|στον χρήστη|η χρήστρια|της χρήστριας)",
    r"(?:användaren|brukeren|brugeren)s?",
    r"(?:لدى |عند )?(?:ال|لل|بال|وال)مستخدمة?",
    r"(?:ה|ל|של ה|ש?ל)משתמש(?:ת)?",
    r"(?:उपयोगकर्ता|यूज़र|यूजर)(?: (?:का|की|के|को|ने|में))?",
    r"(?:si )?pengguna(?:nya)?",
    r"người dùng",
)
_DENSE_USER = (  # in scripts without spaces, where nothing bounds a word
    r"(?:用户|用戶|使用者)的?",
    r"(?:この)?ユーザー(?:さん)?(?:には|は|の|に|が|を)?",
    r"사용자(?:에게는|에게|는|은|의|가|이|를|을)?",
    r"ผู้ใช้",
)
_NAMED = re.compile(
    rf"(?<!\w)(?:{'|'.join(_USER)})(?!\w)[ ]?|^user(?:['’]s)? |(?:{'|'.join(_DENSE_USER)})[ 、，,]?",
    re.IGNORECASE,
)


def without_user(text: str) -> str:
    """A text without what names the user in it, if anything else is left."""
    if len(text) > _LOOKED_CHARS:
        return text
    left = _NAMED.sub("", text).strip()
    return left if any(map(str.isalnum, left)) else text

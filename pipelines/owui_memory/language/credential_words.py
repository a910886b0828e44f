"""What secrets are called, and what is said around their names: the words of data/secrets.txt."""

from __future__ import annotations

from .tables import phrases, rows, sections, source

_SECTIONS = sections(source("secrets"), "secrets.txt")


def _words(section: str) -> frozenset[str]:
    return frozenset(" ".join(_SECTIONS[section]).split())


def _phrases(section: str) -> tuple[str, ...]:
    return tuple(phrases(_SECTIONS[section]))


def names(section: str) -> list[tuple[str, str]]:
    """A section's names, each after the codes of its languages."""
    return [(languages, name) for languages, line in rows(_SECTIONS[section]) for name in phrases([line])]


PLACES = tuple(name for _, name in names("places"))
NETWORKS, NOT_BEHIND, NOT_BEFORE = _phrases("networks"), _phrases("not_behind"), _phrases("not_before")
USERS = frozenset(_phrases("users"))
NOT_CODES, NOT_JUST_BEFORE = _words("not_codes"), _words("not_just_before")
BETWEEN_USER_AND_PASSWORD, AND = _words("between_user_and_password"), _words("and")
SURE_LINKS, BEFORE_LINKS = _words("sure_links"), _words("before_links")
LINKS = SURE_LINKS | _words("links") | _words("possessive_links")
NUMBER_LINKS, YOURS = _words("number_links"), _words("yours")
LOCAL_LINKS = dict(rows(_SECTIONS["local_links"]))
FILLERS, ARTICLES = _words("fillers"), _words("articles")
TOOLS, PLACEHOLDERS = _words("tools"), _words("placeholders")
OF_IT, SMALL_WORDS = _words("of_it"), _words("small_words")

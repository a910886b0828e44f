"""Words of a text in any language: for the keyword indexes of the stores, and for the gate of recall.

Scripts that are written without spaces cannot be split into words. Runs of those become overlapping pairs of
characters, plus the last character alone, so that every single character starts some term and a prefix query
finds it.
"""

# ruff: noqa: SIM905  (lists of words, a language or two a line, are read and corrected as text)

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

TERM_CHARS = 64

_SPACELESS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Tibetan, Myanmar, Khmer
    "\u1100-\u11ff\uac00-\ud7af"  # Hangul: spaced, but particles stick to the word
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_RUNS = re.compile(f"([{_SPACELESS}]+)|[^{_SPACELESS}]+")

# Only the list of the query's own language is applied: "son" is a stop word in French, content in English.
_STOP_WORDS = tuple(
    frozenset(words.split())
    for words in (
        # English
        "a about am an and any are as at be been but by can could d did do does for from had has have "
        "he her him his how i if in into is it its ll m me my of on or our re s she should so some t "
        "than that the their them then there these they this those to ve was we were what when where "
        "which who whom whose why will with would you your",
        # German
        "aber als am an auch auf aus bei bin bis bist da das dass dein deine dem den der des die du "
        "ein eine einem einen einer er es für hab habe haben hat hast hatte ich ihm ihn ihr ihre im "
        "in ist ja kann mein meine meinem meinen meiner mich mir mit nach noch nur ob oder sein seine "
        "sich sie sind so über um und uns von vor war waren warum was welche wem wen wer wie wir wird "
        "wo zu zum zur",
        # French
        "a ai as au aux avec c ce ces cet cette d dans de des du elle en es est et eu il ils j je l "
        "la le les leur lui m ma mais me mes moi mon n ne nos notre nous on ont ou où par pas pour qu "
        "quand que quel quelle qui s sa se ses son sont sur t ta te tes toi ton tu un une vos votre "
        "vous y à était été être",
        # Spanish
        "a al como con cuando cuál cuándo cómo de del donde dónde el ella en era eres es esta este "
        "esto está estoy fue ha han he hay la las le les lo los me mi mis muy más no nos o para pero "
        "por porque qué que quien quién se si sin sobre son soy su sus sí te tengo tiene tu tus un "
        "una y ya yo",
        # Italian
        "a ai al alla che chi ci come con cosa da dal dei del della delle di dove e ed era gli ha hai "
        "hanno ho i il in io la le lo lui ma me mi mia mio ne nel nella non o per perché più quale "
        "quando qual se sei si sono su suo sua ti tu tua tuo un una uno è",
        # Portuguese
        "a ao aos as com como da das de do dos e ela ele em era eu foi há isso isto já lhe mais mas "
        "me meu minha na nas no nos não o onde os ou para pela pelo por porque qual quando que quem "
        "se sem ser seu são sua também te tem tenho teu tua um uma você à é",
        # Dutch
        "aan als bij dan dat de der deze die dit door een en er had heb hebben heeft het hij hoe hun "
        "ik in is je jij kan maar me met mij mijn naar niet nog of om ons ook op over te tot uit van "
        "voor waar waarom wanneer was wat we wel welke wie wij wordt zal ze zich zijn zo",
        # Polish
        "a ale bo być był była co czy dla do gdy gdzie go i ich ja jak jaki jakie jego jej jest już "
        "ją kiedy kto która które który ma mam mi mnie mój moja moje na nie o od po się są ta tak te "
        "tego ten to tu ty u w we z za ze że",
        # Russian
        "а без бы был была были в вы где да для до его ее если есть же за и из или им их к как какая "
        "какие какой когда кто ли меня мне мой моя мы на не ну о об он она они от по почему с со так "
        "то ты у что это я",
    )
)

# Where denial is an ending or a prefix (Turkish, Czech) it is not seen.
_DENIALS = frozenset(
    """
    no not never nothing nobody neither nor cannot without t
    nicht kein keine keinen keinem keiner nie niemals nichts ohne niet geen nooit zonder
    inte ikke ej aldrig aldri utan uden uten ne n pas jamais sans nunca jamás sin tampoco não nem sem
    non mai senza nu niciodată fără nie nigdy bez не нет никогда без ні ніколи δεν δε μη μην ποτέ χωρίς
    değil asla soha nincs ei eivät tidak bukan tanpa
    """.split()
)

# Scripts that set no spaces between words and are not wide: as their letters' names in Unicode begin.
_SPACELESS_SCRIPTS = frozenset(
    "THAI LAO KHMER MYANMAR TIBETAN TAI NEW JAVANESE BALINESE BUGINESE CHAM AHOM KAWI".split()  # NEW TAI LUE
)
_CACHED_CHARS = 16_384
_ASCII_RUNS = re.compile(r"[A-Za-z0-9_]+")

_STEM_CHARS = 5  # of a word: a crude stem, but one for all languages


def plain(text: str) -> str:
    """A text that every JSON parser, embedder and database takes: without halves of characters and NUL."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def terms_of(text: object) -> list[str]:
    """All words of a text, folded, in order; of anything that is no text, none."""
    if not isinstance(text, str):
        return []
    if text.isascii():  # the same, ten times faster
        return [word[:TERM_CHARS] for word in _ASCII_WORDS.findall(text.lower())]
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Marks are kept: without its vowel signs a Hindi word falls apart.
    spaced = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded)
    terms: list[str] = []
    for run in (match for word in spaced.split() for match in _RUNS.finditer(word)):
        if dense := run[1]:
            terms += [dense[at : at + 2] for at in range(len(dense))]
        else:
            terms.append(run[0][:TERM_CHARS])
    return terms


def content_words(text: str) -> list[str]:
    """The words of a text that say what it is about, each once, in order; all of them if it has no other."""
    found = list(dict.fromkeys(terms_of(text)))
    stop = max(_STOP_WORDS, key=lambda listed: len(listed.intersection(found)))
    return [word for word in found if word not in stop] or found


def stem(word: str) -> str:
    """What a word shares with its other forms: its beginning, without accents."""
    if word.isascii():
        return word[:_STEM_CHARS]
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if unicodedata.category(c) != "Mn")
    return bare[:_STEM_CHARS]


def is_lone(term: str) -> bool:
    """Whether a term is the last character of a run without spaces."""
    return len(term) == 1 and re.match(f"[{_SPACELESS}]", term) is not None


def runs(text: str) -> list[str]:
    """The words of a text as they are written: letters, vowel signs, digits. See `terms_of` for terms."""
    if text.isascii():
        return _ASCII_RUNS.findall(text)
    return "".join(char if _is_of_word(char) else " " for char in text).split()


def words(text: str) -> tuple[str, ...]:
    """What is left of a text without case, punctuation and spaces: the same for the same words."""
    return tuple(runs(text.casefold()))


def letters(text: str) -> int:
    """How many letters a text has, vowel signs among them."""
    return sum(map(_is_letter, text))


@lru_cache(_CACHED_CHARS)
def script(char: str) -> str:
    """The script of a letter, as its name in Unicode begins: LATIN, KHMER, CJK."""
    return unicodedata.name(char, "").partition(" ")[0]


@lru_cache(_CACHED_CHARS)
def sets_no_spaces(char: str) -> bool:
    """Whether a character is of a script that is written without spaces between words."""
    if char.isascii() or not _is_letter(char):
        return False
    return unicodedata.east_asian_width(char) == "W" or script(char) in _SPACELESS_SCRIPTS


def is_dense(text: str) -> bool:
    """Whether a text has words without spaces between them."""
    return not text.isascii() and any(map(sets_no_spaces, text))


def is_caseless(text: str) -> bool:
    """Whether most letters of a text are of a script without capitals."""
    found = [char for char in text if char.isalpha()]
    return 2 * sum(char.upper() == char.lower() for char in found) > len(found)


@lru_cache(_CACHED_CHARS)
def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM"


@lru_cache(_CACHED_CHARS)
def _is_of_word(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LMN"


def telling(text: str) -> set[str]:
    """Numbers, and words with a capital that is not the first of the text."""
    found = runs(text)
    return {
        word.casefold()
        for position, word in enumerate(found)
        if any(c.isdigit() for c in word) or (position and any(c.isupper() for c in word))
    }


def denials(text: str) -> frozenset[str]:
    """As a set: some of them are harmless words in another language, and then in both of two like texts."""
    return _DENIALS.intersection(words(text))


def mark_of(text: str) -> str:
    """What stays of a text that is forgotten, to know it again: one in 65,536 has the same."""
    return f"\x1a{hashlib.blake2b(' '.join(words(text)).encode(), digest_size=2).hexdigest()}"


def is_mark(text: str) -> bool:
    """Whether this is what stayed of a text."""
    return text.startswith("\x1a")

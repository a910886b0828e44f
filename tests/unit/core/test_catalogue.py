"""Every text in every language, with the same placeholders, and commands in it that do what they say."""

import ast
import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

import owui_memory
from owui_memory.commands.parse import DID_YOU_MEAN, read_command
from owui_memory.commands.verbs import VERBS, folded, names
from owui_memory.core.locales import CODES, ENGLISH, Locale, code_of, locale, message, po, source
from owui_memory.core.reason import Reason
from owui_memory.interfaces.web.rendering import LANGUAGES
from owui_memory.recall.block import is_own, line, without_block
from owui_memory.remember import admission
from tests.harness.samples import NOW, memory

OTHERS = [code for code in CODES if code != "en"]
MESSAGES = {code: po.read(source(code)) for code in CODES}
PLACES = re.compile(r"\{\w+\}")
COMMAND = re.compile(r"`(/memory[^`]*)`")
PAGE = re.compile(
    r"page(?:: |, (?:view|done|kind|time|change|source|role|origin|import): )"
)  # texts of the web page
SAID = re.compile(r"""\b(?:say|label)\((["'])(.+?)\1""")  # in templates
PACKAGE = Path(owui_memory.__file__).parent
# What English says in two words where another language needs none, and the other way around.
_MAY_LACK = {"{n}", "{first}"}


def forms(code: str, id_: str) -> tuple[str, ...]:
    return MESSAGES[code][id_]


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_there_and_no_other(code: str) -> None:
    has_page = code in LANGUAGES
    wanted = [id_ for id_ in MESSAGES["en"] if has_page or not PAGE.match(id_)]
    assert list(MESSAGES[code]) == wanted
    assert [id_ for id_, said in MESSAGES[code].items() if not all(said)] == []


@pytest.mark.parametrize("code", CODES)
def test_placeholders_are_those_of_the_english(code: str) -> None:
    wrong = {
        id_: said
        for id_, said in MESSAGES[code].items()
        if id_
        and {frozenset(PLACES.findall(one)) for one in said}
        != {frozenset(PLACES.findall(forms("en", id_)[-1]))}
    }
    assert wrong == {}


@pytest.mark.parametrize("code", CODES)
def test_plurals_have_the_forms_of_the_language(code: str) -> None:
    header = forms(code, "")[0]
    count = re.search(r"nplurals=(\d)", header)
    assert count
    assert f"Language: {code}\n" in header
    plural = {id_ for id_ in MESSAGES[code] if len(MESSAGES["en"][id_]) > 1}
    assert {len(MESSAGES[code][id_]) for id_ in plural} == {int(count[1])}
    assert all(len(said) == 1 for id_, said in MESSAGES[code].items() if id_ not in plural)


@pytest.mark.parametrize("code", CODES)
def test_commands_in_texts_are_those_of_the_english(code: str) -> None:
    """Each is read as the same verb, and calls it as its list of words does first."""

    def commands(text: str) -> list[str]:
        read = [read_command(PLACES.sub("1", said)) for said in COMMAND.findall(text)]
        assert all(read)
        return [command.verb for command in read if command]

    for id_, said in MESSAGES[code].items():
        for one in said:
            assert Counter(commands(one)) == Counter(commands(forms("en", id_)[-1])), id_
            for typed in COMMAND.findall(one):
                verb = typed.removeprefix("/memory").strip().partition(" ")[0]
                two = " ".join(typed.split()[1:3])
                assert not verb or {verb, two} & {
                    locale(code).words(f"verb {v}")[0].partition(" |")[0] for v in VERBS
                }


def test_no_word_means_two_verbs() -> None:
    meant: dict[str, set[str]] = {}
    for code in CODES:
        for verb in VERBS:
            for word in re.split(r"[,|]", locale(code).say(f"verb {verb}")):
                if word.strip():
                    meant.setdefault(folded(word.strip()), set()).add(verb)
    assert {word: verbs for word, verbs in meant.items() if len(verbs) > 1} == {}


def test_no_word_is_two_kinds_of_thing() -> None:
    kinds = {
        kind: {folded(w) for code in CODES for w in locale(code).words(f"word {kind}")}
        for kind in ("everything", "yes")
    }
    assert not kinds["everything"] & kinds["yes"]
    assert not {folded(w) for code in CODES for w in locale(code).words("word always")} & {
        folded(w) for code in CODES for w in locale(code).words("word here")
    }


@pytest.mark.parametrize("code", CODES)
def test_all_words_are_read_as_they_are_typed(code: str) -> None:
    for verb in VERBS:
        for word in locale(code).say(f"verb {verb}").partition("|")[0].split(","):
            for typed in (word.strip(), word.strip().upper(), folded(word.strip())):
                command = read_command(f"/memory {typed} 1")
                assert (command.verb, command.rest) == (verb, "1"), typed
    for name in locale(code).words("name"):
        command = read_command(f"/{name.title()}")
        assert command.verb == "list"


def test_verbs_have_names_of_their_own() -> None:
    assert DID_YOU_MEAN not in VERBS
    assert {"memory", "gedachtnis", "memoria", "memoire", "память", "记忆", "メモリ", "記憶"} <= set(names())


def literals() -> set[str]:
    """All texts in the code that may be an id, with {} for what is put in."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.html"):
        found.update(text for _, text in SAID.findall(path.read_text(encoding="utf-8")))
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            if isinstance(node, ast.JoinedStr):
                found.add("".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values))
    return found


# Kinds whose ids are put together of words of other modules, which are checked below.
_LABELS = (
    "reason: ",
    "refused: ",
    "refused, hint: ",
    "outcome: ",
    "nearness: ",
    "overlap: ",
    "verb ",
    "word ",
    "digest title: ",
    "digest name: ",
    "document: ",
)


def test_no_text_is_there_for_nothing() -> None:
    known = literals()
    patterns = [
        re.compile(re.escape(one).replace(r"\{\}", r"[a-z]+"))
        for one in known
        if "{}" in one and len(one) < 40 and re.search("[a-z]{3}", one)
    ]
    unused = [
        id_
        for id_ in MESSAGES["en"]
        if id_
        and not id_.startswith(_LABELS)
        and id_ not in known
        and not any(p.fullmatch(id_) for p in patterns)
        and not (PAGE.match(id_) and PAGE.sub("", id_) in known)
    ]
    assert unused == []
    words = {id_.partition(": ")[2] for id_ in MESSAGES["en"] if id_.startswith(_LABELS[:6])}
    assert sorted(words - known - {"the deadline passed"}) == sorted(
        word for word in words - known if "learn" in word
    ), "said by nothing"


def test_every_reason_has_its_words() -> None:
    unseen = {Reason.TASK, Reason.NO_USER, Reason.NOT_PERMITTED}  # nobody can ask about these
    assert {one for one in Reason if not ENGLISH.has(f"reason: {one}")} <= unseen
    refusals = [
        getattr(admission, n)
        for n in ("EMPTY", "TOO_LONG", "HOLDS_SECRET", "IS_A_WISH", "NO_SCOPE", "GIVES_ORDERS")
    ]
    for reason in refusals:
        assert all(
            locale(code).has(f"refused: {reason}") and locale(code).has(f"refused, hint: {reason}")
            for code in CODES
        )


@pytest.mark.parametrize("code", CODES)
def test_what_is_said_around_memories_is_short_and_none_of_their_lines(code: str) -> None:
    words = locale(code)
    assert len(words.say("block, more")) < len(words.say("block, header")) / 2
    for id_ in ("nameless in team", "namesake in team", "member in team"):
        told_by = words.say(id_, name="Ada", team="family")
        assert not is_own(line(memory("x"), NOW, told_by, words))
    assert words.say("block, correction", line="- x", before="y").startswith("- x")
    for id_ in ("block, header", "block, more", "block, shared"):
        assert "\n" not in words.say(id_)
    assert all("`" not in words.say(id_) for id_ in ("note, used list", "note, learned list"))
    assert without_block("x") == "x"


@pytest.mark.parametrize("code", CODES)
def test_days_can_be_written(code: str) -> None:
    at = datetime(2026, 5, 1, 9, 7)
    for id_ in ("day", "day and time"):
        form = locale(code).say(id_)
        assert set(re.findall("%.", form)) <= {"%Y", "%m", "%d", "%H", "%M"}
        assert "2026" in at.strftime(form)


class TestLocale:
    def test_a_text_that_is_missing_is_english(self) -> None:
        some = Locale("xx", {"": ("Plural-Forms: nplurals=1; plural=0;\n",), "memories": ("{n} X",)}, ENGLISH)
        assert some.say("nothing forgotten") == "Nothing was forgotten."
        assert some.say("memories", n=5) == "5 X"
        assert some.say("waiting", n=1) == "1 message waits to be remembered."

    def test_one_with_another_placeholder_is_english(self) -> None:
        some = Locale("xx", {"known": ("X {other}",)}, ENGLISH)
        assert some.say("known", text="t") == "I already know that: t"

    def test_what_is_put_in_is_not_read_again(self) -> None:
        hostile = "{text} {n} {0} {text.__class__} %s \\1 \\g<0>"
        assert ENGLISH.say("known", text=hostile) == f"I already know that: {hostile}"

    @pytest.mark.parametrize(
        ("code", "count", "said"),
        [
            *(("en", 1, "1 memory"), ("en", 0, "0 memories"), ("en", 1234, "1,234 memories")),
            *(("de", 1, "1 Erinnerung"), ("de", 1234, "1.234 Erinnerungen")),
            *(("fr", 0, "0 souvenir"), ("fr", 2, "2 souvenirs"), ("fr", 1234, "1\u202f234 souvenirs")),
            *(("ru", 1, "1 воспоминание"), ("ru", 3, "3 воспоминания"), ("ru", 11, "11 воспоминаний")),
            *(("ru", 21, "21 воспоминание"), ("ru", 1_234_512, "1\u00a0234\u00a0512 воспоминаний")),
            *(("es", 2, "2 recuerdos"), ("zh", 1, "1 条记忆"), ("ja", 2, "メモリ2件")),
        ],
    )
    def test_numbers(self, code: str, count: int, said: str) -> None:
        assert locale(code).say("memories", n=count) == said

    def test_messages_in_messages(self) -> None:
        told = locale("ru").say("known of you", memories=message("memories", n=2))
        assert told == "О вас я помню: 2 воспоминания."

    @pytest.mark.parametrize(
        ("tag", "code"),
        [
            *(("de", "de"), ("de-AT", "de"), ("DE_de", "de"), ("zh-Hans-CN", "zh"), ("zh-TW", "zh")),
            *(("en-US", "en"), ("ja-JP", "ja"), ("pt-BR", ""), ("xx-YY", ""), ("", ""), (None, "")),
            *(
                (["de"], ""),
                ({"de": 1}, ""),
                (7, ""),
                ("../../de", ""),
                ("de/../../x", ""),
                ("d" * 10_000, ""),
            ),
            *(("de" + "-x" * 5000, ""), ("de\n", ""), ("de;q=0.9", ""), ("Unknown", ""), ("\u0000de", "")),
        ],
    )
    def test_tags(self, tag: object, code: str) -> None:
        assert code_of(tag) == code

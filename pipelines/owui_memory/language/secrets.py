"""Secrets in what people say: keys, passwords, card and account numbers; by shape, or by being called so.

Shapes are those of detect-secrets, with a few that it lacks; where that package is not installed, the few
alone. What a number is, its check digits say. A password has no shape: it is what is said to be one, in a
dozen languages (`credentials.py`). Telephone numbers, birthdays, addresses and names of commits are none.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from .credential_values import is_value, stripped
from .credential_words import SMALL_WORDS
from .credentials import said_secrets

LEFT_OUT = "[secret left out]"

Span = tuple[int, int]

# Of detect-secrets: the plugins whose patterns are of one vendor's keys, fit no words of a sentence, and
# take time in proportion to the text.
_PLUGINS = (
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
)
# What it lacks, and what the commonest look like, for where it is not installed.
_OURS = (
    re.compile(
        r"(?<![A-Za-z0-9])(?:"
        r"[sprw]k[-_](?=[\w-]{0,40}\d)[\w-]{16,512}"  # OpenAI, Anthropic, OpenRouter, Stripe
        r"|(?:gh[opsur]|github_pat)_\w{16,}"
        r"|gl(?:pat|dt|ft|soat|rt|cbt|ptt)-[\w-]{16,}"
        r"|xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,}"  # Slack
        r"|(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}|[0-9a-f]{32}-us\d\d?\b"  # AWS, Mailchimp
        r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
        r"|(?:hf|gsk|r8|nvapi|npm|pplx|tvly|xai|fw|sntrys|dapi|figd|ntn|lin_api|shp(?:at|ca|pa|ss)"
        r"|dop_v1|doo_v1|hvs|vercel|rnd|key)[-_]"
        r"(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Za-z])[A-Za-z0-9][\w-]{19,512}"
        r"|secret_[A-Za-z0-9]{40,}|pypi-[\w-]{40,}|SG\.[\w-]{16,}\.[\w-]{16,}"
        r"|(?<![\w.-])eyJ[\w-]{8,2048}\.[\w-]{8,2048}(?:\.[\w-]*)?"  # JSON Web Tokens
        r"|AGE-SECRET-KEY-1[0-9A-Z]{40,}|[xyz]prv[1-9A-HJ-NP-Za-km-z]{50,}"
        r")"
    ),
    re.compile(r"(?<=://)[^\s/:@]{0,200}:[^\s/@]{1,200}(?=@)"),  # a name and a password in an address
)
# Programs that are told a password, and how.
_PROGRAM = re.compile(
    r"\b(?:(?P<attached>mysql(?:dump|admin|import|show)?|mariadb(?:-dump)?|7za?|7zz|rar|unrar)"
    r"|(?P<p>sshpass|(?:docker|podman|helm registry|oc|skopeo|buildah) login)"
    r"|(?P<k>openssl \w{2,12})|(?P<a>redis-cli|redis-benchmark)|(?P<w>ldap\w{3,10}))\s"
)
_OPTIONS = {
    "attached": re.compile(r"\s-p(?=\S)[\"']?([^\s\"']+)"),
    "p": re.compile(r"\s-p\s{0,2}[\"']?([^\s\"']+)"),
    "a": re.compile(r"\s-a\s{0,2}[\"']?([^\s\"']+)"),
    "k": re.compile(r"\s(?:-k|-pass(?:in|out)?\s{1,2}pass:)\s{0,2}[\"']?([^\s\"']+)"),
    "w": re.compile(r"\s-w\s{0,2}[\"']?([^\s\"']+)"),
}
_OPTION_CHARS = 200  # behind the program's name
# Of commands, headers and messages; what is secret is the group. By what a text has that they fit.
_PARTS = {
    "-": (
        re.compile(r"\s(?:-u|-a|--user|--auth)[ =][\"']?(?!\d+:\d+\b)[^\s:\"']{1,64}:([^\s\"'@]{1,128})"),
        re.compile(r"\s(?:-U|--user)[ =]?[\"']?[^\s%\"']{1,64}%([^\s\"']{1,128})"),  # Samba
        re.compile(r"\s-u\s{1,2}[^\s-]\S{0,63}\s{1,2}-p\s{0,2}(?![\d.:]+(?:\s|\Z))([^\s-]\S{3,127})"),
        re.compile(r"\b(?:un)?zip (?:-\w{1,9} ){0,4}?-P\s{0,2}(\S{4,128})"),
        re.compile(r"\bhtpasswd(?: -\w{1,6}){1,4} \S{1,200} \S{1,64} (\S{4,128})"),
    ),
    "|": (re.compile(r"\becho [\"']?([^\s\"'|]{4,128})[\"']?\s{0,2}\|\s{0,2}sudo\s"),),
    " p": (re.compile(r"\b(?:user|username|login) \S{1,64} (?:pass|pw|pwd) (\S{4,128})", re.I),),
    "/": (re.compile(r"\bnet use(?: [^\s/]{1,100}){1,2} ([^\s/]{4,128}) /user:", re.I),),
    "authorization": (
        re.compile(
            r"\bauthorization[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?:basic|bearer|token|digest)\s([\w+/=.~-]{6,500})",
            re.I,
        ),
    ),
    " to ": (
        re.compile(
            r"(?<![\w.,-])(\d{3}[ -]?\d{3}|\d{4,8})(?=,? to (?:(?:sign|log) ?in|verify|confirm|complete)\b)"
        ),
    ),
}
_LOGIN = re.compile(r":[ \t]{0,2}[\w.@+-]{2,64} / (\S{6,64})")  # "Jira: ada / ..."
# A key without a prefix: no word, path or name changes so often between capitals, small letters and figures.
_RANDOM = re.compile(r"(?<![\w+/=.@-])[A-Za-z0-9+/_-]{32,128}={0,2}(?![\w+/=-])")
_TURN = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[a-z0-9]|(?<=[0-9])[A-Za-z]")
_LEAST_TURNS = 0.3  # of its characters are of another sort than the one before
# Words of a wallet: so many, and no other words among them.
_WALLET_WORDS = (12, 15, 18, 21, 24)
_SMALL_LETTERS = re.compile(r"(?<![a-z])[a-z]{3,8}(?: [a-z]{3,8}){11,}")
_NUMBERED = re.compile(r"\b1[.):]?\s?[a-z]{3,8}(?:[,;]?\s\d\d?[.):]?\s?[a-z]{3,8}){11,23}\b")
_ENDING = re.compile(r"(?:[^s]s|ed|ing|ly)\Z")
_PEM_BEGINS = "-----BEGIN "
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[A-Z0-9 ]+-----|\Z)", re.DOTALL
)
_WINDOW_CHARS, _OVERLAP_CHARS = 20_000, 1000  # a text is looked through piece by piece
_LONG_WORD = re.compile(r"[!-~]{16}")  # without one there is no key
_FEWEST_SORTS = 8  # a key has so many different characters

# Numbers with check digits, each in the form that nothing else has, and the module of python-stdnum that
# knows them. Where that package is not installed, what has the form is taken for one.
_CARD_DIGITS = re.compile(r"(?<![\w+.,/-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
_PERSONAL = (
    ("", r"\d{3}-\d\d-\d{4}"),  # of the United States: no check digits
    ("it.codicefiscale", r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]"),
    ("es.dni", r"\d{8}-?[A-HJ-NP-TV-Z]"),
    ("es.nie", r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]"),
    ("fr.nir", r"[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d"),
    ("se.personnummer", r"(?:19|20)?\d\d(?:0[1-9]|1[0-2])[0-3]\d[-+]\d{4}"),
    ("fi.hetu", r"[0-3]\d(?:0[1-9]|1[0-2])\d\d[-+A-FU-Y]\d{3}[0-9A-Y]"),
    ("br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d"),
    ("cn.ric", r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d{4}[\dX]"),
    ("kr.rrn", r"\d\d(?:0[1-9]|1[0-2])[0-3]\d-[1-8]\d{6}"),
    ("mx.curp", r"[A-Z]{4}\d\d(?:0[1-9]|1[0-2])[0-3]\d[HMX][A-Z]{5}[A-Z\d]\d"),
    ("be.nn", r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d"),
    ("ch.ssn", r"756\.\d{4}\.\d{4}\.\d\d"),
    ("cz.rc", r"\d\d(?:[05][1-9]|[16][0-2]|[27][1-9]|[38][0-2])[0-3]\d/\d{4}"),
    ("cl.rut", r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]"),
)
_PERSONS = re.compile(
    r"(?<![\w+.,/-])(?=[\dA-Z]{2}|[12] \d\d|[XYZ\d][-.])"
    rf"(?:{'|'.join(f'({form})' for _, form in _PERSONAL)})(?![\w-]|[.,/]\d)"
)
_CARD = re.compile(  # what an issuer's numbers begin with, and how long they are
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d|62\d\d|35[2-8]\d|50\d\d|5[6-9]\d\d|60\d\d|63\d\d|67\d\d)\d{12,15}"
    r"|3(?:0[0-5]|[689]\d)\d{11}"
)
_IBAN_CHARS, _FEWEST_DIGITS = 15, 8  # at least


def find_secrets(text: str) -> list[Span]:
    """Where secrets stand in a text, in order; none overlap."""
    found = [
        (begin + start, begin + end)
        for begin in range(0, len(text), _WINDOW_CHARS)
        for start, end in _found(text[begin : begin + _WINDOW_CHARS + _OVERLAP_CHARS])
    ]
    if _PEM_BEGINS in text:
        found += (match.span() for match in _PEM.finditer(text))
    apart: list[Span] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


def masked(text: str) -> tuple[str, int]:
    """A text with words in the place of each secret, and how many there were."""
    secrets = find_secrets(text)
    if not secrets:
        return text, 0
    ends = [0, *(end for _, end in secrets)]
    starts = [*(start for start, _ in secrets), len(text)]
    return LEFT_OUT.join(text[end:start] for end, start in zip(ends, starts, strict=True)), len(secrets)


def holds_secret(text: str) -> bool:
    """Whether there is one, or was one that is left out: such a text is not worth keeping."""
    return LEFT_OUT in text or bool(find_secrets(text))


def _found(text: str) -> Iterator[Span]:
    yield from said_secrets(text)
    yield from _keys(text)
    small = text.lower()
    for has, parts in _PARTS.items():
        if has in small:
            yield from (match.span(1) for part in parts for match in part.finditer(text))
    yield from _of_programs(text)
    for login in _LOGIN.finditer(text) if " / " in text else ():
        start, end = stripped(text, *login.span(1))
        if is_value(text[start:end], 6) and any(map(str.isalpha, text[start:end])):
            yield start, end
    yield from _wallets(text)
    if sum(map(text.count, "0123456789")) >= _FEWEST_DIGITS:
        yield from (match.span() for match in _CARD_DIGITS.finditer(text) if _is_card(match[0]))
        yield from _ibans(text)
        yield from (
            match.span()
            for match in _PERSONS.finditer(text)
            if _is_valid(_PERSONAL[(match.lastindex or 1) - 1][0], match[0])
        )


def _keys(text: str) -> Iterator[Span]:
    if not _LONG_WORD.search(text) or len(set(text)) < _FEWEST_SORTS:
        return
    for pattern in formats():
        for match in pattern.finditer(text):
            yield match.span()
    for match in _RANDOM.finditer(text):
        if _has_all_sorts(match[0]) and len(_TURN.findall(match[0])) >= _LEAST_TURNS * len(match[0]):
            yield match.span()


def _has_all_sorts(value: str) -> bool:
    return all(any(map(of, value)) for of in (str.isupper, str.islower, str.isdigit))


def _of_programs(text: str) -> Iterator[Span]:
    if "-" not in text:  # of an option
        return
    for program in _PROGRAM.finditer(text):
        how = _OPTIONS[program.lastgroup or ""]
        end = min(program.end() + _OPTION_CHARS, len(text))
        if option := how.search(text, program.end() - 1, end):
            yield option.span(1)


def _wallets(text: str) -> Iterator[Span]:
    if "1" in text:
        yield from (match.span() for match in _NUMBERED.finditer(text))
    if text.count(" ") < _WALLET_WORDS[0] - 1:
        return
    for run in _SMALL_LETTERS.finditer(text):
        at, words = run.start(), []
        for word in [*run[0].split(" "), "the"]:  # one that is none ends it
            if word not in SMALL_WORDS:
                words.append(word)
            else:
                if len(words) in _WALLET_WORDS and sum(map(bool, map(_ENDING.search, words))) * 6 <= len(
                    words
                ):
                    yield at - len(" ".join(words)) - 1, at - 1
                words = []
            at += len(word) + 1


@lru_cache(1)
def formats() -> Sequence[re.Pattern[str]]:
    """The shapes of keys. Half a second the first time: detect-secrets imports what we do not need."""
    found = list(_OURS)
    for module, name in _PLUGINS:
        try:
            plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        except (ImportError, AttributeError):
            continue
        found += plugin.denylist
    return found


def _is_card(shown: str) -> bool:
    digits = re.sub(r"\D", "", shown)
    return bool(_CARD.fullmatch(digits)) and _is_valid("luhn", digits)


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        # The next words of the sentence may look like more groups.
        ends = range(match.end(), match.start() + _IBAN_CHARS - 1, -1)
        for end in (end for end in ends if text[end - 1].isalnum() and not text[end : end + 1].isalnum()):
            if _is_valid("iban", text[match.start() : end]):
                yield match.start(), end
                break


def _is_valid(module: str, shown: str) -> bool:
    check = _checker(module)
    return check is None or check(shown)


@lru_cache(len(_PERSONAL) + 2)
def _checker(module: str) -> Callable[[str], bool] | None:
    if not module:
        return None
    try:
        is_valid: Callable[[str], bool] = importlib.import_module(f"stdnum.{module}").is_valid
    except ImportError:
        return None
    return is_valid

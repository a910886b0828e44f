"""Secrets in what people say: keys, passwords, card and account numbers; by shape, or by being called so.

Shapes are those of detect-secrets, with a few that it lacks; where that package is not installed, the few
alone. What a number is, its check digits say. A password has no shape: it is what is said to be one, in a
dozen languages (`credentials.py`). Telephone numbers, birthdays, addresses and names of commits are none.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from .credentials import said_secrets

LEFT_OUT = "[secret left out]"

Span = tuple[int, int]

# Of detect-secrets: the plugins whose patterns are of one vendor's keys, and fit no words of a sentence.
_PLUGINS = (
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("openai", "OpenAIDetector"),
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
        r"[sprw]k[-_](?=[\w-]*\d)[\w-]{16,}"  # OpenAI, Anthropic, OpenRouter, Stripe
        r"|(?:gh[opsur]|github_pat)_\w{16,}"
        r"|gl(?:pat|dt|ft|soat|rt|cbt|ptt)-[\w-]{16,}"
        r"|xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,}"  # Slack
        r"|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}"
        r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
        r"|(?:hf|gsk|r8|nvapi|npm|pplx|tvly|xai|fw|sntrys|dapi|figd|ntn|lin_api|shp(?:at|ca|pa|ss)"
        r"|dop_v1|doo_v1|hvs|vercel|rnd|key)[-_]"
        r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9][\w-]{19,}"
        r"|secret_[A-Za-z0-9]{40,}|pypi-[\w-]{40,}|SG\.[\w-]{16,}\.[\w-]{16,}"
        r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # JSON Web Tokens
        r"|AGE-SECRET-KEY-1[0-9A-Z]{40,}|[xyz]prv[1-9A-HJ-NP-Za-km-z]{50,}"
        r")"
    ),
    re.compile(r"(?i)(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"),  # a name and a password in an address
    re.compile(r"(?i)\b(?:AccountKey|SharedAccessKey|aws_secret_access_key|authToken)=[\w+/=-]{16,}"),
)
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[A-Z0-9 ]+-----|\Z)", re.DOTALL
)
# The shapes are looked for in pieces of this size only: on a megabyte in one word some would take minutes.
_LONG_WORD = re.compile(r"[!-~]{16,1024}")

_DIGITS = re.compile(r"(?<![\w+.,/-])\d(?:[ -]?\d){12,18}(?![\w-])")
_CARD = re.compile(  # what an issuer's numbers begin with, and how long they are
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d|62\d\d|35[2-8]\d|50\d\d|5[6-9]\d\d|60\d\d|63\d\d|67\d\d)\d{12,15}"
    r"|3(?:0[0-5]|[689]\d)\d{11}"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
_IBAN_CHARS, _IBAN_DIGITS = 15, 8  # at least


class Secret(NamedTuple):
    """Where one stands in a text, and what it is, in words."""

    start: int
    end: int
    what: str


def find_secrets(text: str) -> list[Secret]:
    """The secrets in a text, in order; none overlap."""
    found = sorted(_found(text))
    apart: list[Secret] = []
    for secret in found:
        if apart and secret.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(secret.end, apart[-1].end))
        else:
            apart.append(secret)
    return apart


def masked(text: str) -> tuple[str, int]:
    """A text with words in the place of each secret, and how many there were."""
    secrets = find_secrets(text)
    for secret in reversed(secrets):
        text = f"{text[: secret.start]}{LEFT_OUT}{text[secret.end :]}"
    return text, len(secrets)


def holds_secret(text: str) -> bool:
    """Whether there is one, or was one that is left out: such a text is not worth keeping."""
    return LEFT_OUT in text or bool(find_secrets(text))


def _found(text: str) -> Iterator[Secret]:
    yield from (Secret(start, end, "a password") for start, end in said_secrets(text))
    if "-----BEGIN" in text:
        yield from (Secret(*match.span(), "a key") for match in _PEM.finditer(text))
    for word in _LONG_WORD.finditer(text):
        yield from (Secret(start, end, "a key") for start, end in _keys(text, *word.span()))
    if _has_digits(text):
        yield from (
            Secret(*match.span(), "a card number") for match in _DIGITS.finditer(text) if _is_card(match[0])
        )
        yield from (Secret(start, end, "an account number") for start, end in _ibans(text))


def _keys(text: str, begin: int, end: int) -> Iterator[Span]:
    for pattern in formats():
        for match in pattern.finditer(text, begin, end):
            yield match.span()


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


def _has_digits(text: str) -> bool:
    return sum(map(text.count, "0123456789")) >= _IBAN_DIGITS


def _is_card(shown: str) -> bool:
    digits = re.sub(r"\D", "", shown)
    return bool(_CARD.fullmatch(digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        # The next words of the sentence may look like more groups.
        for end in range(match.end(), match.start() + _IBAN_CHARS - 1, -1):
            if _is_iban(text[match.start() : end]):
                yield match.start(), end
                break


def _is_iban(shown: str) -> bool:
    """ISO 13616: the country and check digits moved to the end, letters as numbers, leave 1 modulo 97."""
    chars = re.sub(r"[ -]", "", shown).upper()
    if len(chars) < _IBAN_CHARS or not shown[-1].isalnum() or sum(map(str.isdigit, chars)) < _IBAN_DIGITS:
        return False
    return int("".join(str(int(char, 36)) for char in chars[4:] + chars[:4])) % 97 == 1

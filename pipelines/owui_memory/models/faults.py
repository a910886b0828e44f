"""Foreign exceptions -> the three reactions of `core/errors.py`, whatever library raised them.

mem0's providers raise the errors of a dozen client libraries; what they share is an HTTP status
somewhere in the chain, or an OSError. Their texts may quote what a user said, so none is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..core.errors import Drop, MemoryFault, Retry, RetryFew, TellAdmin
from .limits import OverlongAnswerError

_REFUSED_INPUT = {400, 413, 422}
_REFUSED_CALLER = {401, 402, 403, 404, 405}

# Classes of PostgreSQL's SQLSTATE: logging in, no such database, rights and names, features; data.
_REFUSED_SQL = ("28", "3D", "42", "0A", "58P01")
_REFUSED_SQL_INPUT = ("22",)

# What code raises over a value that it did not expect: the text may be the reason, and may not.
_UNFORESEEN = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError),
    *(RuntimeError, MemoryError),
)


@contextmanager
def translated(part: str, address: str = "", *, slow: type[Retry] = Retry) -> Iterator[None]:
    """Turn whatever is raised inside into a MemoryFault that names `part` and what to do.

    slow: what a time-out becomes.
    """
    try:
        yield
    except MemoryFault:
        raise
    except Exception as error:
        raise fault_of(part, address, error, slow) from error


def fault_of(part: str, address: str, error: Exception, slow: type[Retry] = Retry) -> MemoryFault:
    """What an exception means, said of `part`."""
    who = f"The {part}" + (f" at {host}" if (host := host_of(address)) else "")
    chain = list(chain_of(error))
    if named := next((link for link in chain if isinstance(link, MemoryFault)), None):
        return named.again()  # mem0 put an error of its own around it
    if any(isinstance(link, OverlongAnswerError) for link in chain):
        hint = "Do the settings name the right server? Its answers must end."
        return RetryFew(f"{who} sent more than an answer may hold.", hint=hint)
    status = status_of(error)
    if status in _REFUSED_CALLER:
        hint = "Check its address, model and key in the settings."
        return TellAdmin(f"{who} refused the request (HTTP {status}).", hint=hint)
    if status in _REFUSED_INPUT:
        return Drop(
            f"{who} cannot take this input (HTTP {status}).", hint="Check that its model is the right one."
        )
    if status:
        return Retry(f"{who} answered HTTP {status}.", hint="Look at its log if this keeps happening.")
    if any(_is_no_text(link) for link in chain):
        return Drop(f"{who} cannot take this input: it holds invalid characters.")
    sqlstate = next((code for link in chain if isinstance(code := getattr(link, "sqlstate", None), str)), "")
    if sqlstate.startswith(_REFUSED_SQL):
        hint = "Check the store's address, password, rights and the pgvector extension."
        return TellAdmin(f"{who} refused the statement (SQLSTATE {sqlstate}).", hint=hint)
    if sqlstate.startswith(_REFUSED_SQL_INPUT):
        return Drop(f"{who} cannot take this input (SQLSTATE {sqlstate}).")
    missing = next((link for link in chain if isinstance(link, ImportError)), None)
    if missing is not None:
        hint = f"Install {missing.name or 'its package'} next to mem0ai, then restart the Pipelines server."
        return TellAdmin(f"{who} needs a Python package that is not installed here.", hint=hint)
    names = [type(link).__name__ for link in chain]
    if any("Timeout" in name for name in names):
        return slow(f"{who} took too long.", hint="Is it overloaded, or still loading its model?")
    if any(
        "Connect" in name or "Unavailable" in name or name == "ResponseHandlingException" for name in names
    ):
        return Retry(
            f"{who} cannot be reached.", hint="Is it running, and is its address in the settings right?"
        )
    if any(_is_login(link) for link in chain):
        hint = "Is PostgreSQL running, and are address, user, password and database right?"
        return Retry(f"{who} cannot be reached, or refuses the login.", hint=hint)
    kind = RetryFew if isinstance(chain[-1], _UNFORESEEN) and not _is_json(chain[-1]) else Retry
    return kind(f"{who} failed ({names[-1]}).", hint="Look at the server's log around this time.")


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an exception is about, or one behind it."""
    return next((code for link in chain_of(error) if (code := _status(link))), None)


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those behind it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_json(error: BaseException) -> bool:
    """That an answer was none: the server's fault, whatever it was asked."""
    return type(error).__name__ == "JSONDecodeError"


def _is_login(error: BaseException) -> bool:
    """psycopg's error where no session came about."""
    return type(error).__name__ == "OperationalError" and type(error).__module__.startswith("psycopg")


def _is_no_text(error: BaseException) -> bool:
    """Half a surrogate pair, or what psycopg does not even send: a NUL."""
    refused = type(error).__name__ == "DataError" and not getattr(error, "sqlstate", None)
    return isinstance(error, UnicodeEncodeError) or (refused and type(error).__module__.startswith("psycopg"))


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code"):  # google.genai says `code`
            status = getattr(holder, name, None)
            if isinstance(status, int) and 300 <= status < 600:
                return status
    return None


def host_of(address: str) -> str:
    """Host and port alone: an address may hold a password, and that a / or an @ which should be quoted."""
    return address.partition("://")[2].partition("?")[0].rpartition("@")[2].partition("/")[0]

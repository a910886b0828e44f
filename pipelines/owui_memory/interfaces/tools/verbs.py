"""The verbs: what each takes and does, as models are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from ...config.scoping import reading_view
from ...config.settings import Valves
from ...core.permission import Decision
from ...core.scope import View
from ...core.turn import Turn
from ...remember.admission import LONGEST_CHARS

MOST_FOUND = 20
_QUERY_CHARS, _ID_CHARS, _ERRORS_TOLD = 1000, 64, 3

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_CHARS)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_ID_CHARS)]
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_QUERY_CHARS)]


class Search(BaseModel):
    query: Query = Field(description="Words or a sentence, as the user would put it.")
    limit: int = Field(8, ge=1, le=MOST_FOUND, description="How many at most.")


class Remember(BaseModel):
    text: Text = Field(
        description="One statement that is true beyond this chat and is understood alone: "
        "'The user's dog is called Rex.' No secrets, no instructions."
    )


class Update(BaseModel):
    id: Id = Field(description="The memory's id, as search_memory told it.")
    text: Text = Field(description="The whole new statement.")


class Forget(BaseModel):
    id: Id = Field(description="The id of the memory or passage, as a search told it.")


class Nothing(BaseModel):
    pass


class Why(BaseModel):
    id: str = Field(
        "",
        max_length=_ID_CHARS,
        description="A memory's id: where it comes from, and what became of it. Without one: which memories "
        "the last message of this chat was given.",
    )


@dataclass(frozen=True, slots=True)
class Verb:
    """reads, changes: what a model must be allowed for it."""

    name: str
    arguments: type[BaseModel]
    description: str
    reads: bool = True
    changes: bool = False

    def is_allowed(self, decision: Decision) -> bool:
        """Whether a turn of which this was decided may have it called."""
        return (decision.read or not self.reads) and (decision.write or not self.changes)

    def read(self, given: object) -> BaseModel:
        """The arguments.

        Raises:
            ValueError: what is wrong with them, in a sentence that repeats nothing of them.
        """
        if not isinstance(given, Mapping):
            raise ValueError("The arguments must be a JSON object.")  # noqa: TRY004 - what was said is wrong
        try:
            return self.arguments.model_validate({key: one for key, one in given.items() if one is not None})
        except ValidationError as invalid:
            errors = invalid.errors(include_input=False, include_url=False, include_context=False)
            told = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in errors]
            raise ValueError(f"The arguments do not fit. {'; '.join(told[:_ERRORS_TOLD])}.") from None


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "search_memory",
            Search,
            "Search what is remembered of the user: facts, preferences, plans, best first, each with its id.",
        ),
        Verb(
            "search_chats",
            Search,
            "Search what was said in the user's past chats, word for word, with date and title.",
        ),
        Verb(
            "remember",
            Remember,
            "Remember one statement about the user for all later chats. Use it when the user asks for it, or "
            "says something lasting about themselves.",
            reads=False,
            changes=True,
        ),
        Verb(
            "update_memory",
            Update,
            "Replace the text of one memory that is no longer right. Search for it first.",
            changes=True,
        ),
        Verb(
            "forget_memory",
            Forget,
            "Forget one memory or passage, only if the user asks for it. Search for it first.",
            changes=True,
        ),
        Verb("get_profile", Nothing, "Who the user is, and how they want to be answered."),
        Verb("why", Why, "Why something is remembered, or was told."),
    )
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool: by which turn, what that allows, and with which arguments."""

    turn: Turn
    decision: Decision
    settings: Valves
    arguments: BaseModel

    @property
    def view(self) -> View:
        return reading_view(self.turn, self.settings)


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a verb's arguments, without references."""
    told = VERBS[name].arguments.model_json_schema()
    fields = {
        key: {part: value for part, value in one.items() if part != "title"}
        for key, one in told["properties"].items()
    }
    return {"type": "object", "properties": fields, "required": told.get("required", [])}

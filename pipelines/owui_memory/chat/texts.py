"""Every sentence that a command may answer, with names for what is put in: `NO_NUMBER.format(number=1)`."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r" at (?:\S*[.:]\S*\w|localhost|its socket)(?: \([A-Z_]+\))?")

HELP = """\
**What you can ask of your memories**

| Send | What it does |
|---|---|
| `/memory` | lists all of them, newest first; `/memory page 2` goes on |
| `/memory search <words>` | lists those that fit, best first |
| `/memory why` | says what was used for the last answer in this chat, and what was left out |
| `/memory remember <text>` | keeps this text as it stands |
| `/memory edit <number> <text>` | gives that memory another text |
| `/memory forget <number>` | forgets it; also several: `forget 2 5`; or `<words>` that only one memory has |
| `/memory forget everything` | asks once more, then forgets all |
| `/memory undo` | takes back the last change |
| `/memory share <number> <team>` | lets a team of yours know it too; `/memory team` lists what they know |
| `/memory withdraw <number>` | takes back what you shared with a team |
| `/memory export` | shows all of them as text to copy (JSON Lines) |
| `/memory import`, then such lines | adds them, in the same message |
| `/memory off`, `/memory on` | switches memory off or on in this chat; with `always`, in all chats |
| `/memory status` | says whether memory is on in this chat and, if not, why |

Numbers are those of the list that you saw last in this chat. The answers are not shown to the model.
Settings > Personalization > Memory shows Open WebUI's own memories, which are others."""

# What was not understood

DID_YOU_MEAN = "Did you mean {command}? Nothing was done. `/memory help` lists all commands."
UNKNOWN_VERB = "I do not know {verb}, and nothing was done. `/memory help` lists all commands."
UNKNOWN_VERB_NEAR = "I do not know {verb}. Did you mean {command}? Nothing was done."
WAITED = "This command has waited for more than a day. Send it again."
NOT_THIS_MODEL = "Here the model would read the answer, and it may not know what is remembered."
NOT_DONE_NOW = "This could not be done now. {fault}"
TRY_AGAIN = "Regenerate this answer in a minute to try it again; your admin sees the reason in the status."
BROKEN = (
    "This could not be done: something is wrong inside the filter ({error}). Tell your admin if it stays."
)

SAY_PAGE = "Say which page, for example `/memory page 2`."
SAY_SEARCH = "Say what for: `/memory search <words>`."
SAY_REMEMBER = "Say what: `/memory remember <text>`."
SAY_EDIT = "Say which and what: `/memory edit <number> <text>`."
SAY_FORGET = "Say what: `/memory forget <number>`, or `<words>`, or `everything`."
SAY_SHARE = "Say which and with whom: `/memory share <number> <team>`. Your teams: {teams}."
SAY_WITHDRAW = "Say which of those that `/memory team` shows: `/memory withdraw <number>`."
SAY_SWITCH = "Say `/memory {state}` for this chat, or `/memory {state} always`."
SAY_EXPORT = "Send `/memory export` for the first part, or say which one, for example `/memory export 2`."
SAY_IMPORT = "Put the lines that `/memory export` gave below `/memory import`, in the same message."

# Numbers

NO_LIST = "No list was shown in this chat yet, so nothing was changed."
NO_LIST_HINT = "`/memory` shows all, with their numbers."
NO_NUMBER = "There is no number {number} in the list that you saw last."
NO_NUMBER_HINT = "It goes from {first} to {last}, and nothing was changed. `/memory` shows all."
NO_NUMBER_HERE = "It has only number {first}, and nothing was changed. `/memory` shows all."

# Lists

NOTHING_YET = "I remember nothing about you yet. `/memory help` says what you can do."
ALL_HEAD = "**{memories}**, newest first"
PAGE_OF = "Page {number} of {pages}.{more}"
MORE_PAGES = " `/memory page {number}` shows more."
FOUND_HEAD = "**{memories}** found, best first"
NOTHING_FOUND = "Nothing found: no memory fits {words}. `/memory` lists all of them."
DAY_OVER = " (its day is over)"
AND_MORE = "and {count} more."

# Changes

REMEMBERED = "Remembered: {text}\n\n`/memory undo` takes it back."
KNOWN = "I know that already: {text}"
MEMORY_GONE = "That memory is gone. `/memory` shows those that there are."
CHANGED_HEAD = "Changed. `/memory undo` takes it back."
BEFORE_NOW = "| Before | Now |"

FORGOTTEN_ONE = "Forgotten: {text}"
FORGOTTEN_MANY = "Forgotten: {memories}."
FORGOTTEN_ALL = "Forgotten: {what}."
GONE_ALREADY = "{memories} gone already."
NOTHING_FORGOTTEN = "Nothing was forgotten."
NOTHING_THERE = "Nothing was forgotten: I remember nothing about you."
CAN_UNDO_ONE = "`/memory undo` brings it back within {minutes}; after that, it is erased for good."
CAN_UNDO_MANY = "`/memory undo` brings them back within {minutes}; after that, they are erased for good."
ALSO_WAITING = "With {messages} and said so."
NOT_EVERYWHERE_YET = (
    "A place that keeps some of it could not be reached: it is erased there as soon as it can be."
)
WHICH_SEVERAL = "Several memories have these words."
WHICH_NEAR = "No memory has exactly these words."
WHICH = "{said} Nothing was forgotten yet. `/memory forget <number>` forgets one of these:"
NONE_FITS = "No memory fits {words}, and nothing was forgotten. `/memory` lists all of them."
ASK_EVERYTHING = (
    "This forgets all **{what}** about you, for good. Send `/memory forget everything yes` if you mean it. "
    "Nothing is forgotten yet."
)
NOTHING_TO_FORGET = "There is nothing to forget: I remember nothing about you."

NOTHING_TO_UNDO = "There is no change that could be taken back."
UNDONE_HEAD = "The last change is taken back. `/memory undo` once more takes back the one before it."
WHAT_MEMORY = "| Memory | Now |"
UNDONE = {"add": "no longer remembered", "remove": "remembered again", "replace": "as it was before"}
TOO_LATE = "It is too late to take back the last change: what was forgotten is erased for good."
TOO_LATE_HINT = "`/memory undo` once more takes back the change before it."

# Teams

NO_TEAM = "You are in no team: an administrator says who is in which (the setting `teams`)."
NOTHING_SHARED = "Nobody has shared anything with your teams yet. `/memory share <number> <team>` does."
TEAMS_HEAD = "**{memories}** of {teams}, newest first"
SHARED = "Team {team} knows now: {text}\n\n`/memory team` and `/memory withdraw` take it back."
WITHDRAWN = "Withdrawn: {text}"
WITHDRAWN_BEFORE = "Withdrawn. The team knows it no more."
OF_ANOTHER_TEAM = "(of a team that you have left)"

# In and out

NOTHING_TO_EXPORT = "There is nothing to export: I remember nothing about you yet."
NO_PART = "There is no part {number}: the export has {parts}."
EXPORT_HEAD = "**{memories}**, oldest first"
EXPORT_NUMBERS = "As no list was shown here, `/memory forget 1` means the first of these lines, and so on."
PART_OF = "Part {number} of {parts}.{more} As one file, ask the admin for: `{command}`"
NEXT_PART = " `/memory export {number}` gives the next."
IMPORTED = "{memories} added, {known} known already."
IMPORTED_NOTHING = "Nothing was imported: {why} Each line below `/memory import` is one memory, like this:"
NOT_IMPORTED = "Not imported:"
NO_JSON = "no line is JSON."
NO_MEMORY = "no line holds a memory."
IMPORT_EXAMPLE = '{"memory": "I live in Lisbon."}'
LINE = "line {number}: {flaw}"
THIS_IS_NO_JSON = "it is not JSON"

# Switches and status

IS_ON = "Memory is on in this chat."
YOURS_IS_ON = "You have not switched memory off."
IS_OFF_HERE = "Memory is off in this chat: `/memory on` switches it on."
IS_OFF_ALWAYS = "Memory is off in all chats: `/memory on always` switches it on."
NOT_HERE = "In this chat nothing is told to the model or remembered: {why}."
ONLY_TOLD = "What is said in this chat is not remembered: {why}."
ONLY_LEARNED = "In this chat the model is told nothing: {why}."
IN_FOLDER = "Facts and plans that are said in this chat stay in its folder."
IN_PERSONA = "What is said in this chat stays with its model."
KNOWN_OF_YOU = "I remember {memories} about you."
WAITING = "{messages} to be remembered."
EARLIER_IN_USE = "The settings that were saved last do not work, so the earlier ones stay in use: {fault}"
ADMINS_EARLIER_IN_USE = (
    "Your admin has chosen settings that do not work yet. Memory goes on with the earlier ones until they do."
)
# The words of chat.policy, as its users are told them.
REASONS = {
    "memory is switched off in the settings": "the admin has switched memory off",
    "a temporary chat": "it is a temporary chat",
    "the model's Memory capability is off": "the Memory capability of its model is off; choose another model",
    "the user's Memory switch is off": "your Memory switch is off, under Settings > Personalization",
    "the model is external (local_only)": (
        "its model is not a local one, and the admin allows memory for local ones only (`local_only`)"
    ),
    "it is not told whether the model is local (local_only)": (
        "it is not known whether its model is a local one, and the admin allows memory for those only "
        "(`local_only`)"
    ),
    "the model gets no memory (models_off)": "the admin gives its model no memory (`models_off`)",
    "the model gets no memory (models_on)": "the admin gives its model no memory (`models_on`)",
    "nothing is learned from this model's chats (recall_only)": (
        "the admin lets nothing be learned from its model (`recall_only`)"
    ),
    "the model is told nothing (learn_only)": "the admin lets its model only learn (`learn_only`)",
    "the model is told nothing (learn_only and recall_only)": (
        "the admin gives its model no memory (`learn_only` and `recall_only`)"
    ),
}
SWITCHED_ALWAYS = (
    "Memory is {state} in all chats but those that you switched {verb} one by one. "
    "`/memory {verb} always` switches it {verb}."
)
SWITCHED_HERE = "Memory is {state} in this chat. `/memory {verb}` switches it {verb}."
SWITCHED_ON_BUT = "You have switched memory on for this chat, but something else is in its way."
NO_CHAT = "This is no chat of its own: say `/memory {state} always`."

NOT_SEARCHED = (
    "Besides who you are and how you want to be answered nothing was looked for: the admin has set "
    "`memories_per_turn` to 0."
)


def without_addresses(text: str) -> str:
    """A sentence of a fault, as anybody may read it: where a store or a model is, is for admins."""
    return _ADDRESS.sub("", text)

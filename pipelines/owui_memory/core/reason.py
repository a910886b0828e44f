"""Why a turn is not read, not remembered, or neither."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The name is its code, for metrics. The value is what is stored, said in English, and translated."""

    MEMORY_OFF = "memory is switched off in the settings"
    TASK = "a task of Open WebUI, not a message"
    NO_USER = "the request names no user"
    TEMPORARY_CHAT = "a temporary chat"
    CHANNEL = "a channel"
    OTHERS_MESSAGE = "somebody else wrote the message"
    NO_TEXT = "the message has no text"
    PASTED_DOCUMENT = "it is as long as a pasted document"
    USER_SWITCHED_OFF = "the user has switched memory off here"
    MEMORY_SWITCH_OFF = "the user's Memory switch is off"
    CAPABILITY_OFF = "the model's Memory capability is off"
    MODEL_EXTERNAL = "the model is external (local_only)"
    MODEL_PERHAPS_EXTERNAL = "it is not told whether the model is local (local_only)"
    MODEL_EXCLUDED = "the model gets no memory (models_recall, models_remember)"
    MODEL_NOT_LEARNED_FROM = "nothing is learned from this model's chats (models_remember)"
    ONLY_RECALLED = "the user wants nothing learned from their chats"
    MODEL_TOLD_NOTHING = "the model is told nothing (models_recall)"
    NOT_PERMITTED = "their inlet gave no permission"

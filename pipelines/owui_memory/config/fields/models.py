"""Which models read the chats, and which one turns text into vectors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from ..addresses import checked_url
from ..marks import Belongs, Mark
from ..prices import read_prices
from ..valves_codec import PanelModel, Secret, Text, read_by

Prices = Annotated[Text, read_by(read_prices, "be like 'gpt-4.1-mini 0.40 1.60', with commas between models")]

NamedLlm = Literal[
    "none",
    "openai",
    "ollama",
    "lmstudio",
    "vllm",
    "anthropic",
    "gemini",
    "groq",
    "together",
    "deepseek",
    "xai",
]
LlmProvider = Literal["auto", NamedLlm]
EmbedderProvider = Literal["bundled", "openai", "ollama", "lmstudio", "huggingface", "gemini", "together"]


class Models(PanelModel):
    """Which models read the chats, and which one turns text into vectors."""

    llm_provider: Annotated[LlmProvider, Mark.OPENS] = Field(
        "auto",
        title="LLM for extraction",
        description=(
            "The LLM that reads the chats and decides what to remember. auto: the model that answered, on "
            "the same server, if the Pipelines server has its address (OPENAI_API_BASE_URL and "
            "OPENAI_API_KEY, or OLLAMA_BASE_URL); otherwise as with none. none: users' own sentences are "
            "kept."
        ),
    )
    llm_base_url: Annotated[Text, Mark.OPENS] = Field(
        "",
        title="LLM's address",
        description=(
            "With /v1 at its end for OpenAI-compatible servers (llama.cpp, LocalAI). For example: "
            "http://llama:8080/v1. If unset, the provider's usual address. Not used with auto."
        ),
    )
    llm_model: Annotated[Text, Mark.OPENS] = Field(
        "",
        title="LLM's model",
        description=(
            "The model's name at the provider, for example qwen3:8b. If unset with auto, the model that "
            "answered."
        ),
    )
    llm_api_key: Annotated[Secret, Mark.OPENS] = Field(
        "",
        title="LLM's key",
        description="Leave this unset for a local server without keys. Not used with auto.",
    )

    fallback_llm_provider: Annotated[NamedLlm, Mark.OPENS] = Field(
        "none",
        title="Second LLM",
        description=(
            "Asked when the first LLM is down, refuses or does not answer in time. none: exchanges wait "
            "for the first LLM."
        ),
    )
    fallback_llm_base_url: Annotated[Text, Mark.OPENS] = Field(
        "",
        title="Second LLM's address",
        description=(
            "With /v1 at its end for OpenAI-compatible servers. If unset, the provider's usual address."
        ),
    )
    fallback_llm_model: Annotated[Text, Mark.OPENS] = Field(
        "", title="Second LLM's model", description="The model's name at the provider."
    )
    fallback_llm_api_key: Annotated[Secret, Mark.OPENS] = Field(
        "", title="Second LLM's key", description="Leave this unset for a local server without keys."
    )

    llm_timeout_s: Annotated[int, Mark.OPENS] = Field(
        120,
        ge=5,
        le=3600,
        title="LLM's time-out (s)",
        description=(
            "How many seconds an LLM may take to answer. After that, the chat is read in smaller parts or "
            "by the second LLM. Raise it for a large model without a graphics card."
        ),
    )
    llm_prices: Prices = Field(
        "",
        title="LLM prices",
        description=(
            "What each model costs in US dollars per million tokens in and out, with commas between "
            "models; the status then says what was spent. For example: gpt-4.1-mini 0.40 1.60, qwen3:8b 0 "
            "0."
        ),
    )

    embedder_provider: Annotated[EmbedderProvider, Mark.OPENS, Mark.LEADS] = Field(
        "bundled",
        title="Embedder",
        description=(
            "The model that turns text into vectors. bundled: Google's multilingual Universal Sentence "
            "Encoder, on this machine. huggingface: a text-embeddings-inference server or, without an "
            "address, a model of sentence-transformers on this machine, if that is installed."
        ),
    )
    embedder_base_url: Annotated[Text, Mark.OPENS, Mark.LEADS] = Field(
        "",
        title="Embedder's address",
        description=(
            "With /v1 at its end for OpenAI-compatible servers. If unset, the provider's usual address."
        ),
    )
    embedder_model: Annotated[Text, Mark.OPENS, Mark.LEADS] = Field(
        "",
        title="Embedding model",
        description="The model's name at the provider, for example bge-m3, or a folder.",
    )
    embedder_api_key: Annotated[Secret, Mark.OPENS, Belongs(("embedder_provider", "embedder_base_url"))] = (
        Field("", title="Embedder's key", description="Leave this unset for a local server without keys.")
    )

    @field_validator("llm_base_url", "fallback_llm_base_url", "embedder_base_url")
    @classmethod
    def _check_model_url(cls, value: str, info: ValidationInfo) -> str:
        return checked_url(info.field_name or "", value)

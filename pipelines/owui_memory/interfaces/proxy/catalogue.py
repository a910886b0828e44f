"""Which models the upstreams have, and which of them answers for a model."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from ...config.upstreams import Upstream

PREFIX = "memory/"  # of a model that takes part in memory
AGENT = "agent/"  # of one that uses memory's tools, too
_LISTED_S, _AGAIN_S = 60.0, 5.0  # that a list is good for; that one which lacks a model, or failed, is
_PATIENCE = aiohttp.ClientTimeout(total=10.0)
# That whoever asks for a model, or for all, waits for a list: one that comes later is there for the next.
_CHAT_WAITS_S, _LIST_WAITS_S = 0.5, 2.0
_MOST_BYTES = 5_000_000

Model = dict[str, Any]


class Catalogue:
    """Lists of models, kept for a minute. For one event loop.

    A model server that hangs holds up nobody: what it listed last is believed until it answers.
    """

    def __init__(self, session: aiohttp.ClientSession, upstreams: Callable[[], Sequence[Upstream]]) -> None:
        self._session, self._upstreams = session, upstreams
        self._lists: dict[Upstream, tuple[float, list[Model] | None]] = {}  # None: it never gave one
        self._asking: dict[Upstream, tuple[asyncio.Task[None], float]] = {}  # and since when

    async def models(self) -> list[Model]:
        """All models with their upstreams' own fields, each without memory, with it, and with its tools.

        What an earlier upstream has, too, is there under its own upstream's name as well.
        """
        upstreams = self._upstreams()
        for one in upstreams:
            self._refresh(one, _AGAIN_S)
        for one in upstreams:
            await self._answered(one, _LIST_WAITS_S)
        found: dict[str, Model] = {}
        for upstream in upstreams:
            for model in self._known(upstream) or []:
                plain = model["id"] if model["id"] not in found else f"{upstream.name}/{model['id']}"
                if upstream.models and not upstream.is_for(model["id"]):
                    continue
                for name in (plain, PREFIX + plain, AGENT + plain):
                    found.setdefault(name, {**model, "id": name})
        return list(found.values())

    async def bare(self, model: str) -> str:
        """A model's name without a prefix of ours; with it where a model server has it so."""
        prefix = next((one for one in (AGENT, PREFIX) if model.startswith(one)), "")
        for upstream in self._upstreams() if prefix else ():
            self._refresh(upstream, _LISTED_S)
            if upstream not in self._lists:
                await self._answered(upstream, _CHAT_WAITS_S)
            if any(one["id"] == model for one in self._known(upstream) or []):
                return model
        return model.removeprefix(prefix)

    async def choose(self, model: str) -> tuple[Upstream, str] | None:
        """The upstream that answers for a model, and what the model is called there; None for nobody."""
        upstreams = self._upstreams()
        for upstream in upstreams:
            if upstream.is_for(model):
                return upstream, model
        if len(upstreams) == 1 and not model.startswith(f"{upstreams[0].name}/"):
            return None if upstreams[0].models else (upstreams[0], model)
        unlimited = [one for one in upstreams if not one.models]
        for good_for in (_LISTED_S, _AGAIN_S):  # a new model is in no list that is older
            for upstream in unlimited:
                self._refresh(upstream, good_for)
            for upstream in unlimited:  # nobody waits for those behind
                if upstream not in self._lists or good_for == _AGAIN_S:
                    await self._answered(upstream, _CHAT_WAITS_S)
                if any(one["id"] in (model, f"{model}:latest") for one in self._known(upstream) or []):
                    return upstream, model
            for upstream in upstreams:
                if model.startswith(f"{upstream.name}/"):
                    return upstream, model.removeprefix(f"{upstream.name}/")
        # Who could not be asked may have it.
        return next(((one, model) for one in unlimited if not self._known(one)), None)

    def close(self) -> None:
        """Wait for no list any longer."""
        for task, _ in self._asking.values():
            task.cancel()

    def _known(self, upstream: Upstream) -> list[Model] | None:
        return self._lists.get(upstream, (0.0, None))[1]

    def _refresh(self, upstream: Upstream, good_for: float) -> None:
        """Ask for a list where the last one is older, in seconds."""
        at, models = self._lists.get(upstream, (-float("inf"), None))
        is_old = time.monotonic() - at > (good_for if models is not None else _AGAIN_S)
        if is_old and upstream not in self._asking:
            self._asking[upstream] = asyncio.create_task(self._ask(upstream)), time.monotonic()

    async def _answered(self, upstream: Upstream, within: float) -> None:
        """Wait until one that is asked has answered, or was asked so many seconds ago."""
        if upstream in self._asking:
            task, since = self._asking[upstream]
            await asyncio.wait({task}, timeout=max(since + within - time.monotonic(), 0.0))

    async def _ask(self, upstream: Upstream) -> None:
        before = self._known(upstream)
        try:
            models: list[Model] | None = await self._asked(upstream)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError):
            models = before  # it may be back soon
        finally:
            self._asking.pop(upstream, None)
        self._lists[upstream] = (time.monotonic(), models)
        in_use = set(self._upstreams())
        self._lists = {one: listed for one, listed in self._lists.items() if one in in_use}

    async def _asked(self, upstream: Upstream) -> list[Model]:
        url, headers = f"{upstream.base_url}/models", authorization(upstream)
        async with self._session.get(url, headers=headers, timeout=_PATIENCE) as answer:
            answer.raise_for_status()
            read = b""
            async for chunk in answer.content.iter_any():
                read += chunk
                if len(read) > _MOST_BYTES:
                    raise ValueError("a list of models that is too long")
        told = json.loads(read)
        listed = told.get("data") if isinstance(told, dict) else told
        if not isinstance(listed, list):
            raise ValueError("no list of models")  # noqa: TRY004 - what came is wrong
        return [one for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]


def authorization(upstream: Upstream) -> dict[str, str]:
    """The upstream's own key, as a header."""
    return {"authorization": f"Bearer {upstream.api_key}"} if upstream.api_key else {}

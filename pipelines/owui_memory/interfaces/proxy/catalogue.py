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
_MOST_BYTES = 5_000_000

Model = dict[str, Any]


class Catalogue:
    """Lists of models, kept for a minute. For one event loop."""

    def __init__(self, session: aiohttp.ClientSession, upstreams: Callable[[], Sequence[Upstream]]) -> None:
        self._session, self._upstreams = session, upstreams
        self._lists: dict[Upstream, tuple[float, list[Model] | None]] = {}
        self._asking: dict[Upstream, asyncio.Task[None]] = {}

    async def models(self) -> list[Model]:
        """All models with their upstreams' own fields, each without memory, with it, and with its tools.

        What an earlier upstream has, too, is there under its own upstream's name as well.
        """
        upstreams = self._upstreams()
        lists = await asyncio.gather(*(self._list(one, _AGAIN_S) for one in upstreams))
        found: dict[str, Model] = {}
        for upstream, models in zip(upstreams, lists, strict=True):
            for model in models or []:
                plain = model["id"] if model["id"] not in found else f"{upstream.name}/{model['id']}"
                if upstream.models and not upstream.is_for(model["id"]):
                    continue
                for name in (plain, PREFIX + plain, AGENT + plain):
                    found.setdefault(name, {**model, "id": name})
        return list(found.values())

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
            asking = [asyncio.ensure_future(self._list(one, good_for)) for one in unlimited]
            lists = []
            for upstream, listing in zip(unlimited, asking, strict=True):  # nobody waits for those behind
                lists.append(models := await listing)
                if any(one["id"] in (model, f"{model}:latest") for one in models or []):
                    return upstream, model
            for upstream in upstreams:
                if model.startswith(f"{upstream.name}/"):
                    return upstream, model.removeprefix(f"{upstream.name}/")
        # Who could not be asked may have it.
        return next(((one, model) for one, listed in zip(unlimited, lists, strict=True) if not listed), None)

    async def _list(self, upstream: Upstream, good_for: float) -> list[Model] | None:
        at, models = self._lists.get(upstream, (-float("inf"), None))
        if time.monotonic() - at > (good_for if models is not None else _AGAIN_S):
            asking = self._asking.get(upstream)
            if asking is None:
                asking = self._asking[upstream] = asyncio.create_task(self._ask(upstream))
            await asyncio.shield(asking)  # others may wait for it, too
        return self._lists.get(upstream, (0.0, None))[1]

    async def _ask(self, upstream: Upstream) -> None:
        before = self._lists.get(upstream, (0.0, None))[1]
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

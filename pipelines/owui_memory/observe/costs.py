"""What the LLMs cost: calls and tokens of each model, among the counters of `Metrics` and in its ledger.

Calls that were answered are counted, with the tokens that the provider tells; where it tells none,
they are estimated (`recall.tokens.estimated_tokens`).
"""

from __future__ import annotations

from collections.abc import Mapping

from .metrics import Metrics

_CALLS, _IN, _OUT, _ESTIMATED = "LLM calls: ", "tokens in: ", "tokens out: ", "LLM calls estimated: "


def count_call(
    metrics: Metrics, model: str, tokens_in: int, tokens_out: int, *, estimated: bool, exchanges: bool = True
) -> None:
    """Count one answered call. One that is not for `exchanges` costs as much, but says nothing of them."""
    if metrics.ledger is not None:
        metrics.ledger.add(model, tokens_in, tokens_out)
    if not exchanges:
        return
    metrics.count(_CALLS + model)
    metrics.count(_IN + model, tokens_in)
    metrics.count(_OUT + model, tokens_out)
    if estimated:
        metrics.count(_ESTIMATED + model)


def is_cost(counter: str) -> bool:
    """Whether a counter is one of these."""
    return counter.startswith((_CALLS, _IN, _OUT, _ESTIMATED))


def described(counts: Mapping[str, int], exchanges: int) -> str:
    """Calls and tokens since the start: of each exchange on average, and of each model."""
    models = sorted(name.removeprefix(_CALLS) for name in counts if name.startswith(_CALLS))
    if not models:
        return "no LLM has been called since the start"
    calls, tokens_in, tokens_out = (
        sum(counts.get(kind + model, 0) for model in models) for kind in (_CALLS, _IN, _OUT)
    )
    told = [f"{model}: {_of_model(counts, model)}" for model in models]
    if exchanges:
        told.insert(
            0,
            f"{calls / exchanges:.2f} calls and {(tokens_in + tokens_out) / exchanges:.0f} tokens "
            f"({tokens_in / exchanges:.0f} in, {tokens_out / exchanges:.0f} out) per exchange",
        )
    return "since the start " + "; ".join(told)


def _of_model(counts: Mapping[str, int], model: str) -> str:
    estimated = counts.get(_ESTIMATED + model, 0)
    note = f" (of {estimated} calls estimated)" if estimated else ""
    return (
        f"{counts[_CALLS + model]} calls, {counts[_IN + model]} tokens in, {counts[_OUT + model]} out{note}"
    )

"""Which of the many places of a kill one run tries: some, others at each commit; `--every-kill` tries all."""

import random
import subprocess
from collections.abc import Callable, Sequence
from functools import cache

from tests.harness.pipelines_server import ROOT

Tried = Callable[[Sequence[str]], Sequence[str]]  # the fixture `tried`

MOST = 12


@cache
def commit() -> str:
    """The commit that is tested; "none" outside a repository."""
    answer = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "none"


def sample(steps: Sequence[str], *, seed: str, number: int = MOST) -> list[str]:
    """`number` of the steps in their order, the first and the last among them; the same ones for a seed."""
    if len(steps) <= number:
        return list(steps)
    between = random.Random(seed).sample(range(1, len(steps) - 1), number - 2)
    return [steps[at] for at in (0, *sorted(between), len(steps) - 1)]

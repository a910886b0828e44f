"""What a statement may say beyond its sources: nothing."""

import pytest

from owui_memory.language.borne_out import bears_out

SERVER = ("The heron server is in Bonn.", "User-Grace 2026-11-20")
DEPLOYS = ("I do the deployments from now on.", "Grace 2026-11-20")


@pytest.mark.parametrize(
    ("source", "text", "holds"),
    [
        (DEPLOYS, "Grace does the deployments.", True),
        (DEPLOYS, "On 2026-11-20 Grace took over the deployments.", True),
        (DEPLOYS, "Grace does the accounts.", False),
        (SERVER, "Grace does the deployments.", False),  # who says it is no evidence of what is said
        (SERVER, "The heron server is in Bonn.", True),
        (SERVER, "The heron server is in Berlin.", False),
        (SERVER, "The heron server is not in Bonn.", False),
    ],
)
def test_a_statement_and_its_source(source: tuple[str, str], text: str, holds: bool) -> None:
    assert bears_out([source], text) == holds

"""Open WebUI's chats through the proxy show what was used; the proxy alone serves the function, too."""

from pathlib import Path

from tests.harness.bodies import Chat, told_text
from tests.harness.chat_events import KEY, ChatEvents
from tests.harness.upstream import Upstream, says
from tests.unit.interfaces.proxy.desk import desk


def test_open_webuis_chats_are_shown_it_and_none_that_a_user_names(tmp_path: Path) -> None:
    def ids(chat: str, message: str) -> dict[str, str]:
        return {"X-OpenWebUI-Chat-Id": chat, "X-OpenWebUI-Message-Id": message}

    with (
        ChatEvents() as webui,
        Upstream() as upstream,
        desk(tmp_path, upstream, webui_url=webui.url, webui_api_key=KEY) as at,
    ):
        for chat in ("c1", "somebody-elses", "../../x", "c4"):
            webui.own(Chat("ada", chat))
        upstream.streams(*says("I see."))
        at.remember("My dog is called Rex.", headers=ids("c1", "m1"))
        at.chat("What is my dog called?", headers={**at.key("ada"), **ids("somebody-elses", "m2")})
        at.chat("What is my dog called?", headers=ids("../../x", "m3"))
        at.chat("What is my old dog called?", headers=ids("c4", "m4"))
        assert webui.wait_for("m4", "source")[0]["document"] == ["My dog is called Rex."]
        assert {chat for chat, _, _ in webui.posted} == {"c1", "c4"}

        turn = webui.own(Chat("ada")).say("What is my dog called?")
        form = {"body": turn.inlet, "user": turn.user}
        answer = at.client.post("/memory/function/inlet", json=form).raise_for_status().json()
        assert "Rex" in told_text(answer["body"])
        assert answer["events"] == [], "they are posted"
        assert webui.wait_for(turn.message_id, "status")

"""The recipes of docs/page.md, as they stand there, in real reverse proxies before the server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from owui_memory.interfaces.web.routes import ROUTES, Needs
from owui_memory.interfaces.web.sign_in import SESSION
from tests.harness.pipelines_server import free_port
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY
from tests.unit.interfaces.web.visitors import Browser, texts, visitors

PATH = "/usr/sbin:/usr/bin:/bin"
DOCS = Path(__file__).parents[4] / "docs" / "page.md"
NGINX = """
daemon off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://{webui}; }}
        {recipe}
    }}
}}
"""


def recipe(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found, language
    return found[1]


def nginx(folder: Path, port: int, server: str, webui: str) -> list[str]:
    told = recipe("nginx").replace("pipelines:9099", server)
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port, webui=webui, recipe=told))
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(file)]


def nginx_below_a_path(folder: Path, port: int, server: str, webui: str) -> list[str]:
    command = nginx(folder, port, server, webui)
    file = Path(command[-1])
    told = file.read_text().replace("location /memory/", "location /my/memory/")
    told = told.replace("^/memory/", "^/my/memory/").replace(f"http://{server};", f"http://{server}/memory/;")
    file.write_text(told)
    return command


def caddy(folder: Path, port: int, server: str, webui: str) -> list[str]:
    told = recipe("caddyfile").replace("pipelines:9099", server).replace("open-webui:8080", webui)
    told = told.replace("chat.example.com", f"http://127.0.0.1:{port}")
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{told}")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[str]:
    home = {"HOME": str(folder), "PATH": PATH}
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=home)
    url = f"http://127.0.0.1:{port}"

    def is_there() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(url).status_code < 500
        except httpx.HTTPError:
            return False

    try:
        wait_until(is_there, what=f"{command[0]} serves")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "path"), [(caddy, ""), (nginx, ""), (nginx_below_a_path, "/my")], ids=["caddy", "nginx", "path"]
)
def test_a_recipe_works(made: Callable[[Path, int, str, str], list[str]], path: str, tmp_path: Path) -> None:
    port = free_port()
    with visitors(
        tmp_path / "data", page_url=f"http://127.0.0.1:{port}{path}/memory", episodes="on"
    ) as house:
        addresses = [url.removeprefix("http://") for url in (house.at.url, house.webui.url)]
        command = made(tmp_path, port, *addresses)
        if shutil.which(command[0], path=PATH) is None:
            pytest.skip(f"{command[0]} is not there: scripts/debian-package {command[0]} {command[0]}")
        with running(command, tmp_path, port) as url, Browser(url + path, house.webui.knows("ada")) as ada:
            views = [
                name
                for method, name in ROUTES
                if method == "GET" and ROUTES[method, name].needs is Needs.USER
            ]
            assert {view: ada.get(view or "./").status_code for view in views} == dict.fromkeys(views, 200)
            assert [one.path for one in ada.cookies.jar if one.name == SESSION] == [f"{path}/memory/"]
            assert (
                httpx.get(f"{url}{path}/memory", follow_redirects=False)
                .headers["location"]
                .endswith("/memory/")
            )
            assert (
                ada.send_form("remember", text="I play the oboe.")
                .headers["location"]
                .endswith("./?done=remembered")
            )
            (row,) = map(json.loads, ada.get("export").text.splitlines())
            assert ada.send_form("edit", id=row["id"], text="I play the viola.").status_code == 303
            assert texts(ada, "?q=viola") == ["I play the viola."]
            assert ada.upload(b'{"memory": "I sail.", "user_id": "x"}'), "an archive passes"
            with Browser(url + path) as eve:
                assert eve.get("./").status_code == 401
                link = house.at.command("/memory page", user="eve").partition("?link=")[2].partition(")")[0]
                assert "signs you in as" in eve.get("sign-in", params={"link": link}).text
                assert eve.sign_in("link", link=link).status_code == 303
                assert texts(eve) == []
            for program in ("status", "metrics", "v1/models", "tools/openapi.json", "mcp", "documents/a.md"):
                answer = httpx.get(
                    f"{url}{path}/memory/{program}", headers={"Authorization": f"Bearer {KEY}"}
                )
                assert (program, answer.status_code) == (program, 404)
            assert httpx.get(f"{url}/api/v1/auths/").status_code == 401, "the rest is Open WebUI's"


def test_what_the_recipes_close_is_no_view() -> None:
    closed = re.findall(r"\^/memory/\([\w|]+\)", DOCS.read_text())
    assert len(closed) == 3
    assert len(set(closed)) == 1
    assert not [name for _, name in ROUTES if re.match(closed[0], f"/memory/{name}")]

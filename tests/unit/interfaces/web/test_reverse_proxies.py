"""The recipes of docs/page.md, as they stand there, in real reverse proxies before the server."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

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
                .startswith("./?done=remembered&batch=")
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
            odd = ("%73tatus", "./status", "x/../status", "status?", "v1%2Fmodels")
            for program in (
                *odd,
                "status",
                "metrics",
                "v1/models",
                "tools/openapi.json",
                "mcp",
                "documents/a.md",
            ):
                answer = httpx.get(
                    f"{url}{path}/memory/{program}", headers={"Authorization": f"Bearer {KEY}"}
                )
                assert (program, answer.status_code) == (program, 404)
            assert httpx.get(f"{url}/api/v1/auths/").status_code == 401, "the rest is Open WebUI's"


def test_the_recipe_for_traefik_sends_what_the_others_send() -> None:
    """It is not run: its rules are read as Traefik's documentation says, with Go's regular expressions."""
    labels = yaml.safe_load(recipe("yaml"))["labels"]
    routers = {name.split(".")[3] for name in labels if name.startswith("traefik.http.routers.")}
    assert routers == {"memory", "memory-slash"}
    known = ("rule", "priority", "service", "middlewares")
    for name, value in labels.items():
        assert isinstance(value, str), name
        assert ".routers." not in name or name.rpartition(".")[2] in known

    def takes(router: str, path: str) -> bool:
        terms = labels[f"traefik.http.routers.{router}.rule"].replace("$$", "$").split(" && ")
        read = [re.fullmatch(r"(!?)(Host|Path|PathPrefix|PathRegexp)\(`(.+)`\)", one) for one in terms]
        fits = {
            "Host": lambda value: value == "chat.example.com",
            "Path": path.__eq__,
            "PathPrefix": path.startswith,
            "PathRegexp": lambda value: re.search(value, path) is not None,
        }
        assert all(read)
        return all(bool(one[1]) != fits[one[2]](one[3]) for one in read if one)

    views = [name for _, name in ROUTES] + ["static/page.css"]
    assert all(takes("memory", f"/memory/{name}") for name in views)
    assert [takes("memory-slash", path) for path in ("/memory", "/memory/", "/memo")] == [True, False, False]
    for path in (
        "/memory",
        "/memoryx/",
        "/api/v1/auths/",
        "/memory/status",
        "/memory/v1/models",
        "/memory/mcp",
    ):
        assert not takes("memory", path), path
    of_slash = "traefik.http.middlewares.memory-slash.redirectregex."
    regex, to = (labels[of_slash + one].replace("$$", "$") for one in ("regex", "replacement"))
    to = to.replace("${1}", r"\1")
    assert re.sub(regex, to, "https://chat.example.com/memory") == "https://chat.example.com/memory/"


def test_what_the_recipes_close_is_no_view() -> None:
    closed = re.findall(r"\^/memory/\([\w|]+\)", DOCS.read_text())
    assert len(closed) == 3
    assert len(set(closed)) == 1
    assert not [name for _, name in ROUTES if re.match(closed[0], f"/memory/{name}")]

"""The page as an ASGI application: who asks, whether they may, and what they get."""

from __future__ import annotations

import contextlib
import logging
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from ...commands.faults import failed, refused
from ...core.errors import Drop, MemoryFault
from ...state.page_sessions_table import BOUND, LINK_S, Person
from .. import access_log
from ..chats import Chats
from ..lanes import BusyError
from ..limits import Limits
from ..server_key import bearer
from ..service import Service
from ..waits import in_pool, within
from ..webui import OPEN_WEBUI
from . import sign_in
from .forms import File, RefusedError, fields_of, with_file
from .parts import Visit
from .rendering import HEADERS, Answer, page, redirect, static
from .requests import Request, read, webui_for
from .routes import NOTHING, ROUTES, Needs, Route
from .sign_in import OpenWebUISessions, SilentError

log = logging.getLogger(__name__)

_AT_ONCE, _AT_ONCE_EACH = 1024, 64  # requests, and those of one address
_UPLOADS_AT_ONCE = 2  # of different users
_PATIENCE_S, _LONG_S = 60.0, 300.0  # that a view is waited for, and one that takes long
_ADMIN = "server key"  # whose lane and limits those are who have no user


class Page:
    """For one event loop."""

    def __init__(self, chats: Chats) -> None:
        self._chats, self._key = chats, chats.environment.server_key
        self._webui = OpenWebUISessions()
        access_log.keep_private()
        self._at_once: Counter[str] = Counter()
        self._uploading: set[str] = set()  # who sends a file
        self._visits, self._changes = Limits(600, 60), Limits(120, 60)
        self._fetches = Limits(1, 300)  # of pasts from Open WebUI
        self._wrong_keys, self._sessions = Limits(10, 60), Limits(600, 60)  # by address
        self._silences = Limits(1, 60)  # that the log tells

    async def close(self) -> None:
        await self._webui.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = read(scope)
        self._at_once[request.place] += 1
        try:
            answer = await self._answer(request, receive)
        except RefusedError as refusal:
            answer = self._told(request, refusal.status, request.words.say(f"page: {refusal.sentence}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the browser is answered
            # Without its message, which may hold texts.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.warning("A request to the page failed (%s).\n%s", type(error).__name__, where)
            answer = self._told(request, 500, request.words.say("page: broken"))
        finally:
            self._at_once -= Counter([request.place])  # without those at none
        await _send(send, answer, body=request.method != "HEAD")

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        if request.method not in ("GET", "HEAD", "POST"):
            raise RefusedError(405, "no such view")
        if (unchanging := static(request.name)) is not None:
            return unchanging
        route = ROUTES.get(("POST" if request.method == "POST" else "GET", request.name), NOTHING)
        if self._at_once[request.place] > _AT_ONCE_EACH or self._at_once.total() > _AT_ONCE:
            raise RefusedError(503, "too many")
        if (runtime := self._chats.runtime) is None:
            return self._told(request, 503, request.words.say("page: not now"))
        token = request.cookies.get(sign_in.SESSION, "")
        token += self._key if token.startswith(BOUND) else ""
        person, cookies, flaw = await self._person(request, runtime, token), [], ""
        try:
            if person is None and (token := await self._by_webui(request, runtime, route)):
                cookies = self._signed_in(request, token)
                person = await in_pool(runtime.state_pool, runtime.page.tools.sessions.person, token)
        except SilentError:
            flaw = "silent"
        if person is None and request.method != "POST" and (given := bearer(request.headers)):
            person = self._by_key(request, given)  # no browser sends it by itself
        if person is None and route.needs is not Needs.NOBODY:
            return self._sign_in_page(request, 401, flaw=flaw, typed=await _typed(request, receive, route))
        if person is not None and route.needs is not Needs.NOBODY:  # before anything of a body is read
            limits = self._changes if request.method == "POST" else self._visits
            if not limits.takes(person.user_id or _ADMIN):
                raise RefusedError(429, "too often")
            if route is NOTHING:
                raise RefusedError(404, "no such view")
        form: Mapping[str, str] = {}
        file: File | None = None
        if request.method == "POST" and route.file_bytes and person is not None:
            form, file = await self._uploaded(request, receive, person.user_id, route.file_bytes)
        elif request.method == "POST":
            form = await fields_of(request.headers, receive)
        if person is None or route.needs is Needs.NOBODY:
            answer = await self._sign_in(request, runtime, person, form)
        else:
            with contextlib.ExitStack() as ends:
                if file is not None:
                    ends.enter_context(file.content)
                answer = await self._visited(request, runtime, route, person, token, form, file, ends)
        return replace(answer, cookies=[*cookies, *answer.cookies])

    async def _uploaded(
        self, request: Request, receive: Receive, user_id: str, most: int
    ) -> tuple[Mapping[str, str], File | None]:
        if user_id in self._uploading or len(self._uploading) >= _UPLOADS_AT_ONCE:
            raise RefusedError(503, "too many")
        self._uploading.add(user_id)
        try:
            return await with_file(request.headers, receive, most)
        finally:
            self._uploading.remove(user_id)

    # Who asks

    async def _person(self, request: Request, runtime: Service, token: str) -> Person | None:
        """Who is signed in, as far as Open WebUI still says so, where that is how they came."""
        sessions, pool = runtime.page.tools.sessions, runtime.state_pool
        person = await in_pool(pool, sessions.person, token) if token else None
        if person is None or not person.webui:
            if person is not None and not person.user_id:
                return person if token.startswith(BOUND) else None
            return person and replace(person, role="user")  # a link makes nobody an admin
        webui = sign_in.webui_token(request.cookies)
        age = time.time() - person.checked_at
        now: Person | None = person if webui and sign_in.hash_of(webui) == person.webui else None
        if now is not None and age > sign_in.RECHECK_S:
            try:
                now = await self._webui.person(self._chats.settings().webui_url, webui)
            except SilentError:
                now = person if age < sign_in.UNCHECKED_S else None
            else:
                now = now if now and now.user_id == person.user_id else None
                if now is not None:
                    now = await in_pool(pool, sessions.confirm, token, now)
        if now is None:
            await in_pool(pool, sessions.sign_out, token)
        return now

    async def _by_webui(self, request: Request, runtime: Service, route: Route) -> str:
        """A new session for whoever is signed in to Open WebUI and just looks; else ""."""
        if request.method == "POST" or route.needs is Needs.NOBODY or sign_in.OUT in request.cookies:
            return ""
        return await self._session_of_webui(request, runtime)

    async def _session_of_webui(self, request: Request, runtime: Service) -> str:
        webui, url = sign_in.webui_token(request.cookies), self._chats.settings().webui_url
        if not webui or not url:
            return ""
        if not self._sessions.takes(request.place):
            raise RefusedError(429, "too often")
        try:
            person = await self._webui.person(url, webui)
        except SilentError:
            if self._silences.takes(""):
                log.warning("Open WebUI was asked for whom a session is, and does not answer (webui_url).")
            raise
        sign_in_as = runtime.page.tools.sessions.sign_in
        return await in_pool(runtime.state_pool, sign_in_as, person) if person else ""

    def _by_key(self, request: Request, given: str) -> Person | None:
        """Who has this key; None where it is not the server's. Raises RefusedError after wrong ones."""
        if not self._wrong_keys.allows(request.place):
            raise RefusedError(429, "too often")
        if sign_in.key_fits(given, self._key):
            return Person("", role="admin")
        self._wrong_keys.takes(request.place)
        return None

    async def _sign_in(
        self, request: Request, runtime: Service, person: Person | None, form: Mapping[str, str]
    ) -> Answer:
        sessions, pool = runtime.page.tools.sessions, runtime.state_pool
        if request.method != "POST":
            link = request.query.get("link", "")
            linked = await in_pool(pool, sessions.linked, link) if link else None
            if person is not None and not link:
                return redirect("./")
            return self._sign_in_page(request, 200, linked=linked, link=link)
        if not sign_in.is_same(form.get("form", ""), request.cookies.get(sign_in.FORM, "")):
            return self._sign_in_page(request, 403, flaw="form is old")
        way, token, flaw = form.get("way", ""), "", "not signed in"
        if way == "link":
            token = await in_pool(pool, sessions.redeem, form.get("link", ""))
            flaw = "link is used"
        elif way == "key":
            flaw = "wrong key"
            if (admin := self._by_key(request, form.get("key", ""))) is not None:
                token = await in_pool(pool, sessions.sign_in, admin, self._key)
        elif way == "webui":
            try:
                token = await self._session_of_webui(request, runtime)
            except SilentError:
                return self._sign_in_page(request, 503, flaw="silent")
        if not token:
            return self._sign_in_page(request, 403, flaw=flaw)
        return replace(redirect("./"), cookies=self._signed_in(request, token))

    def _signed_in(self, request: Request, token: str) -> list[str]:
        where = self._where(request)
        ends = [sign_in.cookie(name, "", seconds=0, **where) for name in (sign_in.FORM, sign_in.OUT)]
        return [sign_in.session_cookie(token, **where), *ends]

    def _where(self, request: Request) -> dict[str, Any]:
        url = self._chats.settings().page_url
        return {"page_url": url, "secure": request.secure or url.startswith("https:")}

    def _sign_in_page(
        self,
        request: Request,
        status: int,
        *,
        linked: Person | None = None,
        link: str = "",
        flaw: str = "",
        typed: str = "",
    ) -> Answer:
        if request.by_htmx:  # the whole page is to be the form, not a part of it
            return Answer(status, b"", {"hx-refresh": "true"})
        form, settings = sign_in.new_form(), self._chats.settings()
        answer = page(
            "sign_in.html",
            request.words,
            status,
            person=None,
            form=form,
            link=link if linked else "",
            linked=linked,
            typed=typed,
            flaw=flaw or ("link is used" if link and not linked else ""),
            with_webui=bool(settings.webui_url and sign_in.webui_token(request.cookies)),
            with_link=bool(settings.page_url),
        )
        cookie = sign_in.cookie(sign_in.FORM, form, seconds=int(LINK_S), **self._where(request))
        return replace(answer, cookies=[cookie])

    # What they get

    async def _visited(
        self,
        request: Request,
        runtime: Service,
        route: Route,
        person: Person,
        token: str,
        form: Mapping[str, str],
        file: File | None,
        ends: contextlib.ExitStack,
    ) -> Answer:
        who = person.user_id or _ADMIN
        is_change = request.method == "POST"
        if is_change and not sign_in.is_same(form.get("csrf", ""), sign_in.csrf_of(token)):
            raise RefusedError(403, "form is old")
        if route.needs is Needs.USER and not person.user_id:
            return redirect("admin") if request.name == "" else self._forbidden(request)
        if route.needs is Needs.ADMIN and not person.is_admin:
            return self._forbidden(request)
        if form.get("source") == OPEN_WEBUI and not self._fetches.takes(who):
            raise RefusedError(429, "fetched lately")
        if route.view is None:
            await in_pool(runtime.state_pool, runtime.page.tools.sessions.sign_out, token)
            return self._signed_out(request)
        words, settings = request.words, self._chats.settings()
        webui = webui_for(request.headers, settings)
        visit = Visit(runtime.page, person, words, settings, request.query, form, webui, file)
        try:
            pool = runtime.history_pool if route.is_long else runtime.command_pool
            work = runtime.lanes.run(who, pool, _rendered, visit, route, request, sign_in.csrf_of(token))
        except BusyError:
            raise RefusedError(429, "too often") from None
        ends = ends.pop_all()  # with the work, which may go on after its time
        work.add_done_callback(lambda _: ends.close())
        if not await within(_LONG_S if route.is_long else _PATIENCE_S, work):
            raise RefusedError(503, "still at it")
        answer: Answer = work.result()
        if route.ends_session and answer.status == 200:
            return replace(answer, cookies=self._signed_out(request).cookies)
        return answer

    def _signed_out(self, request: Request) -> Answer:
        where = self._where(request)
        cookies = [sign_in.session_cookie("", **where), sign_in.cookie(sign_in.OUT, "1", **where)]
        return replace(redirect("sign-in"), cookies=cookies)

    def _forbidden(self, request: Request) -> Answer:
        return self._told(request, 403, request.words.say("page: not for you"))

    @staticmethod
    def _told(request: Request, status: int, text: str) -> Answer:
        return page("told.html", request.words, status, person=None, text=text)


async def _typed(request: Request, receive: Receive, route: Route) -> str:
    """What somebody wrote whose session has ended, for them to copy; nothing of another site's form."""
    same_site = request.headers.get("sec-fetch-site") == "same-origin"  # no script and no form sets that
    if request.method != "POST" or not same_site or route.file_bytes:
        return ""
    return (await fields_of(request.headers, receive)).get("text", "")


def _rendered(visit: Visit, route: Route, request: Request, csrf: str) -> Answer:
    """In a thread of the pool."""
    assert route.view is not None
    fill = partial(page, words=visit.words, person=visit.person, csrf=csrf, here=route.name)
    typed = visit.form.get("text", "")
    try:
        made = route.view(visit)
    except Drop as refusal:
        return fill(
            "refused.html", status=422, text=_plain(refused(refusal, visit.words, in_chat=False)), typed=typed
        )
    except MemoryFault as fault:
        text = failed(fault, visit.words, admin=visit.person.is_admin, then="page: try again")
        return fill("refused.html", status=503, text=_plain(text), typed=typed)
    if isinstance(made, Answer):
        return made
    template = made.part if made.part and request.by_htmx else made.template
    done = visit.query.get("done", "")
    done = done if visit.words.has(f"page, done: {done}") else ""
    return fill(template, done=done, batch=visit.query.get("batch", ""), **made.values)


def _plain(text: str) -> str:
    """A sentence of the chat's, which is Markdown there."""
    return text.replace("`", "")


async def _send(send: Send, answer: Answer, *, body: bool) -> None:
    headers = [*{**HEADERS, **answer.headers, "content-length": str(len(answer.body))}.items()]
    headers += [("set-cookie", one) for one in answer.cookies]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body if body else b""})

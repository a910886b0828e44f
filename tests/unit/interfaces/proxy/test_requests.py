"""Requests as clients may write them: whichever way, the upstream gets the same, and memory takes part."""

import json
import socket

import httpx

from tests.harness.upstream import says
from tests.unit.interfaces.proxy.desk import KEY, Desk


def exchanged(at: Desk, *pieces: bytes) -> bytes:
    """What comes back for these bytes, until the server closes. Before each further piece an answer comes."""
    url = httpx.URL(at.url)
    answer = []
    with socket.create_connection((url.host, url.port), timeout=30) as connection:
        for number, piece in enumerate(pieces):
            if number:
                answer.append(connection.recv(65536))
            connection.sendall(piece)
        while received := connection.recv(65536):
            answer.append(received)
    return b"".join(answer)


def head(user: str, *headers: str, last: bool = True) -> bytes:
    lines = [f"Authorization: Bearer {KEY}", f"X-Memory-User-Id: {user}", *headers]
    lines += ["Connection: close"] if last else []
    return "\r\n".join(["POST /v1/chat/completions HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def test_chunks_other_encodings_and_clients_that_ask_before_they_send(at: Desk, user: str) -> None:
    said = {"model": "memory/llama3", "messages": [{"role": "user", "content": "Grüße, I live in Lisbon."}]}
    text = json.dumps(said, ensure_ascii=False)
    at.upstream.streams(*says("Yes."))
    raw = text.encode()
    kind, size = "Content-Type: application/json", f"Content-Length: {len(raw)}"
    cut = b"".join(b"%x;note=1\r\n%s\r\n" % (1, raw[n : n + 1]) for n in range(len(raw)))
    wide = text.encode("utf-16")
    marked = b"\xef\xbb\xbf" + raw
    ways = [
        (head(user, kind, size) + raw,),
        (head(user, kind, "Transfer-Encoding: chunked") + cut + b"0\r\nX-Trailer: y\r\n\r\n",),
        (head(user, kind, size, "Expect: 100-continue"), raw),
        (head(user, kind, f"Content-Length: {len(wide)}") + wide,),
        (head(user, kind, f"Content-Length: {len(marked)}") + marked,),
        (head(user, kind, size, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ") + raw,),
        (head(user, kind, size, "Content-Type: text/plain", "Authorization: Bearer another") + raw,),
    ]
    before = at.stored
    for way in ways:
        at.upstream.asked.clear()
        answer = exchanged(at, *way)
        assert b"Yes." in answer, answer[:200]
        assert answer.endswith(b"\r\n0\r\n\r\n")
        assert at.sent["model"] == "llama3"
        assert at.sent["messages"][-1]["content"].endswith(said["messages"][0]["content"])
        assert at.upstream.asked[0].header("authorization") == "Bearer key of main"
        assert not at.upstream.asked[0].header("expect")
    assert at.stored == before + 1, "said seven times in the same words"
    at.upstream.asked.clear()
    one = head(user, kind, size, last=False) + raw
    answer = exchanged(at, one + one + ways[0][0])
    assert (answer.count(b"HTTP/1.1 200"), len(at.upstream.asked)) == (3, 3), "sent at once, answered in turn"


def test_what_is_nested_too_deeply_is_refused_or_the_upstreams_to_judge(at: Desk, user: str) -> None:
    codes = set()
    for depth in range(900, 1000, 3):
        deep = f"{'[' * depth}{']' * depth}"
        body = f'{{"model": "memory/llama3", "messages": [{{"role": "user", "content": "Hi"}}, {deep}]}}'
        headers = {"X-Memory-User-Id": user, "Content-Type": "application/json"}
        answer = at.client.post("/v1/chat/completions", content=body, headers=headers)
        codes.add((answer.status_code, "too deeply" in answer.text))
    assert codes <= {(200, False), (400, True)}, "whatever this Python takes"

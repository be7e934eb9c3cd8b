"""A connection asks our application and no other, and sends an answer in one piece."""

import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest
import uvicorn
from patience import LONGEST
from service_process import a_free_port
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from serving.connection import BoundedConnection, JoinedWrites


def an_application(name):
    def answer(request):
        return PlainTextResponse(f"{name} for {request.client.host}")

    return Starlette(routes=[Route("/", answer)])


@contextmanager
def served(monkeypatch, *, first):
    monkeypatch.setattr(BoundedConnection, "first", first)
    config = uvicorn.Config(
        an_application("framework"), http=BoundedConnection, port=a_free_port(), log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield config.port
    finally:
        server.should_exit = True
        thread.join(LONGEST)


def received(port, method, *headers):
    """What the first `recv` gives of an answer."""
    lines = "".join(f"{each}\r\n" for each in headers)
    with closing(connected(port)) as connection:
        connection.sendall(f"{method} / HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        return connection.recv(65_536)


def connected(port):
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("nobody listens")


@pytest.fixture
def port(monkeypatch):
    with served(monkeypatch, first=an_application("ours")) as listening:
        yield listening


def test_our_application_is_asked_and_its_answer_comes_in_one_piece(port):
    head, _, body = received(port, "GET").partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b"ours for 127.0.0.1")


def test_an_answer_without_a_body_is_sent_too(port):
    assert received(port, "HEAD").endswith(b"\r\n\r\n")


def test_a_proxy_of_this_machine_says_for_whom_it_asks(port):
    assert received(port, "GET", "X-Forwarded-For: 192.0.2.7").endswith(b"ours for 192.0.2.7")


def test_where_nobody_is_first_the_servers_own_application_answers(monkeypatch):
    with served(monkeypatch, first=None) as port:
        assert received(port, "GET").endswith(b"framework for 127.0.0.1")


class Transport:
    """Keeps what is written."""

    def __init__(self):
        self.written = []

    def write(self, data):
        self.written.append(data)

    def close(self):
        self.written.append("closed")


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


def test_a_head_waits_for_its_body_and_nothing_else_waits():
    transport = Transport()
    joined = JoinedWrites(transport)
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    joined.write(HEAD)
    joined.write(b"{}")
    joined.write(b"more")
    assert transport.written == [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"{}", b"more"]


@pytest.mark.parametrize("end", [JoinedWrites.flush, JoinedWrites.close])
def test_a_head_that_nothing_follows_is_written_at_the_end(end):
    transport = Transport()
    joined = JoinedWrites(transport)
    joined.write(HEAD)
    end(joined)
    assert transport.written[0] == HEAD

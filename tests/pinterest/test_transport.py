"""Real connections to a small server on this machine: time-outs, broken answers, reuse, forks and certificates."""

import datetime as dt
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pinconnect.pinterest import limits, transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: who=jane; Path=/\r\n\r\n{}"


class Server:
    """Answers each request with the next of its answers, byte for byte; keeps what it received."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/p"
        self.answers: list[bytes | Callable[[socket.socket], None]] = []
        self.received: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while self.answers and (request := self._receive(connection)):
                self.received.append(request)
                answer = self.answers.pop(0)
                if callable(answer):
                    answer(connection)
                    return
                connection.sendall(answer)

    @staticmethod
    def _receive(connection: socket.socket) -> bytes:
        """One request: its head, and as much body as the head announces."""
        request = b""
        while b"\r\n\r\n" not in request and (part := connection.recv(65_536)):
            request += part
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length and len(body) < int(length.group(1)) and (part := connection.recv(65_536)):
            request, body = request + part, body + part
        return request


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.listener.close()


def call(url: str, method: str = "GET", body: bytes | None = None) -> transport.Call:
    return transport.Call(method, "/p", url, {"Authorization": "Bearer pina_x"}, body, safe_to_repeat=True)


def failure(url: str) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as caught:
        transport.send(call(url))
    return caught.value


def test_an_answer_comes_back_whole(server: Server) -> None:
    server.answers = [OK]

    answer = transport.send(call(server.url, "PATCH", b'{"a":1}'))

    assert (answer.status, answer.body, answer.complete) == (200, b"{}", True)
    assert server.received[0].startswith(b"PATCH /p HTTP/1.1\r\n")
    assert server.received[0].endswith(b'\r\n\r\n{"a":1}')


def test_one_connection_serves_many_calls_and_keeps_no_cookie(server: Server) -> None:
    server.answers = [OK, OK, OK]

    for _ in range(3):
        transport.send(call(server.url))

    assert server.connections == 1
    assert not any(b"jane" in request for request in server.received)


def test_each_thread_has_its_own_connection(server: Server) -> None:
    server.answers = [OK, OK]
    transport.send(call(server.url))

    thread = threading.Thread(target=transport.send, args=(call(server.url),))
    thread.start()
    thread.join()

    assert server.connections == 2


def test_a_forked_worker_uses_a_connection_of_its_own(server: Server) -> None:
    server.answers = [OK, OK]
    transport.send(call(server.url))

    child = os.fork()
    if child == 0:
        os._exit(0 if transport.send(call(server.url)).status == 200 else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert server.connections == 2


def test_the_environment_decides_neither_proxy_nor_password(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers = [OK]

    transport.send(call(server.url))

    assert b"Authorization: Bearer pina_x\r\n" in server.received[0]


def test_redirects_are_not_followed(server: Server) -> None:
    location = server.url.encode()
    server.answers = [b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n", OK]

    assert transport.send(call(server.url)).status == 302
    assert len(server.received) == 1


def test_a_closed_port_proves_that_nothing_was_sent(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    assert transport.never_left(failure(f"http://127.0.0.1:{port}/p"))


def test_an_unknown_host_proves_that_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert transport.never_left(failure("http://nowhere.invalid/p"))


def test_a_connection_dropped_after_sending_proves_nothing(server: Server) -> None:
    server.answers = [lambda connection: None]

    assert not transport.never_left(failure(server.url))
    assert len(server.received) == 1


def test_no_answer_in_time_proves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READ_TIMEOUT_S", 0.05)
    stop = threading.Event()
    server.answers = [lambda connection: stop.wait(5) and None]

    assert isinstance(error := failure(server.url), requests.ReadTimeout)
    assert not transport.never_left(error)
    stop.set()


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_body_that_breaks_off_leaves_the_status(server: Server, broken: bytes) -> None:
    server.answers = [lambda connection: connection.sendall(broken)]

    answer = transport.send(call(server.url))

    assert (answer.status, answer.body, answer.complete) == (200, b"", False)


def test_a_chunked_body_comes_back_whole(server: Server) -> None:
    server.answers = [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n']

    assert transport.send(call(server.url)).body == b'{"a":1}'


def test_a_body_larger_than_the_bound_is_not_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_BYTES", 1)
    server.answers = [OK]

    assert not transport.send(call(server.url)).complete


def test_a_body_that_drips_is_given_up_at_the_deadline(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_DEADLINE_S", 0.1)
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    server.answers = [drip]
    answer = transport.send(call(server.url))
    stop.set()

    assert (answer.status, answer.complete) == (200, False)


def _untrusted_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    pem += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "pair.pem").write_bytes(pem)
    return folder / "pair.pem"


def test_an_untrusted_certificate_proves_that_nothing_was_sent(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_untrusted_certificate(tmp_path))
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = listener.accept()
        with pytest.raises(OSError, match=r"SSL|TLS|alert|reset|EOF"):
            context.wrap_socket(connection, server_side=True).recv(1)

    threading.Thread(target=refuse, daemon=True).start()
    error = failure(f"https://127.0.0.1:{listener.getsockname()[1]}/p")
    listener.close()

    assert isinstance(error, requests.exceptions.SSLError)
    assert transport.never_left(error)

"""What other websites, other users of this computer and broken programs may try: nothing is served, nothing moves.

Every request goes to the real server over a real socket.
"""

from __future__ import annotations

import json
import random
import socket
import string
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from albumclean.errors import UsageError
from albumclean.review.web import guard
from albumclean.review.web.keys import Keys
from albumclean.review.web.server import listening
from tests.trash_helpers import snapshot
from tests.web_review import JPEG, Browser, Reply, Running, review

PLACES = (
    "/",
    "/static/main.js",
    "/api/overview",
    "/api/questions",
    "/api/progress",
    "/api/plan",
    "/api/history",
)
CHANGES = ("answers", "undo", "threshold", "forget", "finish", "confirm", "history/1/undo", "end")


@pytest.fixture
def running(album: Path, home: Path) -> Iterator[Running]:
    """A review that must be as it was when the test ends."""
    with review(album, home) as under_way:
        files, words = snapshot(album), under_way.ledger_rows()
        yield under_way
        assert files == snapshot(album), "a file was changed"
        assert words == under_way.ledger_rows(), "the ledger was changed"
        assert under_way.thread.is_alive(), "the review was ended"


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser


@pytest.fixture
def photo(browser: Browser) -> str:
    number = browser.get("/api/questions").json["questions"][0]["members"][0]["id"]
    return f"/photo/{number}/thumb"


def served_nothing(reply: Reply, browser: Browser) -> bool:
    """Whether the answer is an error that tells nothing of the library, the secrets or the page."""
    secrets = (
        JPEG,
        b".jpg",
        browser.csrf.encode(),
        browser.cookie.partition("=")[2].encode(),
        b"export ",
        b"histogram",
    )
    return 400 <= reply.status < 500 and not any(secret in reply.body for secret in secrets)


def test_the_same_requests_are_served_to_the_browser_that_was_let_in(browser: Browser, photo: str) -> None:
    assert [200] * 6 == [browser.get(place).status for place in ("/", *PLACES[2:5], PLACES[6], photo)]
    assert 200 == browser.post("/api/undo").status


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "localhost.evil.example:{port}",
        "127-0-0-1.rebind.example:{port}",
        "a.localhost:{port}",
        "localhost.:{port}",
        "0.0.0.0:{port}",
        "127.1:{port}",
        "2130706433:{port}",
        "[::1]:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}@evil.example",
        "evil.example@127.0.0.1:{port}",
        "127.0.0.1:{port}, evil.example",
    ],
)
def test_a_wrong_host_gets_nothing_whatever_else_is_right(browser: Browser, photo: str, host: str) -> None:
    wrong = host.format(port=browser.port)
    for place in (*PLACES, photo, "/enter?key=x"):
        assert served_nothing(browser.get(place, host=wrong), browser), place
    assert served_nothing(browser.post("/api/undo", host=wrong, origin=f"http://{wrong}"), browser)


def test_a_wrong_host_does_not_use_up_the_key(album: Path, home: Path) -> None:
    with review(album, home, enter=False) as running:
        path = running.address.partition(running.browser.host)[2]
        assert 403 == running.browser.get(path, host="evil.example").status
        assert 303 == running.browser.enter(running.address).status


@pytest.mark.parametrize("head", ["GET /api/overview HTTP/1.1\r\n", "GET /api/overview HTTP/1.0\r\n"])
def test_a_missing_host_gets_nothing(browser: Browser, head: str) -> None:
    said = browser.raw(f"{head}Cookie: {browser.cookie}\r\n\r\n".encode())
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
    assert b"histogram" not in said


def test_two_hosts_get_nothing(browser: Browser) -> None:
    head = (
        f"GET /api/overview HTTP/1.1\r\nHost: {browser.host}\r\nHost: evil.example\r\nCookie: {browser.cookie}\r\n\r\n"
    )
    assert b"histogram" not in browser.raw(head.encode())


@pytest.mark.parametrize(
    "target", ["http://evil.example/api/overview", "http://{host}/api/overview", "//evil.example/", "*"]
)
def test_addresses_in_absolute_form_get_nothing(browser: Browser, target: str) -> None:
    reply = browser.get(target.format(host=browser.host))
    assert (400 if not target.startswith("/") else 404, True) == (reply.status, served_nothing(reply, browser))


def test_addresses_that_are_too_long_or_not_printable_are_refused_at_the_door(browser: Browser) -> None:
    for target in ("/" + "x" * 2_000, f"/api/questions?text={'x' * 2_000}", "/%00", "/%0a", "/a%1bb", "/%e2%80%ae"):
        assert 400 == browser.get(target).status, target


def test_without_the_cookie_nothing_is_served(browser: Browser, photo: str) -> None:
    name, _, value = browser.cookie.partition("=")
    wrong = ["", "x=y", f"{name}=", f"{name}={value[:-1]}", f"{name}={value}x", f"{name}={value.swapcase()}"]
    wrong += [f"albumclean-1={value}", f"{name}={browser.csrf}", f"{name}=\u00e9\u00ff"]
    for cookie in wrong:
        for place in (*PLACES, photo):
            reply = browser.get(place, cookie=cookie)
            assert (403, True) == (reply.status, served_nothing(reply, browser)), (cookie, place)
        for change in CHANGES:
            assert 403 == browser.post(f"/api/{change}", cookie=cookie).status


def test_the_key_is_no_cookie_and_a_cookie_before_anybody_entered_is_none(album: Path, home: Path) -> None:
    with review(album, home, enter=False) as running:
        browser = Browser(running.browser.port)
        key = running.address.partition("key=")[2]
        for value in (key, "", "None"):
            assert 403 == browser.get("/api/overview", cookie=f"albumclean-{browser.port}={value}").status


@pytest.mark.parametrize(
    "key", ["", "key=", "key=x", "key=%00", "key=%C3%A9", "key=%ED%A0%80", "kex=1", f"key={'a' * 43}"]
)
def test_a_wrong_key_lets_nobody_in_and_uses_nothing_up(album: Path, home: Path, key: str) -> None:
    with review(album, home, enter=False) as running:
        reply = running.browser.get(f"/enter?{key}")
        assert (403, None) == (reply.status, reply.headers["set-cookie"])
        assert 303 == running.browser.enter(running.address).status


def test_the_key_works_once_and_a_second_browser_is_told_why(running: Running) -> None:
    second = Browser(running.browser.port)
    reply = second.enter(running.address)
    assert (403, None) == (reply.status, reply.headers["set-cookie"])
    assert "text/html; charset=utf-8" == reply.headers["content-type"]
    assert b"it has been used" in reply.body
    assert b"albumclean review" in reply.body
    page = second.get("/")
    assert (403, True) == (page.status, b"belongs to the browser that opened it first" in page.body)


def test_of_many_browsers_at_the_same_time_one_gets_in(album: Path, home: Path) -> None:
    with review(album, home, enter=False) as running:
        path = running.address.partition(running.browser.host)[2]
        replies: list[Reply] = []
        threads = [
            threading.Thread(target=lambda: replies.append(Browser(running.browser.port).get(path))) for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (let_in,) = [reply for reply in replies if reply.status != 403]
        running.browser.cookie = (let_in.headers["set-cookie"] or "").partition(";")[0]
        page = running.browser.get("/").body
        running.browser.csrf = page.partition(b'albumclean-csrf" content="')[2].partition(b'"')[0].decode()


def test_the_browser_that_is_in_may_open_the_address_again(running: Running) -> None:
    reply = running.browser.get(running.address.partition(running.browser.host)[2])
    assert (303, "/", None) == (reply.status, reply.headers["location"], reply.headers["set-cookie"])


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(album: Path, home: Path) -> None:
    with review(album, home, enter=False) as running:
        reply = running.browser.enter(running.address)
        name, _, rest = (reply.headers["set-cookie"] or "").partition("=")
        assert f"albumclean-{running.browser.port}" == name
        assert {"HttpOnly", "Path=/", "SameSite=strict"} == set(rest.split("; ")[1:])


def test_a_link_that_is_opened_ahead_of_time_does_not_use_up_the_key(album: Path, home: Path) -> None:
    with review(album, home, enter=False) as running:
        path = running.address.partition(running.browser.host)[2]
        assert 403 == running.browser.get(path, sec_purpose="prefetch;prerender").status
        assert 403 == running.browser.get(path, sec_fetch_site="cross-site").status
        assert 303 == running.browser.enter(running.address).status


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_requests_that_another_site_makes_get_nothing(browser: Browser, photo: str, site: str) -> None:
    for place in (*PLACES, photo):
        assert served_nothing(browser.get(place, sec_fetch_site=site), browser), place
    for change in CHANGES:
        assert 403 == browser.post(f"/api/{change}", sec_fetch_site=site).status


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "https://127.0.0.1:{port}",
        "http://localhost:{port}",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}/",
        "file://",
    ],
)
def test_changes_from_another_origin_do_nothing(browser: Browser, origin: str) -> None:
    for site in ("same-origin", "cross-site", "none", ""):
        for change in CHANGES:
            reply = browser.post(f"/api/{change}", origin=origin.format(port=browser.port), sec_fetch_site=site)
            assert 403 == reply.status, (change, site)


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "null"])
def test_changes_without_the_token_of_the_page_do_nothing(browser: Browser, token: str) -> None:
    for change in CHANGES:
        assert 403 == browser.post(f"/api/{change}", csrf=token).status
    value = browser.cookie.partition("=")[2]
    assert 403 == browser.post("/api/end", csrf=value).status
    assert 403 == browser.post("/api/end", csrf=browser.csrf[:-1]).status


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "x"]
)
def test_what_a_plain_form_can_send_is_not_taken(browser: Browser, kind: str) -> None:
    for change in CHANGES:
        assert 422 == browser.post(f"/api/{change}", content_type=kind).status


@pytest.mark.parametrize(
    "name",
    [
        "../pages.py",
        "..%2fpages.py",
        "%2e%2e/pages.py",
        "%2e%2e%2fpages.py",
        "%252e%252e%252fpages.py",
        "..%5cpages.py",
        "..\\pages.py",
        "....//pages.py",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "main.js%00.css",
        "main.js/",
        "./main.js",
        "x/../main.js",
        "%c0%ae%c0%ae/pages.py",
        "..%c1%9cpages.py",
        "",
        ".",
        "file:%2f%2f/etc/passwd",
        "C:%5cWindows%5cwin.ini",
        "%0d%0aSet-Cookie:x=y",
    ],
)
def test_no_path_leads_out_of_what_may_be_served(browser: Browser, name: str) -> None:
    for place in ("/static/", "/photo/", "/api/questions/", "/api/history/", "/"):
        if place + name == "/":
            continue
        reply = browser.get(place + name)
        assert reply.status in {400, 404}, (place + name, reply.status)
        assert reply.headers["set-cookie"] is None
        assert {"error"} == set(reply.json)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "0", "-1", "1e3", "99999999999999999999999", "1%00", "\u0661", "%D9%A1", "9" * 1500, "1/../2"],
)
def test_photos_have_numbers_and_nothing_else(browser: Browser, name: str) -> None:
    for kind in ("thumb", "view", "full", "map", "..", "thumb%00", "%2e%2e%2fthumb", "exif"):
        reply = browser.send("GET", f"/photo/{_quoted(name)}/{kind}", {"Cookie": browser.cookie})
        assert reply.status in {400, 404}, (name, kind)
        assert JPEG not in reply.body


def test_numbers_beyond_those_of_the_journal_are_not_found(browser: Browser) -> None:
    for number in (0, 2**63 - 1, 2**63, 10**19 - 1, 10**19):
        assert 404 == browser.get(f"/api/history/{number}").status
        assert 404 == browser.post(f"/api/history/{number}/undo").status
        assert 404 == browser.get(f"/api/questions/{number + 100}").status
    assert 422 == browser.get(f"/api/history?offset={2**63}").status


def test_a_photo_has_no_other_pictures_than_its_four(browser: Browser, photo: str) -> None:
    for kind in ("", "/..", "/thumb/..", "/exif", "/thumb%2f", "/thumb%00", "/THUMB"):
        assert browser.get(photo.removesuffix("/thumb") + kind).status in {400, 404}


def test_bodies_that_are_too_long_are_refused_before_they_arrive(browser: Browser) -> None:
    head = (
        f"POST /api/answers HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\nOrigin: http://{browser.host}"
        f"\r\nX-Albumclean-CSRF: {browser.csrf}\r\nContent-Type: application/json\r\n"
    )
    assert browser.raw(f"{head}Content-Length: 9999999999\r\n\r\n{{".encode()).startswith(b"HTTP/1.1 413")
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + piece * 17 + b"0\r\n\r\n"
    assert browser.raw(chunked).startswith(b"HTTP/1.1 413")
    headers = {"Cookie": browser.cookie, "Origin": f"http://{browser.host}", "X-Albumclean-CSRF": browser.csrf}
    for length, status in ((guard.MAX_BODY, 400), (guard.MAX_BODY + 1, 413)):
        assert status == browser.send("POST", "/api/answers", headers, b" " * length).status


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"[]", b"1", b'"x"', b"null", b"\xff", b"[" * 200_000, b'{"ids":' * 20_000, b"NaN", b'{"a":1e999}'],
)
def test_bodies_that_are_no_request_are_refused(browser: Browser, body: bytes) -> None:
    headers = {
        "Cookie": browser.cookie,
        "Origin": f"http://{browser.host}",
        "X-Albumclean-CSRF": browser.csrf,
        "Content-Type": "application/json",
    }
    for change in ("answers", "threshold", "confirm"):
        assert browser.send("POST", f"/api/{change}", headers, body).status in {400, 422}


def test_half_a_request_keeps_nobody_waiting(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.3)
    browser = running.browser
    head = (
        f"POST /api/answers HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\nOrigin: http://{browser.host}"
        f"\r\nX-Albumclean-CSRF: {browser.csrf}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    )
    halves = [f"GET /api/overview HTTP/1.1\r\nHost: {browser.host}\r\nX-A: ", head, "G", ""]
    held = [socket.create_connection(("127.0.0.1", browser.port), timeout=20) for _ in range(40)]
    for number, connection in enumerate(held):
        connection.sendall(halves[number % len(halves)].encode())
    begun = time.monotonic()
    assert [200] * 20 == [browser.get("/api/overview").status for _ in range(20)]
    assert time.monotonic() - begun < 10
    assert held[1].recv(100).startswith(b"HTTP/1.1 400")
    for connection in held:
        connection.close()


def test_a_websocket_is_not_opened(browser: Browser) -> None:
    for target in ("/", "/api/overview", "/ws"):
        said = browser.raw(
            f"GET {target} HTTP/1.1\r\nHost: {browser.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert said.startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "method", ["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "get", "X"]
)
def test_other_methods_do_nothing(browser: Browser, method: str) -> None:
    headers = {"Cookie": browser.cookie, "Origin": f"http://{browser.host}", "X-Albumclean-CSRF": browser.csrf}
    for target in ("/", "/api/overview", "/api/end"):
        reply = browser.send(method, target, headers)
        assert (405, "GET, POST") == (reply.status, reply.headers["allow"])
        assert reply.headers["access-control-allow-origin"] is None


def test_reading_is_no_way_to_change(browser: Browser) -> None:
    for change in CHANGES:
        assert 405 == browser.get(f"/api/{change}").status


def test_every_answer_forbids_what_a_page_could_be_abused_for(browser: Browser, photo: str) -> None:
    replies = [browser.get(place) for place in (*PLACES, photo, "/nothing", "/enter?key=x")]
    replies += [browser.get("/", cookie=""), browser.post("/api/end", csrf="x"), browser.send("TRACE", "/")]
    for reply in replies:
        assert "nosniff" == reply.headers["x-content-type-options"]
        assert "no-referrer" == reply.headers["referrer-policy"]
        assert "same-origin" == reply.headers["cross-origin-opener-policy"]
        assert "same-origin" == reply.headers["cross-origin-resource-policy"]
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert ("no-store" == reply.headers["cache-control"]) or reply.headers["cache-control"].startswith("private")
        assert reply.headers["server"] is None
    assert {"no-store"} == {browser.get(place).headers["cache-control"] for place in ("/", *PLACES[2:])}
    script = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    assert replies[0].headers["content-security-policy"].startswith(script)


def test_only_this_computer_can_connect() -> None:
    listener = listening(0)
    with listener:
        host, port = listener.getsockname()
        assert "127.0.0.1" == host
        with pytest.raises(OSError), socket.create_connection((_address_in_the_net(), port), timeout=2):
            pass
        with pytest.raises(UsageError, match=f"the port {port} can't be used"):
            listening(port)


def test_secrets_are_long_fresh_and_different() -> None:
    keys = [Keys(1), Keys(1)]
    secrets = [secret for each in keys for secret in (each.entry, each.session, each.csrf)]
    assert 6 == len(set(secrets))
    assert all(len(secret) >= 43 for secret in secrets)


def test_a_thousand_requests_at_random_get_nothing_and_change_nothing(running: Running, photo: str) -> None:
    """Each lacks or spoils at least one thing; without the cookie nothing is served, and no change is ever made."""
    rng = random.Random(20_261_122)
    browser, statuses = running.browser, set()
    for number in range(1_200):
        target, method = (
            _some_target(rng, photo),
            rng.choice(["GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]),
        )
        right = {
            "Host": browser.host,
            "Cookie": browser.cookie,
            "Origin": f"http://{browser.host}",
            "X-Albumclean-CSRF": browser.csrf,
            "Content-Type": "application/json",
        }
        spoiled = rng.choice(
            ["Host", "Cookie", "Cookie"] if method == "GET" else ["Host", "Cookie", "Origin", "X-Albumclean-CSRF"]
        )
        headers = {**right, spoiled: rng.choice(["", "x", "null", _noise(rng), right[spoiled][:-1]])}
        if spoiled == "Host" and not headers["Host"]:
            headers["Host"] = "evil.example"
        headers |= rng.choice(
            [{}, {"Sec-Fetch-Site": "cross-site"}, {"X-Forwarded-Host": browser.host}, {_word(rng): _noise(rng)}]
        )
        reply = browser.send(method, target, headers, _some_body(rng) if method != "GET" else None)
        statuses.add(reply.status)
        assert served_nothing(reply, browser), (number, method, target, headers, reply)
    assert statuses <= {400, 403, 405}


def test_broken_requests_of_the_right_browser_break_nothing(running: Running, photo: str) -> None:
    """With every secret right, what makes no sense is refused with a sentence, and never with a crash."""
    rng = random.Random(5)
    browser = running.browser
    for number in range(400):
        target, method = _some_target(rng, photo), rng.choice(["GET", "POST"])
        headers = {
            "Cookie": browser.cookie,
            "Origin": f"http://{browser.host}",
            "X-Albumclean-CSRF": browser.csrf,
            "Content-Type": "application/json",
        }
        if method == "POST" and target.startswith(("/api/undo", "/api/forget", "/api/end", "/api/finish")):
            continue  # these ask for nothing that could be wrong
        reply = browser.send(method, target, headers, _some_body(rng) if method == "POST" else None)
        assert reply.status < 500, (number, method, target, reply)
        if method == "POST":
            assert reply.status >= 400, (number, target, reply)
            assert reply.json["error"].endswith((".", "1", "0"))


def _some_target(rng: random.Random, photo: str) -> str:
    known = [*PLACES, photo, *(f"/api/{change}" for change in CHANGES), "/enter?key=x", "/api/questions/1"]
    match rng.randrange(4):
        case 0:
            return rng.choice(known)
        case 1:
            return f"{rng.choice(known)}?{_word(rng)}={_word(rng)}&offset={rng.randrange(-9, 9**9)}"
        case 2:
            return f"{rng.choice(known)}/{_quoted(_noise(rng))}"
        case _:
            return f"/{_quoted(_noise(rng))}/{rng.choice(['..', '%2e%2e', '%00', _word(rng)])}"


def _some_body(rng: random.Random) -> bytes:
    names = ["ids", "verdict", "keep", "filter", "count", "below", "answer", "photos", "bytes", "items", _word(rng)]
    values: list[object] = [
        None,
        True,
        -1,
        2**70,
        0.5,
        1e308,
        "",
        "trash",
        "move",
        _noise(rng),
        [],
        [[]],
        {},
        [None, "1"],
    ]
    wrong: Mapping[str, object] = {rng.choice(names): rng.choice(values) for _ in range(rng.randrange(1, 5))}
    body = json.dumps({**wrong, "unknown": 1}).encode()
    return rng.choice([body, body[:-1], rng.randbytes(40), b"[" * rng.randrange(1, 5000)])


def _noise(rng: random.Random) -> str:
    return "".join(
        chr(rng.choice([rng.randrange(33, 127), rng.randrange(161, 256)])) for _ in range(rng.randrange(1, 30))
    )


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randrange(1, 9)))


def _quoted(name: str) -> str:
    """Only what may not stand in a request line is quoted: the rest must reach the server as it is."""
    return "".join(each if "!" <= each <= "~" and each not in "?#" else f"%{ord(each) & 0xFF:02x}" for each in name)


def _address_in_the_net() -> str:
    """This computer's address for others, or one that is nobody's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])

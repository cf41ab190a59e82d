"""The review in a browser as its page drives it: the contract, end to end, with real moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from albumclean.domain import PhotoFacts
from albumclean.errors import QuarantineUnusable
from albumclean.plan import build_plan
from albumclean.review.course import Confirmation, Course
from tests.facts import group_of, low_quality
from tests.trash_helpers import snapshot
from tests.web_review import JPEG, Browser, FakePictures, Running, photo_on_disk, review


@pytest.fixture
def running(album: Path, home: Path) -> Iterator[Running]:
    with review(album, home) as under_way:
        yield under_way


@pytest.fixture
def browser(running: Running) -> Browser:
    return running.browser


def asked(browser: Browser, query: str = "") -> list[Any]:
    reply = browser.get(f"/api/questions?{query}")
    assert 200 == reply.status, reply.json
    return list(reply.json["questions"])


def names(questions: list[Any]) -> list[str]:
    return [question["members"][0]["name"] for question in questions]


def answer(browser: Browser, verdict: str, *names: str, **more: object) -> Any:
    ids = [question["id"] for question in asked(browser) if question["members"][0]["name"] in names]
    reply = browser.post("/api/answers", {"ids": ids, "verdict": verdict, **more})
    assert 200 == reply.status, reply.json
    return reply.json


def until(browser: Browser, phase: str) -> Any:
    deadline = time.monotonic() + 20
    while (progress := browser.get("/api/progress").json)["phase"] != phase:
        assert time.monotonic() < deadline, progress
        time.sleep(0.02)
    return progress


def confirmed(browser: Browser) -> Any:
    """Finish, look at the plan, move; the progress when all is done."""
    assert {"phase": "confirm"} == browser.post("/api/finish").json
    plan = browser.get("/api/plan").json
    reply = browser.post("/api/confirm", {"answer": "move", "photos": plan["photos"], "bytes": plan["bytes"]})
    assert {"phase": "moving"} == reply.json
    return until(browser, "moved")


def test_the_overview_counts_everything_once(browser: Browser, album: Path) -> None:
    overview = browser.get("/api/overview").json
    assert ["review", 0.5, 6, 6] == [overview[key] for key in ("phase", "below", "total", "open")]
    assert {"photos": 0, "bytes": 0} == overview["chosen"]
    assert {"photos": 9, "scored": 9} == overview["library"]
    assert 9 == sum(overview["histogram"]["counts"])
    assert 100 == len(overview["histogram"]["counts"]) == len(overview["histogram"]["bytes"])
    assert {"derived": 2, "photo": 4} == overview["kinds"]
    assert [("home", 4), ("trip", 2)] == [(Path(each["name"]).name, each["count"]) for each in overview["folders"]]
    assert [(2019, 1), (2021, 1), (None, 4)] == [(each["year"], each["count"]) for each in overview["years"]]
    assert [0, ["One note."], "Album"] == [overview[key] for key in ("carried_over", "notes", "title")]
    assert f"{overview['total']} of more" == overview["rest"]


def test_a_question_has_all_that_the_page_shows(browser: Browser) -> None:
    first = asked(browser)[0]
    assert {"id", "kind", "rule", "keeper_reason", "answer", "members"} == set(first)
    keeper = first["members"][0]
    assert ["a0.jpg", "a1.jpg", "a2.jpg"] == [member["name"] for member in first["members"]]
    assert ["keep", 400, 300, "JPEG", "2019-05-06T07:08:09", "Maker Model 1", None, None] == [
        keeper[key] for key in ("action", "width", "height", "format", "taken_at", "camera", "untouchable", "rating")
    ]
    assert first == browser.get(f"/api/questions/{first['id']}").json


def test_pages_of_a_sorted_and_filtered_list(browser: Browser) -> None:
    reply = browser.get("/api/questions?kind=photo&sort=score&order=desc&offset=1&limit=2").json
    assert [4, 1, ["c3.jpg", "c2.jpg"]] == [reply["total"], reply["offset"], names(reply["questions"])]


def test_an_answer_changes_the_question_and_the_sums(browser: Browser) -> None:
    said = answer(browser, "trash", "c1.jpg")
    (changed,) = said["changed"]
    assert {"verdict": "trash", "going": [changed["members"][0]["id"]], "earlier": False} == changed["answer"]
    assert {"photos": 1, "bytes": changed["members"][0]["size"]} == said["chosen"]
    assert 1 == said["count"]
    assert ["c1.jpg"] == names(asked(browser, "state=trash"))
    assert 5 == browser.get("/api/overview").json["open"]


def test_of_a_group_exactly_the_named_members_stay(browser: Browser) -> None:
    members = asked(browser)[0]["members"]
    said = answer(browser, "trash", "a0.jpg", keep=[members[1]["id"], members[2]["id"]])
    assert [members[0]["id"]] == said["changed"][0]["answer"]["going"]


def test_answers_are_undone_one_by_one_and_batches_whole(browser: Browser) -> None:
    answer(browser, "keep", "a0.jpg")
    batch = browser.post("/api/answers", {"filter": {"kind": "photo", "below": 0.35}, "verdict": "trash", "count": 3})
    assert [3, 3] == [batch.json["count"], batch.json["chosen"]["photos"]]
    assert [3, 0] == [(undone := browser.post("/api/undo").json)["count"], undone["chosen"]["photos"]]
    assert [["a0.jpg"], None] == [names(last := browser.post("/api/undo").json["changed"]), last[0]["answer"]]
    assert 0 == browser.post("/api/undo").json["count"]
    assert 6 == browser.get("/api/overview").json["open"]


def test_a_batch_that_is_not_what_the_user_saw_is_refused(browser: Browser) -> None:
    wanted = {"filter": {"kind": "photo"}, "verdict": "trash", "count": 3}
    assert 409 == browser.post("/api/answers", wanted).status
    assert 6 == browser.get("/api/overview").json["open"]


def test_a_misspelled_filter_answers_nothing(browser: Browser) -> None:
    assert 422 == browser.post("/api/answers", {"filter": {"bellow": 0.1}, "verdict": "trash"}).status
    assert 6 == browser.get("/api/overview").json["open"]


def test_another_threshold_keeps_answers_and_numbers(browser: Browser) -> None:
    ids = {question["members"][0]["name"]: question["id"] for question in asked(browser)}
    answer(browser, "trash", "c4.jpg")
    overview = browser.post("/api/threshold", {"below": 0.25}).json
    assert [0.25, 4, 1] == [overview["below"], overview["total"], overview["chosen"]["photos"]]
    assert ["c1.jpg", "c2.jpg"] == names(asked(browser, "kind=photo"))
    assert 404 == browser.get(f"/api/questions/{ids['c4.jpg']}").status
    browser.post("/api/threshold", {"below": 0.5})
    assert ids == {question["members"][0]["name"]: question["id"] for question in asked(browser)}
    assert ["c4.jpg"] == names(asked(browser, "state=trash"))


def test_choices_of_an_earlier_review_are_answers_until_they_are_forgotten(album: Path, home: Path) -> None:
    with review(album, home) as first:
        answer(first.browser, "trash", "c1.jpg", "c2.jpg")
    assert not first.result().confirmed
    with review(album, home) as second:
        assert 2 == second.browser.get("/api/overview").json["carried_over"]
        assert [True, True] == [question["answer"]["earlier"] for question in asked(second.browser, "state=trash")]
        overview = second.browser.post("/api/forget").json
        assert [0, 6, 0] == [overview["carried_over"], overview["open"], overview["chosen"]["photos"]]


def test_what_was_chosen_and_confirmed_moves_and_nothing_else(running: Running, browser: Browser, album: Path) -> None:
    answer(browser, "trash", "a0.jpg", "c1.jpg")
    answer(browser, "keep", "c2.jpg")
    progress = confirmed(browser)
    assert [3, 3, []] == [progress["done"], progress["total"], progress["problems"]]
    assert {"a0.jpg", "b0.jpg", "b1.jpg", "c2.jpg", "c3.jpg", "c4.jpg"} == {path.name for path in album.rglob("*.jpg")}
    assert {"phase": "ended"} == browser.post("/api/end").json
    assert (True, 3) == ((course := running.result()).confirmed, course.planned)


def test_undo_of_everything_and_of_one_photo_without_leaving_the_page(browser: Browser, album: Path) -> None:
    before = snapshot(album)
    answer(browser, "trash", "a0.jpg", "c1.jpg")
    run = confirmed(browser)["run"]
    assert before != snapshot(album)
    found = browser.get(f"/api/history/{run}").json
    assert {"moved": 3} == found["run"]["photos"]
    item = next(item for group in found["groups"] for item in group["items"] if item["name"] == "c1.jpg")
    outcomes = browser.post(f"/api/history/{run}/undo", {"items": [item["id"]]}).json["outcomes"]
    assert [("c1.jpg", "restored")] == [(Path(each["path"]).name, each["state"]) for each in outcomes]
    assert 2 == len(browser.post(f"/api/history/{run}/undo", {}).json["outcomes"])
    assert before == snapshot(album)
    assert ["undo", "undo", "apply"] == [each["kind"] for each in browser.get("/api/history").json["runs"]]


def test_undo_of_what_the_journal_does_not_know_does_nothing(browser: Browser, album: Path) -> None:
    answer(browser, "trash", "c1.jpg")
    run = confirmed(browser)["run"]
    item = browser.get(f"/api/history/{run}").json["groups"][0]["items"][0]["id"]
    after = snapshot(album)
    assert 404 == browser.post(f"/api/history/{run + 1}/undo", {"items": [item]}).status
    assert 409 == browser.post(f"/api/history/{run}/undo", {"items": [item, item + 999]}).status
    assert 422 == browser.post(f"/api/history/{run}/undo", {"items": []}).status
    assert after == snapshot(album)


@pytest.mark.parametrize(("photos", "size"), [(1, 0), (0, 1), (None, None)])
def test_nothing_moves_unless_the_user_saw_exactly_this_plan(
    browser: Browser, album: Path, photos: int | None, size: int | None
) -> None:
    answer(browser, "trash", "c1.jpg")
    before = snapshot(album)
    browser.post("/api/finish")
    plan = browser.get("/api/plan").json
    seen = {"photos": plan["photos"] + photos, "bytes": plan["bytes"] + size} if photos is not None and size else {}
    assert 409 == browser.post("/api/confirm", {"answer": "move", **seen}).status
    assert "confirm" == browser.get("/api/progress").json["phase"]
    assert before == snapshot(album)


def test_the_plan_says_what_moves_and_what_does_not(album: Path, home: Path) -> None:
    a, b = photo_on_disk(album / "a.jpg"), photo_on_disk(album / "b.jpg")
    with review(album, home, proposals=[*group_of(a, b), low_quality(photo_on_disk(album / "c.jpg"))]) as running:
        browser = running.browser
        answer(browser, "trash", "a.jpg", "c.jpg")
        browser.post("/api/finish")
        plan = browser.get("/api/plan?offset=1&limit=1").json
        assert [2, 2, 2, 1] == [plan["photos"], plan["files"], plan["total"], plan["offset"]]
        (item,) = plan["items"]
        assert ["c.jpg", [str(album / "c.jpg")]] == [item["name"], item["files"]]
        assert 200 == browser.get(f"/photo/{item['photo']}/thumb").status
        assert str(home / "quarantine") == plan["destination"]


def test_back_from_the_last_question_to_the_answers_and_on(browser: Browser, album: Path) -> None:
    answer(browser, "trash", "c1.jpg")
    browser.post("/api/finish")
    assert 409 == browser.post("/api/undo").status
    assert 409 == browser.post("/api/answers", {"ids": [1], "verdict": "keep"}).status
    assert 409 == browser.post("/api/threshold", {"below": 0.1}).status
    assert {"phase": "review"} == browser.post("/api/confirm", {"answer": "back"}).json
    answer(browser, "trash", "c2.jpg")
    assert 2 == confirmed(browser)["done"]
    assert not (album / "home/c1.jpg").exists()
    assert not (album / "home/c2.jpg").exists()


def test_leaving_moves_nothing_and_forgets_nothing(running: Running, browser: Browser, album: Path) -> None:
    before = snapshot(album)
    answer(browser, "trash", "c1.jpg")
    browser.post("/api/finish")
    assert {"phase": "ended"} == browser.post("/api/confirm", {"answer": "leave"}).json
    assert not running.result().confirmed
    assert before == snapshot(album)


def test_finishing_needs_something_to_move(browser: Browser) -> None:
    answer(browser, "keep", "c1.jpg")
    reply = browser.post("/api/finish")
    assert (409, True) == (reply.status, "nothing to move" in reply.json["error"])
    assert 409 == browser.get("/api/plan").status


def test_a_photo_that_changed_since_the_scan_stays_and_is_named(browser: Browser, album: Path) -> None:
    answer(browser, "trash", "c1.jpg", "c2.jpg")
    (album / "home/c1.jpg").write_bytes(b"edited meanwhile")
    progress = confirmed(browser)
    assert [str(album / "home/c1.jpg")] == [problem["path"] for problem in progress["problems"]]
    assert b"edited meanwhile" == (album / "home/c1.jpg").read_bytes()
    assert 2 == progress["done"]


def test_progress_overview_and_pictures_answer_while_photos_move(album: Path, home: Path) -> None:
    moving, go_on = threading.Event(), threading.Event()

    def slowly(reviewer: Any, session: Any, *rest: Any) -> Course:
        assert reviewer.review(session)
        assert Confirmation.MOVE is reviewer.confirm(build_plan(session.to_trash).plan, ())
        reviewer.waiting("albumclean apply (1234)")
        moving.set()
        assert go_on.wait(20)
        reviewer.finished(())
        assert not reviewer.review(session)  # it has ended
        return Course()

    with review(album, home, conducted=slowly) as running:
        browser = running.browser
        member = asked(browser, "kind=photo")[0]["members"][0]
        answer(browser, "trash", "c1.jpg")
        browser.post("/api/finish")
        plan = browser.get("/api/plan").json
        browser.post("/api/confirm", {"answer": "move", "photos": 1, "bytes": plan["bytes"]})
        assert moving.wait(20)
        progress = browser.get("/api/progress").json
        assert ["moving", "albumclean apply (1234)"] == [progress["phase"], progress["waiting"]]
        assert ["moving", 6] == [(seen := browser.get("/api/overview").json)["phase"], seen["total"]]
        assert 200 == browser.get(f"/photo/{member['id']}/thumb").status
        assert 409 == browser.get("/api/questions").status
        assert 409 == browser.post("/api/end").status
        go_on.set()
        until(browser, "moved")


def test_pictures_come_by_number_and_are_asked_for_once(browser: Browser) -> None:
    member = asked(browser)[0]["members"][0]
    reply = browser.get(f"/photo/{member['id']}/thumb")
    assert (JPEG + b"a0.jpg", "image/jpeg") == (reply.body, reply.headers["content-type"])
    assert "private, max-age=3600" == reply.headers["cache-control"]
    again = browser.get(f"/photo/{member['id']}/thumb", if_none_match=reply.headers["etag"])
    assert (304, b"") == (again.status, again.body)
    full = browser.get(f"/photo/{member['id']}/full")
    assert "0.5" == full.headers["x-scale"]
    assert "image/png" == browser.get(f"/photo/{member['id']}/map").headers["content-type"]
    assert 4 == len(
        {browser.get(f"/photo/{member['id']}/{kind}").headers["etag"] for kind in ("thumb", "view", "full", "map")}
    )


def test_a_photo_that_is_gone_is_said_to_be_gone(browser: Browser, album: Path) -> None:
    member = asked(browser)[0]["members"][0]
    (album / "trip/a0.jpg").unlink()
    reply = browser.get(f"/photo/{member['id']}/view")
    assert (404, True) == (reply.status, "a0.jpg" in reply.json["error"])


def test_answers_do_not_wait_for_large_pictures_nor_thumbnails_for_views(album: Path, home: Path) -> None:
    release = threading.Event()

    def hang_on_views(facts: PhotoFacts) -> None:
        if facts.path.name == "a0.jpg":
            assert release.wait(20)

    pictures = FakePictures(hang_on_views)
    with review(album, home, pictures=pictures) as running:
        browser = running.browser
        slow, quick = (question["members"][0]["id"] for question in asked(browser)[:2])
        threads = [threading.Thread(target=browser.get, args=(f"/photo/{slow}/view",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        while pictures.made < 6:  # as many as are made at once
            time.sleep(0.01)
        begun = time.monotonic()
        answer(browser, "trash", "c1.jpg")
        assert 200 == browser.get(f"/photo/{quick}/thumb").status
        waited = time.monotonic() - begun
        release.set()
        for thread in threads:
            thread.join()
        assert waited < 10


def test_a_mistake_of_albumclean_is_logged_and_the_review_goes_on(
    album: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(facts: PhotoFacts) -> None:
        raise RuntimeError("the secret of the stumble")

    with review(album, home, pictures=FakePictures(stumble)) as running:
        member = asked(running.browser)[0]["members"][0]
        reply = running.browser.get(f"/photo/{member['id']}/thumb")
        assert (500, {"error"}) == (reply.status, set(reply.json))
        assert b"stumble" not in reply.body
        assert "the secret of the stumble" in caplog.text
        assert 200 == running.browser.get("/api/overview").status


def test_localhost_is_as_good_a_name(album: Path, home: Path) -> None:
    with review(album, home, enter=False) as running:
        browser = running.browser
        browser.host = f"localhost:{browser.port}"
        assert 303 == browser.enter(running.address.replace("127.0.0.1", "localhost")).status
        assert 200 == browser.post("/api/undo").status


def test_numbers_of_photos_of_two_reviews_never_meet(album: Path, home: Path) -> None:
    seen: list[set[int]] = []
    for _ in range(2):
        with review(album, home) as running:
            seen.append({member["id"] for question in asked(running.browser) for member in question["members"]})
    assert not seen[0] & seen[1]


def test_a_review_ends_when_nobody_is_there(album: Path, home: Path) -> None:
    with review(album, home, idle=0.2) as running:
        answer(running.browser, "trash", "c1.jpg")
        assert not running.result().confirmed
    assert 9 == len(list(album.rglob("*.jpg")))


def test_a_page_that_is_seen_keeps_its_review(album: Path, home: Path) -> None:
    with review(album, home, idle=1.0) as running:
        for _ in range(8):
            time.sleep(0.25)
            assert 200 == running.browser.get("/api/progress").status
        assert running.thread.is_alive()


def test_names_that_are_not_text_or_would_reorder_it_are_shown_harmless(album: Path, home: Path) -> None:
    odd = photo_on_disk(album / "a\udcff\u202egpj.b")
    with review(album, home, proposals=[low_quality(odd)]) as running:
        (member,) = asked(running.browser)[0]["members"]
        assert "a\\xff\\u202egpj.b" == member["name"]
        assert "path_base64" in member
        assert 1 == confirmed_one(running.browser)
    assert not odd.path.exists()


def confirmed_one(browser: Browser) -> int:
    browser.post("/api/answers", {"filter": {}, "verdict": "trash"})
    return int(confirmed(browser)["done"])


def test_a_move_that_can_not_begin_says_why_on_the_page(album: Path, home: Path) -> None:
    place = home / "quarantine"
    place.write_text("not a folder")
    with review(album, home, quarantine=place) as running:
        before = snapshot(album)
        answer(running.browser, "trash", "c1.jpg")
        assert str(place) in confirmed(running.browser)["trouble"]
        running.end()
    (error,) = running.results
    assert isinstance(error, QuarantineUnusable)
    assert before == snapshot(album)

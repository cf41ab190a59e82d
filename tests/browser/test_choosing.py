"""What a person does between the first question and the last: sorting out what to look at, and many answers at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Start
from tests.browser.libraries import Album
from tests.browser.pages import ReviewPage

THRESHOLD = 0.35


def _total(page: ReviewPage) -> int:
    page.quiet()
    return int(page.at("grid").get_attribute("data-total") or -1)


def test_a_filter_by_kind_leaves_that_kind(start: Start) -> None:
    page = start()
    for kind, wanted in page.ask("/api/overview")["kinds"].items():
        page.radio("filter-kind", kind).check()
        expect(page.at("grid")).to_have_attribute("data-total", str(wanted))
        page.quiet()
        assert {kind} == set(page.cards().evaluate_all("cards => cards.map(card => card.dataset.kind)"))


def test_filters_by_folder_year_and_text_narrow_each_other_and_reset(start: Start) -> None:
    page = start()
    everything = _total(page)
    folder = max(page.ask("/api/overview")["folders"], key=lambda folder: folder["count"])
    page.at("filter-folder").select_option(str(folder["id"]))
    expect(page.at("grid")).to_have_attribute("data-total", str(folder["count"]))
    years = [year["year"] for year in page.ask("/api/overview")["years"] if year["year"]]
    wanted = {year: page.ask("/api/questions", folder=folder["id"], year=year, limit=1)["total"] for year in years}
    year = max(wanted, key=lambda year: wanted[year])
    page.at("filter-year").select_option(str(year))
    expect(page.at("grid")).to_have_attribute("data-total", str(wanted[year]))
    page.at("filter-text").fill("no photo has this name")
    expect(page.at("empty")).to_be_visible()
    page.at("filters-reset").locator("visible=true").first.click()
    expect(page.at("grid")).to_have_attribute("data-total", str(everything))


def test_the_grid_shows_what_is_sorted_first(start: Start) -> None:
    page = start()
    for sort, order in (("size", "desc"), ("date", "asc"), ("score", "desc"), ("name", "asc"), ("folder", "asc")):
        page.at("sort").select_option(sort)
        page.at("order").select_option(order)
        found = page.ask("/api/questions", limit=5, sort=sort, order=order)["questions"]
        for index, question in enumerate(found):
            card = page.page.locator(f'[data-testid="card"][data-index="{index}"]')
            expect(card).to_have_attribute("data-id", str(question["id"]))


def test_the_slider_says_at_once_how_many_photos_lie_below_and_proposes_them(start: Start) -> None:
    page = start()
    overview = page.ask("/api/overview")
    slider = page.at("below")
    slider.focus()
    for _ in range(10):
        page.page.keyboard.press("ArrowRight")
    page.quiet()
    at = float(slider.input_value())
    assert pytest.approx(THRESHOLD + 0.10) == at
    below = round(at * 100)
    photos = sum(overview["histogram"]["counts"][:below])
    assert photos in [
        int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", page.at("below-text").inner_text())
    ]
    expect(page.at("total")).to_have_attribute("data-photos", "0")
    page.page.wait_for_function(
        "kinds => fetch('/api/overview').then(r => r.json()).then(o => o.below > kinds)", arg=THRESHOLD
    )


def test_all_below_a_score_are_chosen_at_once_and_one_undo_takes_them_back(start: Start) -> None:
    page = start()
    singles = page.ask("/api/overview")["kinds"]["photo"]
    page.press("a")
    expect(page.at("dialog")).to_contain_text(str(singles))
    assert (0, 0) == page.chosen()
    page.at("dialog-ok").click()
    page.quiet()
    expect(page.at("total")).to_have_attribute("data-photos", str(singles))
    page.press("u")
    expect(page.at("total")).to_have_attribute("data-photos", "0")
    assert {None} == {question["answer"] for question in page.questions()}


def test_all_below_a_score_leaves_alone_what_was_answered_before(start: Start) -> None:
    page = start()
    photos = page.questions(kind="photo")
    photo = photos[0]["id"]
    page.radio("filter-kind", "photo").check()
    page.reveal(photo).focus()
    page.press("k")
    page.at("select-below").locator("visible=true").first.click()
    page.at("dialog-ok").click()
    expect(page.at("total")).to_have_attribute("data-photos", str(len(photos) - 1))
    page.quiet()
    verdicts = {question["id"]: question["answer"]["verdict"] for question in page.questions(kind="photo")}
    assert "keep" == verdicts.pop(photo)
    assert {"trash"} == set(verdicts.values())


def test_a_group_is_seen_side_by_side_and_another_member_may_stay(start: Start) -> None:
    page = start()
    group = next(q for q in page.questions(kind="derived") if len(q["members"]) == 3)
    page.radio("filter-kind", "derived").check()
    page.reveal(group["id"]).click()
    page.see("detail")
    assert [member["id"] for member in group["members"]] == [photo for photo, _ in page.panes()]
    boxes = [pane.bounding_box() for pane in page.at("pane").all()]
    assert all(box is not None and box["y"] < 800 for box in boxes)
    assert [False, True, True] == [going for _, going in page.panes()]
    page.press("2", "1", "t")
    answer = page.ask(f"/api/questions/{group['id']}")["answer"]
    assert ("trash", {0, 2}) == (
        answer["verdict"],
        {at for at, member in enumerate(group["members"]) if member["id"] in answer["going"]},
    )


def test_the_last_member_of_a_group_always_stays(start: Start) -> None:
    page = start()
    group = next(q for q in page.questions(kind="exact") if len(q["members"]) == 2)
    page.radio("filter-kind", "exact").check()
    page.reveal(group["id"]).click()
    page.see("detail")
    page.press("1")
    assert 1 == sum(going for _, going in page.panes())
    expect(page.at("status")).not_to_be_empty()


def test_not_a_duplicate_is_remembered_for_ever(start: Start, library: Album) -> None:
    page = start()
    group = page.questions(kind="derived")[0]
    page.radio("filter-kind", "derived").check()
    page.reveal(group["id"]).click()
    page.see("detail")
    page.press("n")
    page.page.close()
    page.review.stop()
    again = start()
    members = {member["path"] for member in group["members"]}
    assert not [q for q in again.questions(kind="derived") if members == {m["path"] for m in q["members"]}]
    assert set() == library.gone()

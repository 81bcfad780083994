"""The player in a real browser, opened from a file: every control, by mouse and by keyboard."""

from __future__ import annotations

import copy

import pytest
import synthetic

from minikafka.stage.page import page

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}


def scene(run, number):
    return run["bookmarks"][number - 1][0]


def answer_all(player):
    """Put the questions behind, so that `forward` never stops."""
    player.page.evaluate(
        "() => { const s = document.querySelector('.mk-stage').mkStage.stage; s.answers = {0: 0, 1: 0}; s.draw(); }")


# --- Moving ---


def test_it_opens_at_the_first_step_with_the_whole_picture(player, run):
    assert player.step == 1
    assert player.page.locator("h2").inner_text() == run["title"]
    assert player.page.locator(".mk-row").count() == 3
    assert player.page.locator(".mk-client").count() == 4
    assert not player.page.locator("details", has_text="the run in words").is_visible()


def test_forward_and_back_go_from_moment_to_moment(player):
    seen = [player.step]
    for _ in range(4):
        player.part("forward").click()
        seen.append(player.step)
    assert seen == sorted(set(seen))
    for step in reversed(seen[:-1]):
        player.part("back").click()
        assert player.step == step


def test_shift_goes_through_every_step(player):
    player.part("forward").click(modifiers=["Shift"])
    assert player.step == 2
    player.part("slider").focus()
    player.press("Shift+ArrowRight", "Shift+ArrowRight")
    assert player.step == 4
    player.press("Shift+ArrowLeft")
    assert player.step == 3


def test_the_keyboard_reaches_everything(player, run):
    answer_all(player)
    player.part("slider").focus()
    player.press("End")
    assert player.step == len(run["steps"])
    player.press("Home")
    assert player.step == 1
    player.press("b", "b")
    assert player.step == scene(run, 2)
    player.press("B")
    assert player.step == scene(run, 1)
    player.press("w")
    assert player.page.locator(".mk-why").is_visible()
    player.press("?")
    assert player.page.locator(".mk-help").is_visible()


def test_scrubbing_follows_the_pointer(player, run):
    box = player.part("slider").bounding_box()
    player.page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    middle = player.step
    player.page.mouse.move(box["x"] + box["width"], box["y"] + box["height"] / 2, steps=4)
    player.page.mouse.up()
    assert 1 < middle < player.step == len(run["steps"])


def test_the_slider_says_where_it_is(player, run):
    player.scene(4)
    slider = player.part("slider")
    assert slider.get_attribute("aria-valuenow") == str(scene(run, 4))
    assert str(scene(run, 4)) in slider.get_attribute("aria-valuetext")


def test_play_goes_on_and_pause_stops(player):
    answer_all(player)
    player.page.clock.install()
    player.part("play").click()
    player.page.clock.run_for(5000)
    reached = player.step
    assert reached > 1
    player.part("play").click()
    player.page.clock.run_for(5000)
    assert player.step == reached


def test_focus_stays_on_the_button_that_was_pressed(player):
    player.part("forward").focus()
    player.press("Enter", "Enter")
    assert player.page.evaluate("document.activeElement.dataset.part") == "forward"


# --- What the picture says ---


def test_a_stored_record_that_will_be_cut_off_is_marked_before_it_goes(player, run):
    answer_all(player)
    player.scene(8)
    player.part("forward").click()
    doomed = player.page.locator(".mk-row").nth(0).locator(".mk-doomed")
    assert doomed.count() == 1
    assert "will be cut off" in doomed.locator("title").text_content()
    assert "only on 1, doomed" in player.page.locator(".mk-picture").text_content()
    player.scene(15)
    assert player.page.locator(".mk-ghost").count() == 2
    assert "c: nowhere" in player.page.locator(".mk-picture").text_content()
    assert "It is nowhere." in player.page.locator(".mk-client", has_text="producer-L").text_content()


def test_where_the_future_is_not_known_the_record_is_missed_on_the_new_leader(open_player, run, tmp_path):
    end = scene(run, 10)
    so_far = {**run, "steps": run["steps"][:end], "facts": [fact for fact in run["facts"] if fact[0] <= end],
              "bookmarks": run["bookmarks"][:10], "questions": [], "branches": []}
    file = tmp_path / "so_far.html"
    file.write_text(page(so_far, step=end), encoding="utf-8")
    picture = open_player(file).page.locator(".mk-picture")
    assert "c: on 1, not on the leader" in picture.text_content()
    assert picture.locator(".mk-doomed").count() == 0


def test_the_old_leader_leads_in_its_own_eyes(player):
    player.scene(7)
    rows = player.page.locator(".mk-row")
    assert "in its own eyes" in rows.nth(0).text_content()
    assert "fenced" in rows.nth(0).text_content()
    assert "★ leader" in rows.nth(1).text_content()


def test_a_cut_link_and_a_message_are_drawn(player):
    player.scene(3)
    assert player.page.locator(".mk-cut").count() == 1
    assert player.page.locator(".mk-pill.mk-arrives text").text_content() == "→ stored at 1"


def test_the_picture_has_words_for_those_who_do_not_see_it(player):
    player.scene(7)
    words = player.page.locator(".mk-picture").get_attribute("aria-label")
    assert "broker 2 leads" in words
    assert "broker 1: leader in its own eyes" in words


def test_the_story_highlights_the_step_and_can_be_filtered(player, run):
    answer_all(player)
    player.scene(5)
    assert player.page.locator(".mk-sentence.mk-current").first.inner_text().startswith(str(scene(run, 5)))
    before = player.page.locator(".mk-sentence").count()
    player.part("filter").select_option("producer-L")
    assert 0 < player.page.locator(".mk-sentence").count() < before
    player.page.locator(".mk-sentence button").first.click()
    assert "producer-L" in player.sentence


def test_a_broken_promise_stays_in_sight(open_player, run, tmp_path):
    broken = copy.deepcopy(run)
    at = scene(run, 15)
    fields = {"promise": "I2", "name": "leader completeness", "sentence": "c is gone."}
    place = next(i for i, fact in enumerate(broken["facts"]) if fact[0] > at)
    broken["facts"].insert(place, [at, -1, "PromiseBroken", fields, "Leader completeness is broken: c is gone.", 2])
    file = tmp_path / "broken.html"
    file.write_text(page(broken), encoding="utf-8")
    player = open_player(file)
    player.scene(16)
    assert "c is gone" in player.sentence
    player.part("alarm").click()
    assert player.step == at
    assert player.page.locator(".mk-loud").is_visible()


# --- Why ---


def test_why_leads_back_to_the_cause(player, run):
    player.scene(4)
    player.part("why").click()
    causes = player.page.locator(".mk-why li")
    assert "cut off from the controllers" in causes.first.inner_text()
    causes.first.locator("button").click()
    assert player.step == scene(run, 2)


# --- Predict ---


def test_a_question_stops_the_player_then_replies_and_reveals(player, run):
    player.scene(3)
    player.part("forward").click()
    ask = player.part("predict")
    assert ask.is_visible()
    assert player.step == scene(run, 3), "nothing is shown before the answer"
    assert "nobody votes" not in player.page.locator(".mk-root").inner_text()
    ask.locator(".mk-choice").nth(1).click()
    assert "All logs are equal" in ask.inner_text()
    player.part("reveal").click()
    assert player.step == scene(run, 4)
    assert not ask.is_visible()


def test_a_reply_links_its_scene(player, run):
    player.scene(7)
    player.part("forward").click()
    player.part("forward").click()
    player.part("forward").click()
    player.part("predict").locator(".mk-choice").nth(1).click()
    player.part("reply-scene").click()
    assert player.step == scene(run, 15)


def test_an_answer_is_remembered_and_not_asked_again(player, run):
    player.scene(3)
    player.part("forward").click()
    player.part("predict").locator(".mk-choice").nth(2).click()
    player.page.reload()
    player.scene(3)
    player.part("forward").click()
    assert player.step == scene(run, 4)


def test_playing_stops_at_a_question(player, run):
    player.scene(3)
    player.page.clock.install()
    player.part("play").click()
    player.page.clock.run_for(20_000)
    assert player.part("predict").is_visible()
    assert player.step == scene(run, 3)


def test_answers_can_be_forgotten(player, run):
    player.scene(3)
    player.part("forward").click()
    player.part("predict").locator(".mk-choice").nth(2).click()
    player.part("reveal").click()
    player.part("forget").click()
    player.scene(3)
    player.part("forward").click()
    assert player.part("predict").is_visible()


# --- Other futures ---


def test_another_future_can_be_chosen_and_left(player, run):
    answer_all(player)
    fork = run["branches"][0]["at"]
    player.scene(8)
    player.part("branches").get_by_role("button", name="acks=all instead").click()
    assert player.step > fork
    player.part("slider").focus()
    player.press("End")
    assert "waits" in player.sentence
    assert "only on 1, doomed" not in player.page.locator(".mk-picture").text_content()
    player.go(fork)
    player.part("branches").get_by_role("button", name="as recorded").click()
    player.press("End")
    assert player.step == len(run["steps"])


# --- Links ---


@pytest.mark.parametrize("fragment", ["#step=124", "#scene=8", "#scene-8"])
def test_an_address_opens_its_step(open_player, run_file, run, fragment):
    expected = 124 if "step" in fragment else scene(run, 8)
    assert open_player(run_file, fragment).step == expected


def test_an_address_names_its_future(open_player, run_file, run):
    player = open_player(run_file, "#step=124&future=1")
    player.page.wait_for_selector(".mk-other-future")
    assert player.step == 124
    assert "acks=all" in player.sentence
    player.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('none')); }")
    player.part("link").click()
    player.page.wait_for_url("**#run=synthetic&seed=7&step=124&future=1")


def test_links_in_the_page_move_the_player(open_player, run, tmp_path):
    links = '</main><a id="one" href="#scene-5">5</a><button id="two" data-scene="8">8</button>'
    text = page(run).replace("</main>", links)
    file = tmp_path / "links.html"
    file.write_text(text, encoding="utf-8")
    player = open_player(file)
    player.page.click("#one")
    assert player.step == scene(run, 5)
    player.page.click("#two")
    assert player.step == scene(run, 8)


def test_a_page_opens_where_it_was_told(open_player, run, tmp_path):
    file = tmp_path / "at.html"
    file.write_text(page(run, scene=15), encoding="utf-8")
    assert open_player(file).step == scene(run, 15)


# --- Everywhere ---


def test_a_phone_shows_picture_sentence_player_and_folds_the_story(open_player, run_file):
    player = open_player(run_file, "#scene=9", **PHONE)
    tops = [player.page.locator(part).first.bounding_box()["y"]
            for part in (".mk-picture", "[data-part=sentence]", "[data-part=forward]", "details.mk-side")]
    assert tops == sorted(tops)
    assert not player.page.locator(".mk-sentences").is_visible()
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390
    for size in player.page.locator(".mk-round").all():
        assert size.bounding_box()["height"] >= 40


def test_on_a_phone_the_current_offset_is_in_sight(open_player, tmp_path):
    file = tmp_path / "long.html"
    file.write_text(page(synthetic.long_run(400)), encoding="utf-8")
    player = open_player(file, **PHONE)
    player.part("slider").focus()
    player.press("End")
    shown = [int(text) for text in player.page.locator(".mk-offsets text").all_text_contents()]
    assert len(shown) < 8
    last = int(player.page.locator(".mk-end text, .mk-flag-text").last.text_content().split()[-1])
    assert shown[0] <= last <= shown[-1] + 1


def test_it_follows_the_page_into_the_dark(open_player, run_file):
    player = open_player(run_file, color_scheme="dark")
    assert player.page.locator(".mk-root").get_attribute("data-theme") == "dark"
    player.page.evaluate("document.body.setAttribute('data-md-color-scheme', 'default')")
    player.page.wait_for_selector(".mk-root[data-theme=light]")
    player.page.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    player.page.wait_for_selector(".mk-root[data-theme=dark]")


def test_reduced_motion_is_heard(open_player, run_file):
    player = open_player(run_file, "#scene=5", reduced_motion="reduce")
    assert player.page.locator(".mk-glide").first.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"


def test_the_story_can_be_taken_along_as_text(player, run):
    with player.page.expect_download() as download:
        player.part("text").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert "Scene 15: 1 drops c and d" in text


def test_without_scripts_the_story_is_there(open_player, run_file):
    player = open_player(run_file, java_script_enabled=False)
    assert "Broker 1 cuts off c and d" in player.page.locator("details pre").inner_text()


# --- What cannot be shown ---


def newer(run):
    run["schema"] = "minikafka-trace/2.0"


def no_steps(run):
    run["steps"] = []


def no_facts(run):
    del run["facts"]


def foreign_fact(run):
    run["facts"].append([len(run["steps"]) + 5, 0, "Note", {}, "", 1])


@pytest.mark.parametrize(("damage", "words"), [
    (newer, "newer minikafka"), (no_steps, "no steps"), (no_facts, '"facts" is missing'), (foreign_fact, "damaged"),
])
def test_a_broken_run_is_one_sentence_and_the_story_stays(open_player, write_page, damage, words):
    broken = copy.deepcopy(synthetic.two_leaders(branches=False))
    damage(broken)
    player = open_player(write_page(broken))
    assert words in player.page.locator(".mk-sorry").inner_text()
    assert player.page.locator("details").is_visible()
    assert player.page.locator(".mk-root").count() == 0


def test_what_is_no_json_is_one_sentence_too(open_player, write_page):
    player = open_player(write_page("<html>not found"))
    assert "not JSON" in player.page.locator(".mk-sorry").inner_text()


def test_mounting_again_changes_nothing(player):
    player.page.evaluate(
        "() => document.querySelector('.mk-stage').mkStage.destroy()")
    assert player.page.locator(".mk-root").count() == 0

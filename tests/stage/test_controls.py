"""The player's other controls in a real browser: jumps, views, two worlds, files in and out."""

from __future__ import annotations

import json

import pytest
import synthetic

from minikafka import play
from minikafka.stage import reading
from minikafka.stage.page import page

STAGE = "document.querySelector('.mk-stage').mkStage.stage"
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def crash_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("controls") / "crash.html"
    file.write_text(page(play("00_first_crash")), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def leaders_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("controls") / "leaders.html"
    file.write_text(page(play("06_two_leaders")), encoding="utf-8")
    return file


def answered(player):
    player.page.evaluate(f"() => {{ {STAGE}.answers = {{0: 0, 1: 0, 2: 0}}; {STAGE}.draw(); }}")


# --- Jumps ---


@pytest.mark.parametrize(("key", "kind"), [("e", "PartitionChanged"), ("l", "LogTruncated")])
def test_a_key_jumps_to_the_next_and_with_shift_to_the_one_before(open_player, leaders_file, key, kind):
    player = open_player(leaders_file)
    answered(player)
    player.part("slider").focus()
    player.press(key)
    first = player.step
    kinds = player.page.evaluate(f"{STAGE}.run.factsOf({first}).map((fact) => fact.kind)")
    assert kind in kinds
    player.press("End", key.upper())
    assert player.step >= first
    player.part("slider").focus()
    player.press("Home")
    player.part(f"next-{key}").click()
    assert player.step == first


def test_a_jump_stops_at_a_question_that_it_would_give_away(open_player, leaders_file):
    player = open_player(leaders_file)
    player.part("next-e").click()
    assert player.part("predict").is_visible()
    assert player.step == 1


def test_what_a_run_does_not_have_cannot_be_jumped_to(open_player, crash_file):
    player = open_player(crash_file)
    assert player.part("next-e").count() == 1
    assert player.part("next-p").count() == player.part("next-r").count() == 0
    before = player.step
    player.part("slider").focus()
    player.press("p", "r")
    assert player.step == before


def test_rebalances_and_broken_promises_are_found(open_player, tmp_path):
    for name, key in [("13_rebalance_storm", "r"), ("06_unclean_election", "e"), ("08_last_replica_without_elr", "e")]:
        file = tmp_path / f"{name}.html"
        file.write_text(page(play(name)), encoding="utf-8")
        player = open_player(file)
        player.part("slider").focus()
        player.press(key)
        assert player.step > 1, name


# --- Views ---


def test_v_goes_round_the_views_and_each_is_drawn(open_player, leaders_file):
    player = open_player(leaders_file, "#scene=9")
    player.part("slider").focus()
    views = player.page.evaluate(f"{STAGE}.views.map((view) => view.id)")
    assert {"cluster", "log", "isr", "space", "charts", "worlds"} <= set(views)
    seen = []
    for _ in views:
        player.press("v")
        seen.append(player.page.evaluate(f"{STAGE}.view.id"))
        assert player.part(f"view-{seen[-1]}").get_attribute("aria-pressed") == "true"
        assert player.page.locator(".mk-picture-card > *").first.bounding_box()["height"] > 100
    assert seen == [*views[1:], views[0]]


def test_space_time_shows_messages_faults_and_the_step(open_player, leaders_file, crash_file):
    player = open_player(leaders_file, "#scene=2&view=space")
    assert "is cut" in player.page.locator(".mk-space").text_content()
    assert player.page.locator(".mk-at.mk-current text").first.text_content() == str(player.step)
    player.page.locator(".mk-at").last.click()
    assert "Produce" in player.page.locator(".mk-space").text_content()
    crash = open_player(crash_file, "#scene=3&view=space")
    lives = crash.page.locator(".mk-space g").filter(has=crash.page.locator(".mk-life"))
    assert lives.count() == 5
    assert "✕" in crash.page.locator(".mk-space").text_content()


def test_a_chart_moves_the_player_and_follows_it(open_player, crash_file):
    player = open_player(crash_file, "#step=1&view=charts")
    assert player.page.locator(".mk-charts .mk-series").count() >= 3
    box = player.page.locator(".mk-hit").nth(1).bounding_box()
    player.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert 1 < player.step < player.page.evaluate(f"{STAGE}.run.last")


def test_the_story_is_filtered_by_kind(open_player, leaders_file):
    player = open_player(leaders_file)
    answered(player)
    player.part("kind").select_option("LogTruncated")
    told = player.page.locator(".mk-sentence").all_inner_texts()
    assert told == [] or all("cuts" in sentence for sentence in told)
    player.part("slider").focus()
    player.press("l")
    assert "cuts" in player.page.locator(".mk-sentence").first.inner_text()


# --- Two worlds ---


def test_two_worlds_are_aligned_and_the_first_difference_is_marked(open_player, leaders_file):
    player = open_player(leaders_file, "#scene=9&view=worlds")
    answered(player)
    differs = player.page.locator(".mk-differs")
    assert "first difference" in differs.inner_text()
    assert "acks=1" in differs.locator("td").nth(1).inner_text()
    assert "acks=all" in differs.locator("td").nth(2).inner_text()
    player.page.locator(".mk-differs [data-part=world-1]").click()
    player.page.locator(".mk-other-future").wait_for()
    assert "acks=all" in player.sentence
    player.part("difference").click()
    player.page.locator(".mk-other-future").wait_for(state="detached")
    assert "acks=1" in player.sentence


def test_two_worlds_give_nothing_away_before_a_question(open_player, leaders_file):
    player = open_player(leaders_file, "#step=1&view=worlds")
    assert "The rest follows after the next question." in player.page.locator(".mk-worlds").inner_text()
    assert player.page.locator(".mk-differs").count() == 0


def test_two_runs_put_beside_each_other_part_where_they_first_differ(run):
    changed = json.loads(json.dumps(run))
    changed["facts"][60][4] = "Something else."
    both = reading.beside(run, changed, "another setting")
    [*_, future] = both["branches"]
    assert future["at"] == run["facts"][60][0] - 1
    assert future["name"] == "another setting"


# --- Files out ---


def taken(player, part):
    with player.page.expect_download() as download:
        player.part(part).click()
    return download.value.path()


@pytest.mark.parametrize("view", ["cluster", "space", "charts"])
def test_an_svg_looks_the_same_without_a_style_sheet(open_player, leaders_file, tmp_path, view):
    player = open_player(leaders_file, f"#scene=9&view={view}")
    svg = taken(player, "svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "var(--" not in svg
    (tmp_path / "picture.html").write_text(f"<meta charset=utf-8><div class=mk-stage></div>{svg}", encoding="utf-8")
    shown = player.context.new_page()
    shown.goto((tmp_path / "picture.html").as_uri())
    color = "e => getComputedStyle(e).fill"
    here = player.page.locator(".mk-picture-card svg text").first.evaluate(color)
    assert shown.locator("svg text").first.evaluate(color) == here


def test_the_picture_can_be_taken_as_png(open_player, leaders_file):
    player = open_player(leaders_file, "#scene=9")
    data = taken(player, "png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 20_000


def test_the_page_that_is_saved_opens_at_the_same_place_and_can_be_saved_again(open_player, leaders_file, tmp_path):
    player = open_player(leaders_file, "#step=448&view=space")
    first = tmp_path / "first.html"
    first.write_bytes(taken(player, "html").read_bytes())
    again = open_player(first)
    again.page.locator(".mk-space").wait_for()
    assert (again.step, again.sentence) == (448, player.sentence)
    again.part("forward").click()
    second = tmp_path / "second.html"
    second.write_bytes(taken(again, "html").read_bytes())
    last = open_player(second)
    assert last.step == again.step
    assert abs(first.stat().st_size - second.stat().st_size) < 200, "the player is in it once"
    assert last.page.locator("details pre").text_content() == again.page.locator("details pre").text_content()


# --- Files in ---


def drop(player, name, text):
    player.page.evaluate(
        """([name, text]) => {
             const data = new DataTransfer();
             data.items.add(new File([text], name));
             const how = { dataTransfer: data, bubbles: true, cancelable: true };
             document.querySelector('.mk-root').dispatchEvent(new DragEvent('drop', how));
           }""", [name, text])


def test_a_run_or_a_saved_page_can_be_dropped_in(open_player, leaders_file, crash_file, run):
    player = open_player(leaders_file)
    drop(player, "run.json", json.dumps(run))
    player.page.get_by_role("heading", name=run["title"], exact=True).first.wait_for()
    drop(player, "crash.html", crash_file.read_text(encoding="utf-8"))
    player.page.locator("h2", has_text="The leader crashes").wait_for()
    assert player.step == 1


def test_a_file_can_be_chosen_by_keyboard(open_player, leaders_file, crash_file):
    player = open_player(leaders_file)
    with player.page.expect_file_chooser() as chooser:
        player.part("open").focus()
        player.press("Enter")
    chooser.value.set_files(crash_file)
    player.page.locator("h2", has_text="The leader crashes").wait_for()


def test_what_is_dropped_and_is_no_run_is_one_sentence_and_the_player_goes_on(open_player, leaders_file):
    player = open_player(leaders_file, "#step=448")
    drop(player, "cat.txt", "meow")
    player.part("trouble").wait_for()
    assert "not JSON" in player.part("trouble").inner_text()
    assert player.step == 448
    player.part("forward").click()
    assert player.step > 448


# --- For everybody ---


def test_every_control_has_a_name_and_can_be_focused(open_player, leaders_file):
    player = open_player(leaders_file, "#scene=9")
    player.press("?")
    nameless = player.page.evaluate("""() => {
      const words = (e) => (e ? e.textContent.trim() : '');
      const named = (e) => e.getAttribute('aria-label') || words(e) || words(e.closest('label'));
      return [...document.querySelectorAll('.mk-root :is(button, select, [role=slider])')].filter((e) => !named(e))
        .map((e) => e.outerHTML);
    }""")
    assert nameless == []


def test_the_legend_names_every_key(open_player, leaders_file):
    player = open_player(leaders_file)
    player.part("slider").focus()
    player.press("?")
    keys = player.page.locator(".mk-help").inner_text()
    for key in ("space", "Home, End", "e, l, r, p", "v, s", "b, B", "w"):
        assert key in keys
    before = player.part("speed").inner_text()
    player.press("s")
    assert player.part("speed").inner_text() != before


def test_the_sentence_is_a_live_region(open_player, leaders_file):
    player = open_player(leaders_file)
    assert player.part("sentence").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("view", ["space", "charts", "worlds"])
def test_no_view_is_wider_than_a_phone(open_player, leaders_file, view):
    player = open_player(leaders_file, f"#scene=9&view={view}", **PHONE)
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_long_run_is_drawn_in_every_view(open_player, tmp_path):
    file = tmp_path / "long.html"
    file.write_text(page(synthetic.long_run(2000)), encoding="utf-8")
    player = open_player(file, "#step=1500&view=space")
    for _ in range(3):
        player.press("v")
    assert player.step == 1500

"""Every recorded scenario, and every other future of it, is drawn at every moment without a complaint."""

from __future__ import annotations

import pytest

from minikafka.stage.page import page
from minikafka.stage.text import text
from minikafka.world import play

PHONE = {"viewport": {"width": 390, "height": 844}}
DRAW_ALL = """async () => {
  const { stage } = document.querySelector('.mk-stage').mkStage;
  let drawn = 0;
  for (let future = -1; future < stage.recorded.branches.length; future += 1) {
    await stage.choose(future, future < 0 ? 1 : stage.recorded.branches[future].at);
    for (const moment of stage.run.moments) { stage.go(moment); drawn += 1; }
  }
  return drawn;
}"""


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", ["00_first_crash", "06_two_leaders"])
def test_every_moment_is_drawn(open_player, tmp_path, name, size):
    trace = play(name)
    file = tmp_path / "run.html"
    file.write_text(page(trace), encoding="utf-8")
    player = open_player(file, **size)
    assert player.page.evaluate(DRAW_ALL) >= len(trace.to_json()["bookmarks"])
    assert player.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("name", ["00_first_crash", "06_two_leaders"])
def test_every_scene_is_written_as_text(name):
    trace = play(name)
    for number, (step, *_) in enumerate(trace.to_json()["bookmarks"], start=1):
        assert f"step {step}" in text(trace, scene=number).splitlines()[0]


def test_lesson_6_can_be_read_from_the_picture(open_player, tmp_path):
    """What happened, why, what is safe: the words that carry the lesson stand in the picture at their scene."""
    trace = play("06_two_leaders")
    file = tmp_path / "run.html"
    file.write_text(page(trace), encoding="utf-8")
    player = open_player(file)
    picture = player.page.locator(".mk-picture")
    player.scene(5)
    player.part("why").click()
    because = player.page.locator(".mk-why li").all_inner_texts()
    assert "writes: broker 2 leads" in because[0], "what is read follows from what was written"
    assert "is cut" in because[1], "silence follows from the cut"
    for number, words in [
        (2, "✂ cut"), (4, "has written: broker 2 leads"), (7, "in its own eyes"), (8, "only on 1, doomed"),
        (9, "waits for HW 4"), (15, "cut off in this step"), (17, "c: nowhere"),
    ]:
        player.scene(number)
        assert words in picture.text_content(), f"scene {number}"

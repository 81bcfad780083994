"""An address opens the same picture on a page, in a notebook and from a test; what it cannot open is one sentence."""

from __future__ import annotations

import json

import pytest

from minikafka import opened, play
from minikafka.stage import link, live
from minikafka.stage.page import page

RUN = "06_two_leaders"


@pytest.fixture(scope="module")
def two_leaders():
    return play(RUN)


@pytest.fixture(scope="module")
def file(two_leaders, tmp_path_factory):
    made = tmp_path_factory.mktemp("addresses") / "run.html"
    made.write_text(page(two_leaders), encoding="utf-8")
    return made


def copied(player):
    """What the player copies when its link is pressed; a browser without a clipboard puts it into its address."""
    player.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('none')); }")
    player.part("link").click()
    player.page.wait_for_url("**#*step=*")
    return player.page.url


# --- What an address says ---


def test_an_address_says_all_that_a_run_depends_on():
    deeds = (link.Deed(136, "crash", ("2",)), link.Deed(140, "run", ("2.5",)), link.Deed(150, "heal"))
    wanted = link.Link(RUN, 7, {"min.insync.replicas": "1"}, deeds, 300, None, "space", "orders-1", 2)
    assert link.read(f"https://example.org/course/{wanted.address()}") == wanted


def test_scenes_can_be_named():
    assert link.read("#scene-8").scene == link.read("#scene=8").scene == 8


@pytest.mark.parametrize(("address", "words"), [
    ("hello", "names neither a run nor a step"),
    ("#step=3", "names a step, but no run"),
    ("#run=06_two_leaderz&step=3", "There is no scenario '06_two_leaderz'"),
    (f"#run={RUN}&step=99999", "no step 99999"),
    (f"#run={RUN}&step=x", "a whole number is meant"),
    (f"#run={RUN}&faults=x", "no act at a step"),
    (f"#run={RUN}&faults=9.crash", "gives crash 0 arguments"),
    (f"#run={RUN}&faults=136.restart.2", "running already"),
])
def test_what_cannot_be_opened_is_said_in_one_sentence(need, address, words):
    need.module("anywidget")
    with pytest.raises(ValueError, match=words):
        opened(address)


def test_what_is_too_long_is_refused():
    many = tuple(link.Deed(step, "crash", ("1",)) for step in range(400))
    with pytest.raises(ValueError, match="send a page"):
        link.Link(RUN, 7, deeds=many, step=1).address()


# --- Round trips ---


def test_from_a_test_to_the_page(open_player, file, two_leaders):
    player = open_player(file, link.link_to(two_leaders, 448, view="space"))
    player.page.wait_for_selector(".mk-space")
    assert player.step == 448


def test_from_the_page_to_the_notebook_and_back(need, open_player, file):
    need.module("anywidget")
    player = open_player(file, "#scene=9")
    player.part("view-space").click()
    made = opened(copied(player))
    assert (made.step, made.options["view"]) == (player.step, "space")
    again = open_player(file, link.link_to(made.trace, made.step, view=made.options["view"]))
    again.page.wait_for_selector(".mk-space")
    assert again.sentence == player.sentence


def test_a_bent_run_opens_as_it_was_bent(need):
    need.module("ipywidgets")
    first = opened(f"#run={RUN}&seed=7&faults=136.crash.1,140.run.12").stage
    second = opened("#" + first.options["address"]).stage
    assert second.trace == first.trace
    assert any("Broker 1 crashes" in fact[4] for fact in second.trace["facts"])


def test_acts_of_the_live_box_are_written_into_its_address(need):
    need.module("ipywidgets")
    from minikafka.live import LiveCluster
    from minikafka.scenarios import scenario
    from minikafka.world import cluster_of

    made = live.LiveBox(LiveCluster(cluster_of(scenario(RUN), 7, {})), came_from=link.Link(RUN, 7))
    made.stage.step = 136
    made.act("crash", broker=1)
    made.act("run", seconds=12)
    again = opened("#" + made.stage.options["address"]).stage
    assert again.trace["steps"] == made.stage.trace["steps"]
    assert again.trace["facts"] == made.stage.trace["facts"]


# --- A page and a foreign address ---


def test_a_missing_step_is_one_sentence_and_the_next_link_works(open_player, file):
    player = open_player(file, "#step=99999")
    sorry = player.page.locator(".mk-sorry")
    assert sorry.inner_text() == "There is no step 99999: this run has steps 1 to 1570."
    assert not player.page.locator(".mk-root").is_visible()
    assert player.page.locator("details").is_visible()
    player.page.evaluate("location.hash = '#step=448'")
    player.page.locator(".mk-root").wait_for()
    assert player.step == 448
    assert sorry.count() == 0


@pytest.mark.parametrize("fragment", [
    "#run=00_first_crash&step=5", f"#run={RUN}&seed=8&step=5", f"#run={RUN}&faults=9.crash.1&step=9",
])
def test_a_run_that_is_not_recorded_here_gets_the_line_that_plays_it(open_player, file, fragment):
    player = open_player(file, fragment)
    said = player.page.locator(".mk-sorry").inner_text()
    assert f'minikafka.opened("{fragment}")' in said
    assert not player.page.locator(".mk-root").is_visible()


def test_an_address_that_is_too_long_becomes_a_page(open_player, file):
    player = open_player(file)
    options = "document.querySelector('.mk-stage').mkStage.stage.options"
    player.page.evaluate(f"() => {{ {options}.address = 'faults=' + '1.crash.1,'.repeat(300); }}")
    with player.page.expect_download() as download:
        player.part("link").click()
    saved = download.value.path().read_text(encoding="utf-8")
    assert json.loads(saved.split('id="trace"')[1].split(">", 1)[1].split("</script>")[0])["scenario"] == RUN

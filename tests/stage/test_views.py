"""Every view that applies to a scenario draws its moments without a complaint; a record lights up everywhere."""

from __future__ import annotations

import pytest

from minikafka.admin import AdminClient, NewTopic
from minikafka.cluster import Cluster
from minikafka.scenarios import all_scenarios
from minikafka.stage.page import page
from minikafka.world import play, run_scenario

DRAW_SOME = """([view, most]) => {
  const { stage } = document.querySelector('.mk-stage').mkStage;
  stage.set({ view: stage.views.find((each) => each.id === view) });
  const every = Math.ceil(stage.run.moments.length / most);
  const drawn = stage.run.moments.filter((_, i) => i % every === 0 || i + 1 === stage.run.moments.length);
  const picture = stage.root.querySelector('.mk-picture-card');
  let empty = 0;
  for (const moment of drawn) { stage.go(moment); empty += picture.textContent.trim() ? 0 : 1; }
  return [drawn.length, empty, document.documentElement.scrollWidth - window.innerWidth];
}"""
NAMES = """() => document.querySelector('.mk-stage').mkStage.stage.views.map((view) => view.id)"""


def opened(open_player, folder, trace, **context):
    file = folder / "run.html"
    file.write_text(page(trace), encoding="utf-8")
    return open_player(file, **context)


@pytest.mark.parametrize("one", all_scenarios(), ids=lambda one: one.id)
def test_every_view_that_applies_draws_every_scenario(open_player, tmp_path, one):
    player = opened(open_player, tmp_path, run_scenario(one, branches=False))
    names = player.page.evaluate(NAMES)
    assert names[:2] == ["cluster", "log"]
    for size, most in (({"width": 1280, "height": 900}, 10), ({"width": 390, "height": 844}, 5)):
        player.page.set_viewport_size(size)
        for name in names:
            drawn, empty, too_wide = player.page.evaluate(DRAW_SOME, [name, most])
            assert (drawn > 0, empty, too_wide) == (True, 0, 0), (name, size)


def applying(open_player, tmp_path, name):
    return opened(open_player, tmp_path, play(name)).page.evaluate(NAMES)


def test_a_view_shows_itself_only_where_it_applies(open_player, tmp_path):
    assert applying(open_player, tmp_path, "00_first_crash") == ["cluster", "log", "isr", "space", "charts"]
    groups = applying(open_player, tmp_path, "12_polite_exit")
    assert groups == ["cluster", "log", "groups", "space", "charts", "worlds"]
    assert "transactions" in applying(open_player, tmp_path, "15_zombie_producer")


def show(player, view, step):
    player.page.evaluate(
        "([v, s]) => { const { stage } = document.querySelector('.mk-stage').mkStage; "
        "stage.answers = {0: 0, 1: 0, 2: 0}; stage.set({ view: stage.views.find((each) => each.id === v) }); "
        "stage.go(s); }", [view, step])
    return player.page.locator(".mk-picture-card")


def test_pointing_at_a_record_lights_it_in_every_log_and_in_the_story(open_player, tmp_path):
    trace = play("00_first_crash")
    player = opened(open_player, tmp_path, trace)
    picture = show(player, "log", trace.to_json()["bookmarks"][0][0])
    picture.locator("[data-records='orders-0:0']").first.hover()
    assert picture.locator(".mk-cell.mk-lit").count() == 3
    assert player.page.locator(".mk-sentence.mk-lit").count() > 1
    show(player, "cluster", len(trace.to_json()["steps"])).locator(".mk-name").first.hover()
    assert player.page.locator(".mk-lit").count() == 0, "what is not pointed at any more goes out"


def test_a_clicked_record_stays_lit_in_the_next_view(open_player, tmp_path):
    trace = play("15_aborted_in_the_log")
    player = opened(open_player, tmp_path, trace)
    end = len(trace.to_json()["steps"])
    show(player, "log", end).locator("[data-records='orders-0:2']").first.click()
    picture = show(player, "transactions", end)
    lit = picture.locator("td.mk-lit")
    assert lit.count() == 4
    assert "rum" in lit.first.inner_text()


def test_offsets_can_be_reached_by_the_keyboard(open_player, tmp_path):
    player = opened(open_player, tmp_path, play("00_first_crash"))
    picture = show(player, "log", 200)
    picture.locator(".mk-pointed").first.focus()
    assert picture.locator(".mk-cell.mk-lit").count() == 3
    assert "offset 0: on broker 1" in picture.locator(".mk-pointed").first.get_attribute("aria-label")


def test_the_log_says_what_compaction_and_retention_took(open_player, tmp_path):
    compacted = play("01_newest_of_each_key").to_json()
    player = opened(open_player, tmp_path, compacted)
    picture = show(player, "log", compacted["bookmarks"][3][0])
    assert picture.locator(".mk-ghost.mk-meant").count() == 2
    assert show(player, "log", len(compacted["steps"])).locator(".mk-hole", has_text="compacted").count() == 2


def test_the_isr_view_says_who_is_out_and_why(open_player, tmp_path):
    trace = play("06_two_leaders").to_json()
    words = show(opened(open_player, tmp_path, trace), "isr", trace["bookmarks"][7][0]).inner_text()
    assert "ISR 2, 3" in words
    assert "leads epoch 0 in its own eyes: what only it holds is not safe" in words
    assert "Committed: everything below 2" in words


def test_the_quorum_commits_by_majority_and_says_who_voted(open_player, tmp_path):
    cluster = Cluster(3, 7, 3)
    cluster.run(3)
    topic = NewTopic("orders", replica_assignment=[(1, 2, 3)])
    AdminClient({"bootstrap.servers": cluster}).create_topics([topic])["orders"].result()
    cluster.crash(cluster.sim.active_controller().id)
    cluster.run(8)
    trace = cluster.trace(title="Three controllers").to_json()
    player = opened(open_player, tmp_path, trace)
    stands = next(fact[0] for fact in trace["facts"] if fact[2] == "NodeCrashed")
    assert "nobody leads the quorum" in show(player, "isr", stands).inner_text()
    words = show(player, "isr", len(trace["steps"])).inner_text()
    elected = [fact[3]["epoch"] for fact in trace["facts"] if fact[2] == "QuorumLeaderElected"]
    assert f"leads epoch {elected[-1]}" in words, elected
    assert "the second highest is" in words
    assert "yes" in words


def test_a_group_shows_the_member_in_its_own_eyes_both_lags_and_both_clocks(open_player, tmp_path):
    trace = play("13_zombie_commit").to_json()
    refused = next(fact[0] for fact in trace["facts"] if fact[2] == "CommitRefused")
    words = show(opened(open_player, tmp_path, trace), "groups", refused).inner_text()
    for said in ("member in its own eyes", "UNKNOWN_MEMBER_ID", "lag: not read", "of 6 s", "of 5 min"):
        assert said in words


def test_what_two_kinds_of_readers_see(open_player, tmp_path):
    trace = play("15_aborted_in_the_log").to_json()
    player = opened(open_player, tmp_path, trace)
    grid = show(player, "transactions", len(trace["steps"])).locator(".mk-grid")
    rows = dict(row.split("\t", 1) for row in grid.inner_text().splitlines() if "\t" in row)
    assert "skipped" in rows["read_committed"]
    dirty = grid.locator("tr", has_text="read_uncommitted").locator("td").first
    assert dirty.inner_text().split() == ["tea", "though", "aborted"]
    opening = next(fact[0] for fact in trace["facts"] if fact[2] == "TransactionOpened")
    assert "a transaction is open" in show(player, "transactions", opening).inner_text()

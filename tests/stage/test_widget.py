"""In the notebook: the widget also speaks to readers without widgets; the live box acts, goes back, keeps futures."""

from __future__ import annotations

import copy
import json
import sys

import pytest
import synthetic

from minikafka.stage import build, live, widget


@pytest.fixture(autouse=True)
def notebook(need):
    need.module("anywidget")
    need.module("ipywidgets")


def test_show_opens_where_it_was_told(run):
    assert widget.show(run, scene=8).step == run["bookmarks"][7][0]
    assert widget.show(run).step == 1
    with pytest.raises(ValueError, match="17 scenes"):
        widget.show(run, scene=18)


def test_the_output_also_carries_trace_and_story(run):
    data, _ = widget.show(run, step=124)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    added = data[widget.MIME]
    assert added["trace"] == run
    assert added["options"] == {"step": 124}
    assert any("Broker 1 cuts off c and d" in line for line in added["story"])
    assert "Broker 1 cuts off c and d" in data["text/plain"]


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match="pip install anywidget"):
        widget.need("anywidget")


class Recorded:
    def __init__(self, document) -> None:
        self.document = document

    def to_json(self):
        return copy.deepcopy(self.document)


class FakeRun:
    """The smallest run that can be bent: each act is one step with one sentence."""

    def __init__(self) -> None:
        self.acts: list[str] = ["start"]
        self.settings = {"broker.session.timeout.ms": 9000, "acks": "all", "some.other": 1}
        self.brokers = [1, 2, 3]

    def trace(self):
        script = synthetic.Script("live", [dict(node) for node in synthetic.NODES])
        for act in self.acts:
            script.step(1, "call", None)
            script.fact(None, "Note", 1, f"{act}.", text=act)
        document = script.json()
        return Recorded(document)

    def act(self, verb, **arguments):
        if verb == "restart":
            raise ValueError("Broker 1 is running: there is nothing to <restart>.")
        self.acts.append(" ".join([verb, *map(str, arguments.values())]))

    def rewind(self, step):
        del self.acts[step:]

    def rebuild(self, settings):
        self.settings.update(settings)
        self.acts[0] = f"start with {settings}"


def buttons(box):
    found = {}
    pending = [box]
    while pending:
        each = pending.pop()
        pending.extend(getattr(each, "children", ()))
        if type(each).__name__ == "Button":
            found.setdefault(each.description, []).append(each)
    return found


@pytest.fixture
def made():
    return live.LiveBox(FakeRun())


def sentences(stage):
    return [fact[4] for fact in stage.trace["facts"]]


def test_every_promised_control_is_there(made):
    names = set(buttons(made.box))
    assert names >= {"crash", "restart", "pause", "resume", "cut from controllers", "cut from brokers", "heal all",
                     "run on", "send a record", "back to this step"}
    assert len(buttons(made.box)["crash"]) == 3


def test_a_button_acts_and_shows_the_new_end(made):
    buttons(made.box)["run on"][0].click()
    assert sentences(made.stage) == ["start.", "run 10.0."]
    assert made.stage.step == 2


def test_acting_in_the_past_goes_back_and_keeps_the_other_future(made):
    made.act("crash", broker=1)
    made.act("run", seconds=10)
    made.stage.step = 1
    made.act("crash", broker=2)
    assert sentences(made.stage) == ["start.", "crash 2."]
    [future] = made.stage.trace["branches"]
    assert (future["at"], future["name"]) == (1, "crash 1, run 10 s")
    assert [fact[4] for fact in future["trace"]["facts"]] == ["start.", "crash 1.", "run 10."]


def test_going_back_further_moves_the_forks_of_older_futures(made):
    for broker in (1, 2, 3):
        made.act("crash", broker=broker)
    made.stage.step = 3
    made.act("heal")
    made.stage.step = 2
    made.back()
    assert [future["at"] for future in made.stage.trace["branches"]] == [2, 2]
    assert made.stage.step == 2


def test_a_refusal_is_a_sentence_and_changes_nothing(made):
    made.act("restart", broker=1)
    assert "Not done" in made.says.value
    assert "&lt;restart>" in made.says.value
    assert sentences(made.stage) == ["start."]


def test_a_slider_builds_the_run_again(made):
    made.change("broker.session.timeout.ms", 3000)
    assert made.run.settings["broker.session.timeout.ms"] == 3000
    assert "3000" in sentences(made.stage)[0]


def test_a_click_in_the_picture_acts(made):
    made.stage.command = {"kind": "crash", "broker": 2, "at": 1, "id": 1}
    assert sentences(made.stage) == ["start.", "crash 2."]


def test_the_live_box_says_itself_to_readers_without_widgets(made):
    data, _ = made.box._repr_mimebundle_()
    assert data[widget.MIME]["trace"]["title"] == "live"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_live_is_the_box_itself():
    assert live.live(FakeRun(), height=500).stage.options == {"live": True, "height": 500}
    with pytest.raises(ValueError, match="no step 7"):
        live.live(FakeRun(), step=7)


# --- The JavaScript side of the widget, with a model that behaves like anywidget's ---

MODEL = """
<div id="cell"></div><script type="module">
@module@
const state = @state@, handlers = {};
window.model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; (window.sets ||= []).push(name); },
  save_changes: () => { window.saved = { ...state }; },
  on: (event, act) => { (handlers[event] ||= []).push(act); },
  off: (event, act) => { handlers[event] = handlers[event].filter((each) => each !== act); },
  receive: (changes) => {
    Object.assign(state, changes);
    for (const name of Object.keys(changes)) for (const act of handlers[`change:${name}`] || []) act();
  },
  handlers,
};
window.stop = render({ model: window.model, el: document.getElementById("cell") });
document.getElementById("cell").classList.add("mk-stage");
</script>
"""


@pytest.fixture
def cell(open_player, run, tmp_path):
    def open_cell(**state):
        file = tmp_path / "cell.html"
        module = build.MODULE.read_text(encoding="utf-8")
        safe = json.dumps({"trace": run, "step": 22, "options": {}, **state}).replace("<", "\\u003c")
        file.write_text(MODEL.replace("@module@", module).replace("@state@", safe), encoding="utf-8")
        return open_player(file)

    return open_cell


def test_the_step_goes_both_ways(cell):
    player = cell()
    assert player.step == 22
    player.part("forward").click()
    assert player.page.evaluate("saved.step") == player.step > 22
    player.page.evaluate("model.receive({step: 120})")
    player.page.wait_for_function("document.getElementById('cell').mkStage.step === 120")


def test_a_new_trace_keeps_the_player(cell, run):
    player = cell()
    longer = synthetic.long_run(500)
    player.page.evaluate("(t) => model.receive({step: 400, trace: t})", longer)
    assert player.step == 400
    assert player.page.locator(".mk-root").count() == 1
    player.page.evaluate("model.receive({trace: '{}', step: 1})")
    assert "not a recorded run" in player.page.locator(".mk-sorry").inner_text()


def test_where_it_is_live_the_picture_sends_commands(cell):
    player = cell(options={"live": True})
    player.page.get_by_role("button", name="crash broker 2").click()
    assert player.page.evaluate("saved.command") == {"kind": "crash", "broker": 2, "at": 22, "id": 1}


def test_leaving_the_page_takes_everything_along(cell):
    player = cell()
    player.page.evaluate("stop()")
    assert player.page.locator(".mk-root").count() == 0
    assert player.page.evaluate("Object.values(model.handlers).flat().length") == 0

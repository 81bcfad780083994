"""Lessons become plain pages: what is quoted, run, shown and left out, and what stops the build."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import sys
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import notebook_page
import serve_course
import source_quote

# `site` is a module of the standard library too, so the builder is loaded by its path.
from importlib import util  # isort: skip

_spec = util.spec_from_file_location("course_site", ROOT / "tools" / "site.py")
site = util.module_from_spec(_spec)
sys.modules["course_site"] = site
_spec.loader.exec_module(site)

nbformat = pytest.importorskip("nbformat")
from nbformat import v4

TRACE = {"scenario": "two", "facts": [[1, 0, "A", {}, "Broker 1 appends <a>.", 1], [1, 0, "B", {}, "Unsaid.", 0]]}
PIXEL = base64.b64encode(b"\x89PNG not really").decode()


# --- quoting ------------------------------------------------------------------------------------------------------

SOURCE = '''"""A module."""

LIMITS = {
    "a": 1,
}


class Log:
    """A log."""

    @property
    def end(self) -> int:
        """Where it ends."""

        return 3


def elect(live):
    """Say who."""
    first = live[0]
    return first
'''


@pytest.fixture
def quoting(tmp_path):
    (tmp_path / "core.py").write_text(SOURCE + "def long():\n" + "    pass\n" * 15)
    return tmp_path


def expand(root, macro, **options):
    return source_quote.expand("before\n\n{{ source " + macro + " }}\n\nafter", root, **options)


@pytest.mark.parametrize(
    ("macro", "first", "last", "lines"),
    [
        ("core.py elect", "def elect(live):", "    return first", 4),
        ("core.py elect body", "def elect(live):", "    return first", 3),
        ("core.py elect lines=3-4", "first = live[0]", "return first", 2),
        ("core.py Log.end", "@property", "    return 3", 5),
        ("core.py Log.end body", "@property", "    return 3", 3),
        ("core.py LIMITS", "LIMITS = {", "}", 3),
    ],
)
def test_source_is_quoted_by_name(quoting, macro, first, last, lines):
    text = expand(quoting, macro)
    code = re.search(r'```python title="core.py · [\w.]+"\n(.*)\n```\n\nafter', text, re.S)[1].split("\n")
    assert (code[0], code[-1], len(code)) == (first, last, lines)


def test_a_notebook_is_given_the_files_name_in_a_line_of_its_own(quoting):
    assert "`elect` in `core.py`:\n\n```python\ndef elect" in expand(quoting, "core.py elect", titled=False)


@pytest.mark.parametrize(
    ("macro", "said"),
    [
        ("core.py long", "16 lines long"),
        ("core.py gone", "does not define"),
        ("gone.py elect", "no file gone.py"),
        ("core.py elect lines=3-9", "not within the 4 lines"),
        ("core.py elect half", "not a macro we know"),
    ],
)
def test_a_quotation_that_cannot_be_made_says_why(quoting, macro, said):
    with pytest.raises(source_quote.QuoteError, match=said):
        expand(quoting, macro)


def test_answers_of_three_backends_are_quoted_with_their_date():
    text = source_quote.expand("before\n\n{{ agreement 06_two_leaders }}\n\nafter", ROOT)
    assert '| fetch with the old epoch | `"FENCED_LEADER_EPOCH"` |' in text
    assert re.search(r"\n\nAsked: simulation \d{4}-\d\d-\d\d, serve .*, Apache Kafka .*\.\n\nafter", text)
    explained = source_quote.expand("{{ agreement transactions }}", ROOT)
    assert "| differs | simulation | serve | Apache Kafka | why |" in explained
    with pytest.raises(source_quote.QuoteError, match=r"there is no docs/agreement/gone.json; there are 01_compaction"):
        source_quote.expand("{{ agreement gone }}", ROOT)


def test_braces_in_code_are_left_alone(quoting):
    text = "`{{ x }}` and\n\n```python\nf'{{ y }}'\n```\n"
    assert source_quote.expand(text, quoting) == text


# --- outputs ------------------------------------------------------------------------------------------------------


def shown(tmp_path, *outputs, tags=(), source="1"):
    cell = v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})
    page = notebook_page.Page(tmp_path, PurePosixPath("lessons/06_x.md"))
    return notebook_page.markdown_of(v4.new_notebook(cells=[cell]), page, str)


def display(**data):
    return v4.new_output("display_data", {key.replace("__", "/"): value for key, value in data.items()})


def bundle(data):
    return v4.new_output("display_data", data)


def test_a_trace_becomes_the_player_with_its_story_as_text(tmp_path):
    data = {notebook_page.TRACE_MIME: {"trace": TRACE, "options": {"step": 7, "t": '"<'}, "story": ["1. One <b>."]}}
    text = shown(tmp_path, bundle(data | {"text/html": "no"}))
    address, options = re.search(r'data-src="([^"]+)" data-options="([^"]+)"', text).groups()
    assert address.startswith("../../traces/two-")
    assert json.loads((tmp_path / address.removeprefix("../../")).read_text()) == TRACE
    assert json.loads(html.unescape(options)) == {"step": 7, "t": '"<'}
    assert "<details><summary>The story as text</summary><ol><li>One &lt;b&gt;.</li></ol></details></div>" in text


def test_without_a_story_the_trace_tells_its_own(tmp_path):
    text = shown(tmp_path, bundle({notebook_page.TRACE_MIME: {"trace": TRACE}}))
    assert "<ol><li>Broker 1 appends &lt;a&gt;.</li></ol>" in text


@pytest.mark.parametrize(
    ("forms", "expected"),
    [
        ({"text/markdown": "**m**", "text/html": "<p>h</p>", "text/plain": "t"}, "**m**"),
        ({"text/html": "<p>h</p>\n\n<p>i</p>", "image/png": PIXEL}, '<div class="mk-output"><p>h</p>\n<p>i</p></div>'),
        ({"text/plain": "\x1b[31mred\x1b[0m"}, "```{ .text .mk-printed }\nred\n```"),
        ({notebook_page.WIDGET_MIME: {}, "text/plain": "HBox()"}, ""),
        ({notebook_page.WIDGET_MIME: {}, "text/html": "<p>h</p>"}, '<div class="mk-output"><p>h</p></div>'),
    ],
)
def test_the_page_takes_the_best_form_it_can_hold(tmp_path, forms, expected):
    assert shown(tmp_path, bundle(forms), tags=["hide-input"]).strip() == expected


@pytest.mark.parametrize(("form", "value", "suffix"), [("image/svg+xml", "<svg/>", "svg"), ("image/png", PIXEL, "png")])
def test_pictures_go_into_files(tmp_path, form, value, suffix):
    output = v4.new_output("display_data", {form: value, "text/plain": "Figure"}, metadata={"alt": 'lag "now"'})
    text = shown(tmp_path, output)
    address = re.search(r'src="\.\./\.\./(images/06_x-\w+\.' + suffix + ')" alt="lag &quot;now&quot;"', text)[1]
    assert (tmp_path / address).stat().st_size > 0


def test_what_is_printed_in_pieces_is_one_block(tmp_path):
    pieces = [v4.new_output("stream", name="stdout", text=text) for text in ("a\n", "b\n")]
    assert "{ .text .mk-printed }\na\nb\n```" in shown(tmp_path, *pieces)


def test_backticks_cannot_end_a_block(tmp_path):
    assert "````python\nx = '```'\n````" in shown(tmp_path, source="x = '```'")


@pytest.mark.parametrize(
    ("tags", "code", "output"),
    [([], 1, 1), (["hide-input"], 0, 1), (["hide-output"], 1, 0), (["notebook-only"], 0, 0)],
)
def test_tags_decide_what_the_page_shows(tmp_path, tags, code, output):
    text = shown(tmp_path, bundle({"text/plain": "result"}), tags=tags, source="call()")
    assert ("call()" in text, "result" in text) == (code, output)


def test_links_into_the_player_are_left_to_it():
    assert notebook_page.player_links("[*c*](#scene-8) [b](#step=12) [d](#scenes)") == (
        '<a class="mk-jump" href="#scene-8">*c*</a> <a class="mk-jump" href="#step=12">b</a> [d](#scenes)'
    )


# --- a whole small site -------------------------------------------------------------------------------------------

RECORDER = """
import json, pathlib, sys
name, target = sys.argv[1], pathlib.Path(sys.argv[3])
if name == "unknown":
    sys.exit("there is no scenario `unknown`")
pathlib.Path("recordings.txt").open("a").write(name)
target.write_text(json.dumps({"scenario": name, "facts": [[1, 0, "A", {}, "It happened.", 2]]}))
"""
COUNTS_RUNS = "import pathlib\nwith pathlib.Path('../runs.txt').open('a') as f: _ = f.write('x')\n"
SHOWS_TRACE = (
    "from IPython.display import display\n"
    f"display({{'{notebook_page.TRACE_MIME}': {{'trace': {TRACE!r}}}}}, raw=True)\nprint(6 * 7)"
)


@pytest.fixture(scope="module")
def small(tmp_path_factory, need):
    """A course of one lesson, built."""
    for module in ("mkdocs", "material", "nbclient", "ipykernel"):
        need.module(module)
    root = tmp_path_factory.mktemp("course")
    for name in ("docs/assets", "tools"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("article.py", "__pycache__"))
    shutil.copyfile(ROOT / "mkdocs.yml", root / "mkdocs.yml")
    files = {
        "minikafka/stage/stage.mjs": "export function autoMount() { document.body.dataset.mounted = 'yes'; }\n",
        "minikafka/core.py": SOURCE,
        "exercises/06_x/elect/README.md": "# Elect\n\n[hints](hints.md) [six](../../../lessons/06_x.ipynb)\n",
        "exercises/06_x/elect/hints.md": "# Hints\n\nThink of xylophones.\n",
        "record.py": RECORDER,
        "docs/index.md": '# Start\n\n<div class="mk-stage" data-scenario="06_two"></div>\n\n'
        "[six](../lessons/06_x.ipynb#elsewhere) [core](../minikafka/core.py) `[gone](../gone.py)`\n",
        "docs/deep/er/page.md": '# Deep\n\n<div class="mk-stage" data-scenario="06_two"'
        ' data-options="{&quot;step&quot;:2}"></div>\n\n{{ source minikafka/core.py elect }}\n',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    lesson(root, [SHOWS_TRACE, COUNTS_RUNS])
    tree = site.Tree(root, (sys.executable, "record.py"))
    site.build(tree)
    return tree


LESSON_LINKS = (
    "[core](../minikafka/core.py) [elect](../exercises/06_x/elect/README.md) [deep](../docs/deep/er/page.md#deep) "
    "[itself](06_x.ipynb#elsewhere)\n\n## Elsewhere"
)


def lesson(root, codes, text=LESSON_LINKS):
    cells = [v4.new_markdown_cell(f"# Lesson 6\n\n{text}\n\n{{{{ source minikafka/core.py elect }}}}")]
    cells += [v4.new_code_cell(code) for code in codes]
    cells += [v4.new_markdown_cell("page only", metadata={"tags": ["page-only"]})]
    (root / "lessons").mkdir(exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells), root / "lessons" / "06_x.ipynb")


def built(tree, page):
    return (tree.root / "site" / page).read_text(encoding="utf-8")


def test_a_lesson_is_run_and_becomes_a_page(small):
    page = built(small, "lessons/06_x/index.html")
    assert "42" in page and "It happened" not in page and "Broker 1 appends" in page
    assert "core.py · elect" in page and "page only" in page
    assert 'href="../../notebook/06_x/"' in page


def test_the_notebooks_page_says_what_to_type_where_there_is_no_jupyterlab(small):
    page = re.sub("<[^>]+>", "", built(small, "notebook/06_x/index.html"))
    assert "make start" in page and "python tools/course.py start" in page
    assert (small.root / "site/notebook/06_x.ipynb").exists()


def test_a_scenario_is_recorded_once_for_all_pages_that_show_it(small):
    assert (small.root / "recordings.txt").read_text() == "06_two"
    assert re.search(r'data-src="traces/06_two-\w+\.json".*It happened', built(small, "index.html"))
    deep = built(small, "deep/er/page/index.html")
    assert re.search(r'data-src="\.\./\.\./\.\./traces/06_two-\w+\.json" data-options="{&quot;step&quot;:2}"', deep)


def test_hints_are_pages_that_no_search_finds(small):
    assert "xylophones" in built(small, "exercises/06_x/elect/hints/index.html")
    assert "xylophones" not in built(small, "search/search_index.json")


def test_links_are_written_as_they_work_in_the_repository(small):
    front, six = built(small, "index.html"), built(small, "lessons/06_x/index.html")
    assert 'href="lessons/06_x/#elsewhere"' in front and 'href="code/minikafka/core/"' in front
    assert "[gone](../gone.py)" in front
    assert all(f'href="{goal}"' in six for goal in (
        "../../code/minikafka/core/", "../../exercises/06_x/elect/", "../../deep/er/page/#deep", "#elsewhere"
    ))  # fmt: skip
    assert 'href="../../../lessons/06_x/"' in built(small, "exercises/06_x/elect/index.html")


def test_every_address_is_relative_and_leads_to_a_file(small):
    """So the site works below any path of any server."""
    top = small.root / "site"
    for page in top.rglob("*.html"):
        if page.name == "404.html":  # served for any address, so its own must be absolute
            continue
        for address in re.findall(r'(?:href|src|data-src)="?([^" >]+)', page.read_text(encoding="utf-8")):
            plain = address.partition("#")[0].partition("?")[0]
            if not plain or re.match(r"(https?|data|mailto):", plain):
                continue
            assert not plain.startswith("/"), (page, address)
            goal = (page.parent / plain).resolve()
            assert goal.is_file() or (goal / "index.html").is_file(), (page.relative_to(top), address)


def test_nothing_comes_from_another_origin(small):
    """Links may lead away; scripts, styles, fonts and pictures may not come from there."""
    for page in (small.root / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'<(?:script|img|iframe)[^>]*src="?(?:https?:)?//', text), page
        assert not re.search(r'<link[^>]*rel="?(?:stylesheet|preconnect|icon)"?[^>]*href="?https?:', text), page


def test_only_what_changed_is_done_again(small, capsys):
    runs = small.root / "runs.txt"
    assert runs.read_text() == "x"
    site.build(small)
    assert capsys.readouterr().out == ""
    (small.root / "docs" / "index.md").open("a").write("\nMore.\n")
    site.build(small)
    assert "More." in built(small, "index.html") and runs.read_text() == "x"
    (small.root / "minikafka" / "new.py").write_text("")
    site.build(small)
    assert runs.read_text() == "xx", "the engine changed, so the lesson has to be run again"


def test_a_failing_cell_stops_the_build_and_is_shown(small):
    broken = small.root / "lessons" / "07_broken.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("offset = 41\nassert offset == 42, 'off by one'")]), broken)
    try:
        with pytest.raises(site.SiteError) as caught:
            site.build(small)
    finally:
        broken.unlink()
    assert "07_broken.ipynb" in str(caught.value)
    assert "assert offset == 42" in str(caught.value) and "off by one" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<div class="mk-stage" data-scenario="unknown"></div>', "there is no scenario `unknown`"),
        ("{{ source minikafka/core.py gone }}", "page.md: cannot quote gone"),
        ("[gone](../minikafka/gone.py)", "minikafka/gone.py, which does not exist"),
        ("[gone](gone.md)", "gone.md"),
    ],
)
def test_a_page_that_cannot_be_made_stops_the_build_with_its_reason(small, text, said):
    page = small.root / "docs" / "page.md"
    page.write_text(f"# Page\n\n{text}\n")
    try:
        with pytest.raises(site.SiteError, match=re.escape(said)):
            site.build(small)
    finally:
        page.unlink()


# --- the reader's own copy ----------------------------------------------------------------------------------------


def test_the_readers_copy_quotes_the_source_and_leaves_out_what_is_for_the_page(tmp_path):
    (tmp_path / "minikafka").mkdir()
    (tmp_path / "minikafka" / "core.py").write_text(SOURCE)
    lesson(tmp_path, ["1"])
    path = tmp_path / "lessons" / "06_x.ipynb"
    path.write_text(path.read_text().replace('"metadata": {}', '"metadata": {"tags": ["hide-input"]}', 1))
    copy = serve_course.working_copy(tmp_path, "06_x.ipynb")
    text = copy.read_text(encoding="utf-8")
    assert copy == tmp_path / "notebooks" / "06_x.ipynb"
    assert "def elect(live):" in text and "{{" not in text and "page only" not in text
    notebook = nbformat.read(copy, as_version=4)
    nbformat.validate(notebook)
    assert "source_hidden" in text


def test_an_edit_is_never_lost_and_an_untouched_copy_follows_its_lesson(tmp_path):
    (tmp_path / "minikafka").mkdir()
    (tmp_path / "minikafka" / "core.py").write_text(SOURCE)
    for number in ("1", "2"):
        lesson(tmp_path, [number])
        copy = serve_course.working_copy(tmp_path, "06_x.ipynb")
        assert json.loads(copy.read_text())["cells"][1]["source"] in (number, [number])
    copy.write_text("my own work")
    assert serve_course.working_copy(tmp_path, "06_x.ipynb").read_text() == "my own work"
    lesson(tmp_path, ["3"])
    assert "my own work" not in serve_course.working_copy(tmp_path, "06_x.ipynb").read_text()
    assert (tmp_path / "notebooks" / "06_x.mine-1.ipynb").read_text() == "my own work"

"""The one module is the readable files, joined, and stands alone."""

from __future__ import annotations

import re

import pytest

from minikafka.stage import build

SIZE_LIMIT = 120_000


def test_the_joined_modules_are_up_to_date():
    assert build.MODULE.read_text(encoding="utf-8") == build.joined(), "run `python -m minikafka.stage.build`"
    assert build.MORE.read_text(encoding="utf-8") == build.joined_more(), "run `python -m minikafka.stage.build`"


def test_every_file_of_the_player_is_in_it():
    joined = build.in_order(build.ENTRY) + build.files_of_more()
    assert sorted(joined) == sorted(file.name for file in build.PLAYER.glob("*.mjs"))


def test_it_fits_its_size():
    assert len(build.MODULE.read_bytes()) <= SIZE_LIMIT
    assert len(build.MORE.read_bytes()) <= SIZE_LIMIT


def test_the_second_module_needs_the_first_and_nothing_else():
    text = build.MORE.read_text(encoding="utf-8")
    [(names, source)] = re.findall(r"^import \{ (.*) \} from \"\./(.*)\";$", text, re.MULTILINE)
    assert source == build.MODULE.name
    first = build.MODULE.read_text(encoding="utf-8")
    exported = re.findall(r"^export (?:function|const|class) (\w+)", first, re.MULTILINE)
    assert set(names.split(", ")) <= set(exported)


def test_no_comment_is_left_in_what_is_joined_but_the_names_of_its_files():
    left = re.findall(r"^ *(?://|/\*).*$", build.joined() + build.joined_more(), re.MULTILINE)
    assert {line for line in left if not re.fullmatch(r"// \w+\.mjs", line)} == {build.HEADER.strip()}


def test_it_needs_nothing_from_anywhere():
    text = build.whole()
    assert re.findall(r"^\s*import\b.*|\bimport\s*\([^)]*", text, re.MULTILINE) == [
        'import(new URL("stage-more.mjs", import.meta.url'], "the second module, from beside the first"
    addresses = set(re.findall(r"https?://[^\s\"'`]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "a name of the SVG standard is no request; all else is"
    assert "</script" not in text.lower(), "it has to fit into a page"


def test_names_of_two_files_do_not_collide():
    text = build.whole()
    names = re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", text, re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def test_a_circle_of_imports_is_named(tmp_path):
    (tmp_path / "index.mjs").write_text('import { b } from "./b.mjs";\n', encoding="utf-8")
    (tmp_path / "b.mjs").write_text('import { a } from "./index.mjs";\n', encoding="utf-8")
    with pytest.raises(AssertionError, match="circle"):
        build.joined(tmp_path)


def test_check_says_whether_it_is_stale(tmp_path, monkeypatch, capsys):
    assert build.main(["--check"]) == 0
    monkeypatch.setattr(build, "MODULE", tmp_path / "stage.mjs")
    assert build.main(["--check"]) == 1
    assert "stage.mjs is out of date" in capsys.readouterr().out
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0

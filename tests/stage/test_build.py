"""The one module is the readable files, joined, and stands alone."""

from __future__ import annotations

import re

import pytest

from minikafka.stage import build

SIZE_LIMIT = 120_000


def test_the_joined_module_is_up_to_date():
    assert build.MODULE.read_text(encoding="utf-8") == build.joined(), "run `python -m minikafka.stage.build`"


def test_every_file_of_the_player_is_in_it():
    assert sorted(build.in_order(build.ENTRY)) == sorted(file.name for file in build.PLAYER.glob("*.mjs"))


def test_it_fits_its_size():
    assert len(build.MODULE.read_bytes()) <= SIZE_LIMIT


def test_it_needs_nothing_from_anywhere():
    text = build.MODULE.read_text(encoding="utf-8")
    assert not re.search(r"^\s*import\b|\bimport\s*\(", text, re.MULTILINE)
    addresses = set(re.findall(r"https?://[^\s\"'`]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "a name of the SVG standard is no request; all else is"
    assert "</script" not in text.lower(), "it has to fit into a page"


def test_names_of_two_files_do_not_collide():
    text = build.MODULE.read_text(encoding="utf-8")
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
    assert "out of date" in capsys.readouterr().out
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0

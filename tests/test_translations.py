"""Every sentence of the code has a Chinese one in the committed catalogue, and README.md a Chinese twin."""

from __future__ import annotations

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
PACKAGES = ("config", "accounts", "wechat", "settings_app")
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
MARKED_IN_TEMPLATE = re.compile(r"""\b(?:n?gettext|_)\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")[,)]""")
PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0-9.]*[a-z]|%[a-z%]|\{\w*\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
PROPER_NAMES = {"AppID", "openid", "openids", "unionid", "unionids"}


@dataclass
class Entry:
    flags: set[str] = field(default_factory=set)
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def msgid(self) -> str:
        return self.fields["msgid"]

    @property
    def msgstr(self) -> str:
        """Chinese has one form for any number."""
        return self.fields["msgstr[0]" if "msgid_plural" in self.fields else "msgstr"]


def entries(path: Path) -> list[Entry]:
    """What a .po file holds, without its header."""
    return [entry for entry in map(parsed, path.read_text(encoding="utf-8").split("\n\n")) if entry.msgid]


def parsed(block: str) -> Entry:
    entry, keyword = Entry(), ""
    for line in block.strip().splitlines():
        if line.startswith("#"):
            entry.flags |= set(line[2:].replace(" ", "").split(",")) if line.startswith("#,") else set()
            continue
        if not line.startswith('"'):
            keyword, _, line = line.partition(" ")
        entry.fields[keyword] = entry.fields.get(keyword, "") + ast.literal_eval(line)
    return entry


def catalogue(root: Path = ROOT) -> dict[str, str]:
    return {entry.msgid: entry.msgstr for entry in entries(root / CATALOGUE)}


def marked_in_code() -> Iterator[str]:
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKERS:
                text = node.args[0]
                assert isinstance(text, ast.Constant), f"{path}:{node.lineno} marks no plain text"
                yield text.value


def marked_in_templates() -> Iterator[str]:
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.html")):
        for literal in MARKED_IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
            yield ast.literal_eval(literal)


def test_catalogue_holds_what_code_and_templates_say_and_nothing_else() -> None:
    assert {*marked_in_code(), *marked_in_templates()} == set(catalogue())


def test_every_sentence_has_a_chinese_one() -> None:
    strange = {msgid: msgstr for msgid, msgstr in catalogue().items() if not CHINESE.search(msgstr)}
    assert set(strange) - PROPER_NAMES == set()
    assert all(strange.values())


def test_no_translation_is_a_guess() -> None:
    assert [entry.msgid for entry in entries(ROOT / CATALOGUE) if "fuzzy" in entry.flags] == []


def test_translations_keep_the_placeholders() -> None:
    for msgid, msgstr in catalogue().items():
        assert sorted(PLACEHOLDER.findall(msgstr)) == sorted(PLACEHOLDER.findall(msgid)), msgid


def test_compiled_catalogue_holds_what_the_text_says() -> None:
    with (ROOT / CATALOGUE).with_suffix(".mo").open("rb") as compiled:
        messages = gettext.GNUTranslations(compiled)._catalog
    # A sentence with a plural has its number beside it.
    compiled = {key if isinstance(key, str) else key[0]: msgstr for key, msgstr in messages.items() if key}
    assert compiled == catalogue()


@pytest.mark.services
def test_makemessages_finds_nothing_new(tmp_path: Path) -> None:
    """With GNU gettext itself, in a copy of the tree, as `make messages` runs it."""
    for package in (*PACKAGES, "locale"):
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-obsolete", "--no-location"]
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DEBUG": "1"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=50)

    assert (tmp_path / CATALOGUE).read_text(encoding="utf-8") == (ROOT / CATALOGUE).read_text(encoding="utf-8")


def skeleton(readme: str) -> list[dict[str, Any]]:
    """What a translation must not change, section by section: blocks, names, addresses, numbers of rows and items."""
    sections = re.split("^(?=#+ )", FENCE.sub("", readme), flags=re.MULTILINE)
    return [
        {
            "level": len(section) - len(section.lstrip("#")),
            "code": sorted(re.findall("`(.+?)`", section)),
            "links": re.findall(r"\]\((.+?)\)", section),
            "table rows": len(re.findall(r"^\|", section, re.MULTILINE)),
            "items": len(re.findall(r"^(?:- |\d\. )", section, re.MULTILINE)),
        }
        for section in sections
    ]


def test_chinese_readme_is_the_twin_of_the_english_one() -> None:
    english, chinese = (
        (ROOT / name).read_text(encoding="utf-8").replace(other, "the other")
        for name, other in [("README.md", "README.zh-CN.md"), ("README.zh-CN.md", "README.md")]
    )
    assert FENCE.findall(chinese) == FENCE.findall(english)
    assert skeleton(chinese) == skeleton(english)

"""Every text of a page is there, in both languages: of templates, of views, of what varies."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import jalon
from jalon import locale
from jalon.catalogue.catalogue import built_in
from jalon.model.tables import TABLES
from jalon.views.asking import COMPARISONS
from jalon.views.pictures import GRAINS
from jalon.views.subjects import SUBJECTS

SOURCE = Path(jalon.__file__).parent
FOLDER = SOURCE / "locale"
ROOMS = "page|data|part|value|sql|serve|owner|charts?"


def known() -> set[str]:
    french, english = (set(locale.sentences(lang)) for lang in locale.LANGUAGES)
    return french & english


def keys(file: Path) -> list[str]:
    return re.findall(r'^"?([\w.-]+)"?:', file.read_text(encoding="utf-8"), re.M)


def test_every_file_of_texts_is_there_in_both_languages_with_the_same_codes() -> None:
    french = {each.name.replace("fr.yaml", "") for each in FOLDER.glob("*fr.yaml")}
    english = {each.name.replace("en.yaml", "") for each in FOLDER.glob("*en.yaml")}
    assert french == english
    for stem in french:
        first, second = (set(keys(FOLDER / f"{stem}{lang}.yaml")) for lang in ("fr", "en"))
        assert first == second, stem


def test_no_code_is_written_twice_in_all_the_files_of_a_language() -> None:
    for lang in locale.LANGUAGES:
        counted = Counter(key for file in FOLDER.glob(f"*{lang}.yaml") for key in keys(file))
        assert [key for key, times in counted.items() if times > 1] == []


def test_every_text_of_a_template_is_there() -> None:
    codes = set()
    for file in (SOURCE / "web" / "templates").glob("*.html"):
        codes |= set(re.findall(r"\bt\('([\w.-]*[\w-])'[,)]", file.read_text(encoding="utf-8")))
    assert len(codes) > 40
    assert codes - known() == set()


def test_every_text_that_the_source_names_is_there() -> None:
    codes = set()
    for file in SOURCE.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        codes |= set(re.findall(rf"text\(\s*\"((?:{ROOMS})\.[\w.-]*\w)\"", text))
    assert len(codes) > 60
    assert codes - known() == set()


def test_every_text_that_varies_with_the_model_is_there() -> None:
    catalogue = built_in()
    public = [catalogue[name] for name in catalogue.public()]
    rules = [rule for each in public for part in each.parts or [None] for rule in each.rules(part)]
    codes = {
        *(f"page.{each.name}" for each in SUBJECTS),
        *(f"page.{each.name}.question" for each in SUBJECTS),
        *(f"page.grain.{each.value}" for each in GRAINS),
        *(f"page.compare.{each}" for each in COMPARISONS),
        *(f"page.against.{each}" for each in COMPARISONS if each != "none"),
        *(f"page.better.{each.better}" for each in public),
        *(f"page.head.{'money' if each.unit.isupper() else each.unit}" for each in rules),
        *(f"page.time.{each.time.value}" for each in rules),
        *(f"part.{part}" for each in public for part in each.parts),
        *(f"page.bring.{each.table}" for each in rules if each.table),
        *(f"page.bring.{each.table}.name" for each in rules if each.table),
        *(
            f"value.{column.name}.{value}"
            for table in TABLES.values()
            for column in table.columns
            for value in column.values
        ),
    }
    assert len(codes) > 80
    assert codes - known() == set()

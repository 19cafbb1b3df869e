"""Small files, one defect each or several, each with the clean rows that a person sees in it."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

import jalon
from jalon.intake.reading import ReadTable

CORPUS = Path(__file__).parent / "corpus"
EXPECTED = sorted(CORPUS.glob("*.json"))


def _file(expected: Path) -> Path:
    return next(p for p in CORPUS.glob(f"{expected.stem}.*") if p.suffix != ".json")


def _said(value: object) -> object:
    """A typed cell as the JSON of the corpus has it: numbers in plain digits, moments in ISO."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        text = f"{Decimal(str(value)):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return str(value).replace("\r\n", "\n")


def _found(table: ReadTable) -> dict[str, object]:
    rows = [[_said(cell) for cell in row.values()] for row in table.table.to_pylist()]
    codes = [[each.where.row, each.code] for each in table.quarantine]
    return {"columns": table.table.column_names, "rows": rows, "quarantine": codes}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: path.stem)
def test_each_file_of_the_corpus_reads_as_a_person_sees_it(expected: Path) -> None:
    said = json.loads(expected.read_text(encoding="utf-8"))
    if "refused" in said:
        with pytest.raises(jalon.JalonError) as refused:
            jalon.read(_file(expected))
        assert refused.value.problem.code == said["refused"]
        return
    tables = jalon.read(_file(expected))
    assert [_found(table) for table in tables] == said["tables"]
    evidence = {one.decision: one for table in tables for one in table.evidence}
    for decision, choice in said.get("evidence", {}).items():
        assert evidence[decision].choice == choice
    for decision, choices in said.get("asks", {}).items():
        assert evidence[decision].facts["choices"] == choices
        assert evidence[decision].certainty <= 0.5


def test_the_corpus_has_sixty_files_at_least_and_none_without_its_rows() -> None:
    files = [path for path in CORPUS.iterdir() if path.suffix != ".json"]
    assert len(files) == len(EXPECTED) >= 60

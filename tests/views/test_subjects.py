"""Where each KPI is found: a subject page shows or names it, and stays short."""

from jalon.catalogue.catalogue import built_in
from jalon.views.subjects import SUBJECTS

#: Cards and panels of a page at most: more would be scrolled past.
SHOWN = 16


def test_every_kpi_has_its_place_on_a_page():
    placed = {kpi for each in SUBJECTS for kpi in each.kpis}
    assert set(built_in().public()) <= placed <= built_in().definitions.keys()


def test_a_page_stays_short_and_names_nothing_twice():
    for each in SUBJECTS:
        assert len(each.cards) + len(each.panels) <= SHOWN
        shown = {*each.cards, *(panel.kpi for panel in each.panels)}
        assert not shown & set(each.more)
        assert len(set(each.more)) == len(each.more)

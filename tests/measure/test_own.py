"""What a company says of its own rows: dimensions, ideal prospect, required fields, exclusions."""

import datetime as dt

import pytest

from jalon.catalogue.catalogue import built_in
from jalon.measure.example import fill
from jalon.measure.own import Own, OwnDimension, check, own_of
from jalon.measure.question import Question
from jalon.measure.run import Measurer
from jalon.model.problems import RequestError
from jalon.state.settings import Settings

CATALOGUE = built_in()
DEALS = [
    {"account": "a", "name": "Contrat", "outcome": "won", "amount": 4000, "source": "Web",
     "closed_at": dt.date(2025, 1, 2)},
    {"account": "a", "name": "Test interne", "outcome": "won", "amount": 9000, "source": "SEO",
     "closed_at": dt.date(2025, 1, 3)},
    {"account": "b", "name": "Lot 2", "outcome": "lost", "amount": 60000, "source": "Salon",
     "closed_at": dt.date(2025, 1, 4)},
    {"account": "b", "name": "Lot 3", "outcome": "lost", "source": "Web",
     "closed_at": dt.date(2025, 1, 5)},
]  # fmt: skip


def settings(**said):
    return own_of(Settings.model_validate(said))


def measured(kpi, own, rows=None, **question):
    rows = rows or {"account": [{"id": "a"}, {"id": "b"}], "deal": DEALS}
    measurer = Measurer(fill(rows), CATALOGUE, own=own)
    return measurer.measure(Question((kpi,), **question)).answers[0]


def by_group(answer, name):
    return dict(zip(answer.groups[name], answer.figures.n, strict=True))


def test_values_put_together_make_a_dimension_and_the_others_keep_their_name():
    own = settings(dimensions={"canal": {"of": "source", "groups": {"Digital": ["Web", "SEO"]}}})
    answer = measured("win_rate", own, by=("canal",))
    assert by_group(answer, "canal") == {"Digital": 3, "Salon": 1}
    filtered = measured("win_rate", own, where="canal = 'Digital'")
    assert filtered.figures.n[0] == 3
    assert filtered.figures.value[0] == pytest.approx(2 / 3)


def test_a_value_with_a_star_stands_for_all_that_begin_so():
    own = settings(dimensions={"canal": {"of": "source", "groups": {"Internet": ["W*", "SEO"]}}})
    assert by_group(measured("win_rate", own, by=("canal",)), "canal") == {
        "Internet": 3,
        "Salon": 1,
    }


def test_the_bands_of_amounts_are_the_companys_where_it_gives_them():
    bands = by_group(measured("win_rate", settings(), by=("amount_band",)), "amount_band")
    assert bands == {"< 5 k": 1, "5-20 k": 1, "> 50 k": 1, None: 1}
    own = settings(amount_bands=[5000, 10000])
    assert by_group(measured("win_rate", own, by=("amount_band",)), "amount_band") == {
        "< 5 k": 1, "5 k – 10 k": 1, "≥ 10 k": 1, None: 1,
    }  # fmt: skip


def test_the_deals_left_out_are_out_of_every_figure_and_of_its_rows():
    own = settings(excluded_deals="name ilike '%test%'")
    answer = measured("win_rate", own)
    assert (answer.figures.numerator[0], answer.figures.n[0]) == (1, 3)
    measurer = Measurer(fill({"deal": DEALS}), CATALOGUE, own=own)
    assert measurer.rows(Question(("win_rate",)))[1] == 3


def test_required_fields_have_the_weights_that_the_company_gives():
    leads = {"lead": [{"company": "A", "email": "a@a.fr"}, {"company": "B"}]}
    own = settings(required_fields={"company": 1, "email": 3})
    answer = measured("completeness_rate", own, leads)
    assert answer.figures.value[0] == pytest.approx((1 + 0.25) / 2)
    assert measured("completeness_rate", own, leads, part="records").figures.value[0] == 0.5


def test_a_figure_by_ones_own_dimension_adds_up_to_the_whole():
    own = settings(dimensions={"canal": {"of": "source", "groups": {"Digital": ["Web", "SEO"]}}})
    whole = measured("win_rate", own).figures
    parts = measured("win_rate", own, by=("canal", "amount_band")).figures
    assert parts.n.sum() == whole.n[0]
    assert parts.numerator.sum() == whole.numerator[0]


def test_a_value_with_a_quote_or_a_percent_is_only_text():
    own = settings(dimensions={"canal": {"of": "source", "groups": {"L'un": ["W'", "S%*"]}}})
    assert by_group(measured("win_rate", own, by=("canal",)), "canal") == {
        "Web": 2, "L'un": 2,
    }  # fmt: skip


def test_a_dimension_is_offered_where_what_it_is_made_of_is():
    own = Own((OwnDimension("canal", "source", (("D", ("Web",)),)),))
    assert "canal" in own.allowed(("source", "owner"))
    assert "canal" not in own.allowed(("owner",))
    with pytest.raises(RequestError) as refused:
        measured("cac", own, by=("canal",))
    assert refused.value.problem.code == "unknown_dimension"


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"icp": "secteur = 'Bio'"}, "icp", "unknown_column"),
        ({"icp": "sector"}, "icp", "expression_not_condition"),
        ({"excluded_deals": "amount ="}, "excluded_deals", "expression_malformed"),
        ({"required_fields": {"e-mail": 1}}, "required_fields.e-mail", "unknown_column"),
        ({"dimensions": {"canal": {"of": "sorce", "bands": [1]}}}, "dimensions.canal.of",
         "unknown_column"),
        ({"dimensions": {"owner": {"of": "source", "bands": [1]}}}, "dimensions.owner",
         "dimension_taken"),
    ],
)  # fmt: skip
def test_a_setting_that_names_what_is_not_there_is_said_with_its_place(said, field, code):
    with pytest.raises(RequestError) as refused:
        check(settings(**said), "settings.yaml")
    problem = refused.value.problem
    assert (problem.code, problem.where.file, problem.where.column) == (
        code,
        "settings.yaml",
        field,
    )

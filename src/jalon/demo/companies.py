"""The companies that are sold to: sector, place, size, and the seller in charge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jalon.demo import names, team
from jalon.demo.draws import Draws, Floats, Ints, Texts, texts


@dataclass(frozen=True)
class Sector:
    """A sector: its name, its NAF code, its weight, what it adds to the chance of winning."""

    name: str
    naf: str
    weight: float
    effect: float
    trades: tuple[str, ...]
    universe: int


SECTORS = (
    Sector("Hôtellerie-restauration", "55.10Z", 0.18, 0.0, ("Hôtel", "Auberge", "Brasserie"), 5200),
    Sector("Santé", "86.10Z", 0.17, -0.14, ("Clinique", "Cabinet", "Résidence"), 3900),
    Sector("Commerce de détail", "47.71Z", 0.18, 0.0, ("Boutique", "Magasins", "Halles"), 8100),
    Sector("Industrie", "25.62B", 0.18, 0.0, ("Usinage", "Mécanique", "Fonderie"), 4700),
    Sector("Éducation", "85.31Z", 0.09, 0.0, ("École", "Institut", "Campus"), 1600),
    Sector("Logistique", "52.10B", 0.08, 0.0, ("Entrepôts", "Transports", "Docks"), 2100),
    Sector("Services aux entreprises", "70.22Z", 0.07, 0.0, ("Conseil", "Bureau", "Agence"), 6400),
    Sector("Agroalimentaire", "10.71A", 0.05, 0.0, ("Biscuiterie", "Conserverie", "Moulin"), 1300),
)
PLACES = (
    ("Auvergne-Rhône-Alpes", "Grenoble", "38000", 0, 0.14),
    ("Auvergne-Rhône-Alpes", "Lyon", "69003", 0, 0.14),
    ("Auvergne-Rhône-Alpes", "Chambéry", "73000", 0, 0.08),
    ("Bourgogne-Franche-Comté", "Dijon", "21000", 0, 0.04),
    ("Pays de la Loire", "Nantes", "44000", 1, 0.12),
    ("Bretagne", "Rennes", "35000", 1, 0.10),
    ("Nouvelle-Aquitaine", "Bordeaux", "33000", 1, 0.09),
    ("Hauts-de-France", "Lille", "59000", 2, 0.12),
    ("Île-de-France", "Montreuil", "93100", 2, 0.11),
    ("Grand Est", "Reims", "51100", 2, 0.06),
)
BANDS = ("1 à 9", "10 à 49", "50 à 249", "250 et plus")


@dataclass(frozen=True)
class Companies:
    """Companies, one an index. ``size`` is the standard score of the number of employees."""

    name: Texts
    stem: Texts
    siren: Texts
    sector: Ints
    place: Ints
    rep: Ints
    size: Floats
    employees: Ints
    person: Texts

    @property
    def email(self) -> Texts:
        """The address of the person known at each."""
        return names.emails(list(self.person), list(self.stem))

    @property
    def band(self) -> Ints:
        """The band of its number of employees, an index in `BANDS`."""
        return np.searchsorted([10, 50, 250], self.employees, side="right").astype(np.int64)


def found(seed: int, n: int) -> Companies:
    """``n`` companies."""
    draws = Draws(seed, "companies")
    sector = draws.pick([each.weight for each in SECTORS], n)
    place = draws.pick([each[4] for each in PLACES], n)
    stems = names.stems(draws, n)
    size = draws.normal(n)
    return Companies(
        names.company_names([each.trades for each in SECTORS], sector, stems),
        texts(stems),
        names.sirens(n),
        sector,
        place,
        team.someone_of(draws, np.array([each[3] for each in PLACES])[place]),
        size,
        np.maximum(np.exp(3.2 + 1.1 * size), 1).astype(np.int64),
        names.people(draws, n),
    )

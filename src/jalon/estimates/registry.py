"""The estimators, found by lying in this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import jalon.estimates
from jalon.estimates.estimator import Estimator


@cache
def estimators() -> Mapping[str, Estimator]:
    """Every estimator by the name that definitions give it."""
    for module in pkgutil.iter_modules(jalon.estimates.__path__):
        importlib.import_module(f"jalon.estimates.{module.name}")
    return {each.name: each() for each in Estimator.__subclasses__()}

"""A tariff as a clerk writes it: the models of the YAML document, how it is read, and what is checked."""

from gridhall.contexts.tariffs.document.checking import InvalidDocument, Problem, check, load, parse
from gridhall.contexts.tariffs.document.models import TariffDocument, VersionText
from gridhall.contexts.tariffs.document.schema import json_schema

__all__ = ["InvalidDocument", "Problem", "TariffDocument", "VersionText", "check", "json_schema", "load", "parse"]

"""US rates in the form of OpenEI's Utility Rate Database: imported exactly, or refused with a reason."""

from gridhall.contexts.tariffs.urdb.importing import content, load, looks_like_urdb
from gridhall.contexts.tariffs.urdb.refusals import Reason, UrdbRefused
from gridhall.contexts.tariffs.urdb.tariff import ALWAYS

__all__ = ["ALWAYS", "Reason", "UrdbRefused", "content", "load", "looks_like_urdb"]

"""The door to foreign tariffs: URDB rates and Taipower's plans as documents of this house, and documents as YAML.

>>> importing = __import__("gridhall.contexts.tariffs.operations.importing", fromlist=["urdb"])
>>> importing.urdb.looks_like_urdb('{"items": []}')
True
"""

from gridhall.contexts.tariffs import taipower, urdb
from gridhall.contexts.tariffs.taipower import Meter
from gridhall.contexts.tariffs.yaml_text import as_yaml

__all__ = ["Meter", "as_yaml", "taipower", "urdb"]

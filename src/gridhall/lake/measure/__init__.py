"""From curves to what a bill is made of, in exact integers: energy per register, tier and price, highest demands."""

from gridhall.lake.measure.chronological import measure_chronological
from gridhall.lake.measure.priced import PricedEnergyTooLarge, measure_priced
from gridhall.lake.measure.registers import DemandWindowUnfit, measure

__all__ = ["DemandWindowUnfit", "PricedEnergyTooLarge", "measure", "measure_chronological", "measure_priced"]

"""Pure decisions of metering: no Django, no clock, no I/O."""

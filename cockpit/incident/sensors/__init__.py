"""The sensors by name, as process files name them; each module holds those of a phase or two."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cockpit.incident.sensors import after, comms, handoff, hands, resolve, start, validate, work
from cockpit.incident.sensors.registry import REGISTRY, Context, Evidence, People, Sensor, context

__all__ = ["SENSORS", "Context", "Evidence", "People", "Sensor", "context"]

_MODULES = (after, comms, handoff, hands, resolve, start, validate, work)
"""Importing a module enters its sensors."""

SENSORS: Mapping[str, Sensor] = MappingProxyType(REGISTRY)
"""Every sensor that a process file may name."""

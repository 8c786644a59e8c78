"""All faults of the reference server, by name."""

from faults.binary import BINARY
from faults.clients import CLIENTS
from faults.extensions import EXTENSIONS
from faults.inference import INFERENCE
from faults.metadata import METADATA_AND_HEALTH

FAULTS = METADATA_AND_HEALTH | INFERENCE | BINARY | EXTENSIONS | CLIENTS

"""Files on this machine: written whole or not at all; publishers' files listed, fetched on request, verified."""

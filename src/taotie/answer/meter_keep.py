"""How are imported readings kept? In a ledger, under a run of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taotie.metering.ledger import Ledger

__all__ = ["kept_in"]


def kept_in(recording: Any, path: Path | str) -> None:
    """Put imported readings into a ledger, under a run of their own; what it holds already stays."""
    import numpy as np

    with Ledger(path, boot=f"import:{recording.source}") as ledger:
        ledger.add_channels(recording.channels)
        times = np.unique(
            np.concatenate([r.t_ns for r in recording.readings] or [np.zeros(0, np.int64)])
        )
        ledger.db.execute("BEGIN")
        ledger.db.executemany(
            "INSERT OR REPLACE INTO sweep VALUES (?, ?, ?)",
            ((ledger.run, t, t) for t in times.tolist()),
        )
        for one in recording.readings:
            number = ledger.number_of(one.channel.id)
            ledger.db.executemany(
                "INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?)",
                (
                    (ledger.run, t, number, raw, s)
                    for t, raw, s in zip(
                        one.t_ns.tolist(), one.raw.tolist(), one.status.tolist(), strict=True
                    )
                ),
            )
        ledger.db.execute("COMMIT")

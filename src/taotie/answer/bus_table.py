"""How does a table of buses go to a file? CSV, Parquet or GeoJSON by its ending."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taotie.errors import DataError, MissingExtraError, RangeError
from taotie.files.atomic import write_bytes
from taotie.words.language import _

__all__ = ["write_bus_table"]

ENDINGS = (".csv", ".parquet", ".geojson")


def write_bus_table(buses: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write one row a bus; pairs that bind as two columns.

    Raises
    ------
    RangeError
        An ending that is none of CSV, Parquet and GeoJSON.
    DataError
        GeoJSON of a case without coordinates; a place that cannot be written.
    MissingExtraError
        DuckDB, which writes Parquet, is not installed.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise RangeError(
            _("--table {path} ends in none of {endings}.").format(
                path=path.name, endings=", ".join(ENDINGS)
            ),
            "--table buses.csv",
        )
    rows = [_flat(bus) for bus in buses]
    if ending == ".geojson":
        write_bytes(path, _geojson(rows).encode("utf-8"))
    elif ending == ".csv":
        write_bytes(path, _csv(rows).encode("utf-8"))
    else:
        _parquet(rows, path)


def _flat(bus: Mapping[str, Any]) -> dict[str, Any]:
    """Plain columns of one bus."""
    row: dict[str, Any] = {}
    for key, value in bus.items():
        if key == "binds":
            row["binds_branch"], row["binds_outage"] = value["branch"], value["outage"]
        elif not isinstance(value, Mapping | list | tuple):
            row[key] = value
    return row


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["bus"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
    return out.getvalue()


def _geojson(rows: Sequence[Mapping[str, Any]]) -> str:
    features = []
    for row in rows:
        if row.get("lat") is None or row.get("lon") is None:
            continue
        rest = {k: v for k, v in row.items() if k not in ("lat", "lon")}
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
                "properties": rest,
            }
        )
    if not features:
        raise DataError(
            _("the case has no coordinates of its buses, and GeoJSON is made of places."),
            _("give --coordinates FILE with the columns bus_id,lat,lon, or write a .csv."),
        )
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "data") from None
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        lines, made = Path(folder) / "rows.json", Path(folder) / "rows.parquet"
        lines.write_text(
            "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
        )
        with duckdb.connect() as connection:
            connection.execute(
                "copy (select * from read_json(?, format='newline_delimited', sample_size=-1)) to '"
                + str(made).replace("'", "''")
                + "' (format parquet)",
                [str(lines)],
            )
        write_bytes(path, made.read_bytes())

"""How does a table go to a file? CSV, Parquet, JSON or GeoJSON by its ending."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, plain
from taotie.errors import DataError, MissingExtraError, RangeError
from taotie.files.atomic import write_bytes
from taotie.quantity.figure import Figure
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["write_bus_table", "write_tables"]

BY_SHARE = ("curtailable_mw", "curtailable_bound_mw", "cost_usd_per_mwh")  # a column a share
ENDINGS = (".csv", ".parquet", ".json", ".geojson")


def write_bus_table(buses: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write one row a bus; pairs that bind as two columns.

    Raises
    ------
    RangeError
        An ending that is none of CSV, Parquet, JSON and GeoJSON.
    DataError
        GeoJSON of a case without coordinates; a place that cannot be written.
    MissingExtraError
        DuckDB, which writes Parquet, is not installed.
    """
    _write([_flat(bus) for bus in buses], path)


def write_tables(answer: Answer, path: Path) -> tuple[Path, ...]:
    """Write the figures of an answer, or its first table where it has none; its other tables beside it.

    Returns
    -------
    tuple of Path
        What was written: ``path``, and for each further table ``NAME.TABLE.csv`` (or the like).

    Raises
    ------
    RangeError
        An ending that is none of CSV, Parquet, JSON and GeoJSON, or an answer without figures and tables.
    DataError
        GeoJSON of rows without places; a place that cannot be written.
    MissingExtraError
        DuckDB, which writes Parquet, is not installed.
    """
    made: dict[str, list[dict[str, Any]]] = {}
    if answer.figures:
        made["figures"] = [_figure_row(key, one) for key, one in answer.figures.items()]
    made |= {name: plain(table.records()) for name, table in answer.tables.items()}
    made = {name: rows for name, rows in made.items() if rows}
    if not made:
        raise RangeError(_("{ask} has no figures and no tables.").format(ask=answer.ask), "--json")
    names = list(made)
    places = [path, *(path.with_name(f"{path.stem}.{name}{path.suffix}") for name in names[1:])]
    if path.suffix.lower() == ".geojson":  # only what has places
        names, places = names[:1], places[:1]
    for name, place in zip(names, places, strict=True):
        _write(made[name], place)
    return tuple(places)


def _figure_row(key: str, figure: Figure) -> dict[str, Any]:
    value = figure.value
    return {
        "key": key, "name": figure.name, "p05": value.p05, "p50": value.p50, "p95": value.p95, "mean": value.mean,
        "unit": figure.unit, "boundary": figure.boundary, "kind": figure.kind,
    }  # fmt: skip


def _write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise RangeError(
            _("--table {path} ends in none of {endings}.").format(
                path=path.name, endings=listing(ENDINGS)
            ),
            "--table table.csv",
        )
    if ending == ".geojson":
        write_bytes(path, _geojson(rows).encode("utf-8"))
    elif ending == ".json":
        write_bytes(path, (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))
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
        elif key in BY_SHARE:
            row |= {f"{key}_{share}": one for share, one in value.items()}
        elif not isinstance(value, Mapping | list | tuple):
            row[key] = value
    return row


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["bus"]
    writer = csv.DictWriter(out, columns, lineterminator="\n")
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

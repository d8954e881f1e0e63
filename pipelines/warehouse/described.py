"""What Dagster shows of a built model: rows, columns, the first rows, and the plot that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import dagster as dg
import polars as pl

from pipelines.previews import ROWS, preview
from pipelines.warehouse.opening import connected
from pipelines.warehouse.plots import plot_of


class Described:
    """Metadata of the models of one warehouse file, read over one connection.

    Args:
        warehouse: the file dbt has finished with.
        manifest: dbt's manifest, for the descriptions of columns.
    """

    def __init__(self, warehouse: Path, manifest: Mapping[str, Any]) -> None:
        self._con = connected(warehouse)
        self._columns = {
            node["name"]: {name: spec["description"] for name, spec in node["columns"].items()}
            for node in manifest["nodes"].values()
            if node["resource_type"] in ("model", "seed")
        }

    def __enter__(self) -> Described:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._con.close()

    def metadata(self, schema: str, table: str) -> dict[str, Any]:
        """Row count, column schema, preview and plot of a table or view.

        The rows of a view over a monthly source are not counted: there are too many.
        """
        name = f'"{schema}"."{table}"'
        found: dict[str, Any] = {
            "dagster/column_schema": self._schema(name, table),
            "preview": preview(self._read(f"select * from {name} limit {ROWS}")),
        }
        if table != "stg_trips":
            found["dagster/row_count"] = self._read(f"select count(*) from {name}").item()
        plot = plot_of(table, self._read) if schema == "marts" else None
        return found if plot is None else {**found, "plot": plot}

    def _schema(self, name: str, table: str) -> dg.TableSchema:
        told = self._columns.get(table, {})
        rows = self._con.execute(f"describe {name}").fetchall()
        columns = [
            dg.TableColumn(column, dtype.lower(), description=told.get(column) or None)
            for column, dtype, *_ in rows
        ]
        return dg.TableSchema(columns=columns)

    def _read(self, query: str) -> pl.DataFrame:
        frame: pl.DataFrame = self._con.sql(query).pl()
        return frame

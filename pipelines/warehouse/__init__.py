"""The warehouse: dbt on DuckDB from the lake to the marts, and the copy that everybody reads."""

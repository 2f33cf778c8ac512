"""Grid cases: tables, files, other tools."""

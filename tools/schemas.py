"""Write the published JSON Schemas of study and result files from their models."""

from __future__ import annotations

import json
from pathlib import Path

from taotie.study.result_file import SCHEMA_NAME as RESULT
from taotie.study.result_file import result_schema
from taotie.study.schema import SCHEMA_NAME as STUDY
from taotie.study.schema import study_schema

FOLDER = Path(__file__).resolve().parents[1] / "src" / "taotie" / "data" / "schema"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, schema in ((RESULT, result_schema()), (STUDY, study_schema())):
        (FOLDER / f"{name}.json").write_text(json.dumps(schema, indent=1) + "\n", "utf-8")

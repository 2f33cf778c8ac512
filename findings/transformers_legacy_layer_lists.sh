#!/usr/bin/env bash
# Hugging Face transformers 5.24.0: the lists of layers in the published config.json of MiniMax-Text-01 (`attn_type_list`:
# 0 lightning, 1 full attention, one full layer in eight) and MiMo-V2-Flash (`hybrid_layer_pattern`: 0 full, 1 window) are
# kept as attributes and not obeyed. Without `layer_types` the class builds every second layer (MiniMax) or the first and
# every sixth (MiMo) with full attention: another model, another cache, and no warning.
# Runs without taotie. Exits 0 while this is so, 1 when the behaviour has changed.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q "transformers==5.24.0"
"$dir/venv/bin/python" - <<'PY'
import sys

from transformers import AutoConfig

given = [0, 0, 0, 0, 0, 0, 0, 1]
minimax = AutoConfig.for_model("minimax", num_hidden_layers=8, attn_type_list=given)
print("MiniMax: full layers asked for:", given.count(1), "built:", minimax.layer_types.count("full_attention"))
pattern = [0, 1, 1, 1, 0, 1, 1, 0]
mimo = AutoConfig.for_model("mimo_v2_flash", num_hidden_layers=8, hybrid_layer_pattern=pattern)
print("MiMo-V2-Flash: full layers asked for:", pattern.count(0), "built:", mimo.layer_types.count("full_attention"))
same = (
    minimax.layer_types.count("full_attention") == 4
    and minimax.attn_type_list == given
    and mimo.layer_types.count("full_attention") == 2
)
sys.exit(0 if same else 1)
PY

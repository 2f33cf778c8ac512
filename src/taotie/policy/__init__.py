"""The rules: what has to be paid or reported."""

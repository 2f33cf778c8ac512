"""Notes kept in English are told in Chinese: those of tables, and those made from values."""

import re

from rows import each_row
from taotie.quantity.catalog import table
from taotie.quantity.notes_of_tables import NOTES, TABLES
from taotie.words.again import said_again
from taotie.words.language import in_language

SENTENCE = re.compile(r"[A-Za-z][a-z]+(?:[ ,'-]+[a-z]{2,}){3,}")
"""Four English words in a row, which no name, unit or number is."""


@each_row("name", TABLES)
def test_property_each_note_of_a_table_is_told_in_chinese(name):
    cells = table(name)
    notes = {
        cell["note"]
        for item in cells.items()
        for quantity in cells.quantities(item)
        if (cell := cells.cell(item, quantity)) is not None and cell.get("note")
    }
    assert notes
    left = sorted(
        n for n in notes if said_again(n, "zh") == n or SENTENCE.search(said_again(n, "zh"))
    )
    assert left == []


def test_property_each_message_for_a_note_is_translated():
    assert [m for m in NOTES if in_language(m, "zh") == m] == []


def test_worked_values_come_back():
    note = "load hosting capacity of bus 7 of case9, n-1, treatment strict; DC, thermal, no redispatch; taotie.grid.capacity.hosting_capacity"
    assert said_again(note, "en") == note
    assert "case9 母线 7" in said_again(note, "zh")
    # a value that is a sentence of its own
    inner = "buses of the 9 of case9 that take 40 MW, strict; DC, thermal, no redispatch; taotie.grid.capacity.hosting_capacity"
    assert not SENTENCE.search(said_again(inner, "zh"))


def test_worked_words_of_others_stay():
    assert said_again("our dashboard, last week", "zh") == "our dashboard, last week"
    assert said_again("", "zh") == ""

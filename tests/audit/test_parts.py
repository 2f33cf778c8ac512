"""Parts, shares and rests of one sentence: right where they agree, wrong where the sentence itself says all three, else silent."""

from __future__ import annotations

from rows import each_row
from taotie.audit import verdict as verdicts
from taotie.audit.parts import parts_told
from taotie.audit.reading import read


@each_row(
    ("text", "told"),
    [
        ("在册员工160人，其中96人做运维，占五成。", [False]),
        ("在册员工160人，其中96人做运维，占六成。", [True]),
        ("在册员工160人，其中96人做运维，占女工的五成。", []),
        ("There are 160 employees, of whom 96 people run the halls, or 60 percent.", [True]),
        ("There are 160 employees, of whom 96 people run the halls, or 50 percent.", [False]),
        ("两项合计2.94亿度，约为基地用电的74.6%，不足的1.002亿度由电网补上。", [True]),
        ("两项合计2.94亿度，约为基地用电的64.6%，不足的1.002亿度由电网补上。", [False]),
        ("两项合计2.94亿度，约为全市用电的4.6%，去年1.002亿度由电网补上。", []),
        ("The year stands for 306,600 tonnes. It wants to cut this by 40 percent, to 183,960 tonnes.", [True]),
        ("The year stands for 306,600 tonnes. It wants to cut this by 40 percent, to 122,640 tonnes.", [False]),
        ("Steel gave 200,000 tonnes, halls 306,600 tonnes. It wants to cut this by 40 percent, to 122,640 tonnes.", []),
        ("The year stands for 306,600 tonnes. It wants to cut its water by 40 percent, to 122,640 tonnes.", []),
    ],
)  # fmt: skip
def test_worked_parts_and_rests(text: str, told: list[bool]) -> None:
    reading = read(text)
    found = list(parts_told(reading.form.text, reading.quantities))
    assert [b.verdict in verdicts.HARMLESS for b in found] == told

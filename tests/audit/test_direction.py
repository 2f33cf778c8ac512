"""Amounts told as the larger or the smaller, rises told as falls: contradicted only where the words compare just these two."""

from __future__ import annotations

from rows import each_row
from taotie.audit.check import check
from taotie.audit.direction import told_larger
from taotie.audit.reading import read


@each_row(
    ("text", "contradicted"),
    [
        ("The plant's 1.9 TWh is more than the 2,100 GWh the whole island consumes.", True),
        ("The plant's 2.2 TWh is more than the 2,100 GWh the whole island consumes.", False),
        ("The feeder carries 33 MW, which is above the 35 MW it was built for.", True),
        ("At 410 MW the campus draws less than the 0.4 GW it contracted.", True),
        ("The 60 MW campus draws less than 50 MW in winter.", False),
        ("The load of the 60 MW campus was below 50 MW all winter.", False),
        ("The hall is rated at 60 MW, less than 50 MW of which is used.", False),
        ("Use was 18 GWh, below the plan by 2 GWh.", False),
        ("July's 6.2 GWh is more than 7 GWh's worth of coal would give.", False),
        ("风电场发电2.1亿度，超过园区2.4亿度的用电。", True),
        ("用电5800万度，低于核定的5500万度。", True),
        ("用电10亿度，低于计划2亿度。", False),
        ("上半年用电46亿度，已超过全年预算90亿度的一半。", False),
        ("总功率60兆瓦，超过70兆瓦就要停机。", False),
        ("装机60兆瓦，不到50兆瓦在用。", False),
    ],
)
def test_worked_the_larger_of_two(text: str, contradicted: bool) -> None:
    assert told_larger(read(text)) is contradicted


@each_row(
    ("text", "formula", "fine"),
    [
        ("去年用电9.2亿度，今年11.5亿度，同比下降25%", "11.5e8 kWh / (9.2e8 kWh) - 1", False),
        ("去年用电9.2亿度，今年11.5亿度，同比增长25%", "11.5e8 kWh / (9.2e8 kWh) - 1", True),
        ("Use fell from 10 to 8 GWh, a rise of 20 percent", "1 - 8 GWh / (10 GWh)", False),
        ("At 8 Wh for 10 Wh before, it is 20 percent more efficient", "1 - 8 Wh / (10 Wh)", True),
        ("水耗由每度2升减到0.5升，减少了四分之一", "(2 L/kWh - 0.5 L/kWh) / (2 L/kWh)", False),
        ("水耗由每度2升减到0.5升，减少了四分之三", "(2 L/kWh - 0.5 L/kWh) / (2 L/kWh)", True),
        ("18.4 GWh were used, 8 percent above the 20 GWh forecast", "1 - 18.4 GWh / (20 GWh)", False),
        ("They pay 89 dollars per MWh, in other words 89 cents a kWh", "89 USD/MWh", False),
        ("They pay 89 dollars per MWh, in other words 8.9 cents a kWh", "89 USD/MWh", True),
        ("Each rack pulls 40 kW around the clock, that is 350 MWh a month", "40 kW * 8760 h/a", False),
        ("Each rack pulls 40 kW around the clock, that is 350 MWh a year", "40 kW * 8760 h/a", True),
        ("年用电3.6亿度，平摊下来每月3600万度", "3.6e8 kWh/a / (12 month/a)", False),
        ("年用电3.6亿度，平摊下来每月3000万度", "3.6e8 kWh/a / (12 month/a)", True),
        ("Use dropped by 1.5 TWh to 6 TWh, down 20 percent", "1.5 TWh / (7.5 TWh)", True),
        ("上半年用电43亿度，已超过全年预算90亿度的一半", "43e8 kWh / (90e8 kWh)", False),
        ("18 MW on 120,000 sq ft is 150 watts per square foot", "18 MW / (120000 ft2)", True),
    ],
)  # fmt: skip
def test_worked_what_is_told_beside_a_number(text: str, formula: str, fine: bool) -> None:
    assert check(text, formula).is_fine is fine

"""How is a unit printed? Symbols of physics as they are; what is counted, time and money in the reader's language."""

from __future__ import annotations

import re

from taotie.words.language import language

__all__ = ["unit_word", "with_unit"]


def unit_word(unit: str) -> str:
    """A unit as printed: nothing for plain numbers."""
    return "" if unit == "1" else _printed(unit)


def with_unit(value: float, unit: str) -> str:
    """A value with its unit as an error names it; nothing behind a plain number.

    Examples
    --------
    >>> with_unit(-3.0, "kWh"), with_unit(1.5, "1")
    ('-3 kWh', '1.5')
    """
    return f"{value:.10g} {unit_word(unit)}".rstrip()


# what is counted, time and money; symbols of physics are the same everywhere
_CHINESE_UNITS = {
    "request": "次请求", "token": "词元", "Mtoken": "百万词元", "accelerator": "块加速器", "parameter": "个参数",
    "image": "张图片", "query": "次查询", "session": "次会话", "household": "户家庭", "person": "人", "server": "台服务器",
    "replica": "个副本", "bus": "条母线", "charge": "次充电", "search": "次搜索", "prompt": "次提问", "home": "户家庭", "a": "年", "d": "天", "h": "小时", "min": "分钟",
    "USD": "美元", "EUR": "欧元", "CNY": "元",
}  # fmt: skip


def _printed(unit: str) -> str:
    unit = unit.replace("delta_degC", "°C").replace("degC", "°C")
    unit = unit.replace("**2", "²").replace("**3", "³")
    if language() != "zh":
        return unit
    words = re.sub(r"[A-Za-z]+", lambda m: _CHINESE_UNITS.get(m[0], m[0]), unit)
    return words.replace("*", "·")

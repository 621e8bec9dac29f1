"""Template tags of the pages; built in, so no template has to load them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from django import template
from django.templatetags.tz import do_timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pinconnect.web import charts, formats, icons

register = template.Library()

Rows = Sequence[tuple[datetime, Sequence[str]]]
_NO_VALUE = "–"

_MESSAGE_TONES = {"debug": "neutral", "info": "info", "success": "good", "warning": "warn", "error": "bad"}
_TONE_ICONS = {
    "neutral": "info",
    "info": "info",
    "good": "circle-check",
    "warn": "triangle-alert",
    "bad": "octagon-alert",
}
# The severities of alerts, as tones.
_SEVERITIES = {"info": "info", "warning": "warn", "critical": "bad"}


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """{% icon "send" %} or {% icon "send" 24 %}: an icon of lucide.dev, hidden from screen readers."""
    return icons.render(name, size)


@register.filter
def tone_icon(tone: str) -> str:
    """The name of the icon that goes with a tone."""
    return _TONE_ICONS.get(tone, "info")


@register.filter
def severity_tone(severity: str) -> str:
    """The tone of an alert's severity."""
    return _SEVERITIES.get(str(severity), "neutral")


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of one of Django's messages."""
    return _MESSAGE_TONES.get(level_tag, "neutral")


@register.filter
def human_bytes(size: float | None) -> str:
    return "–" if size is None else formats.human_bytes(size)


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    return "–" if seconds is None else formats.duration(seconds)


@register.filter
def percent_of(part: float | None, whole: float | None) -> str:
    """{{ sent|percent_of:total }}"""
    return formats.percent(part or 0, whole or 0)


@register.filter
def in_zone(moment: datetime | None, zone_name: str) -> datetime | None:
    """{{ run.started_at|in_zone:workspace.time_zone|date:"H:i" }}"""
    if moment is None:
        return None
    local = formats.in_zone(moment, zone_name)
    # Django's own filter marks its result, so that date does not move it to the current zone again.
    return do_timezone(local, local.tzinfo)


@register.filter
def short_hash(digest: str) -> str:
    """The first eight and last four characters, enough to compare by eye."""
    return digest if len(digest) <= 14 else f"{digest[:8]}…{digest[-4:]}"


@register.filter
def initial(name: Any) -> str:
    """The first letter of a name, for an avatar."""
    return str(name).strip()[:1].upper() or "?"


@register.simple_tag(takes_context=True)
def when(context: template.Context, moment: datetime | None, style: str = "relative") -> str:
    """{% when moment %} → '3 min ago' with the full time as a hint; {% when moment "full" %} → '5 Nov 2026, 14:03 CET'.

    In the time zone of the workspace.
    """
    if moment is None:
        return "–"
    zone = getattr(context.get("workspace"), "time_zone", "")
    full = formats.full_time(moment, zone)
    text = full if style == "full" else formats.relative_time(formats.in_zone(moment, zone))
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, text)


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*pairs: str) -> dict[str, Any]:
    """{% breadcrumbs list_url "Deliveries" detail_url delivery.name %}: the pages above this one."""
    return {"crumbs": list(zip(pairs[::2], pairs[1::2], strict=True))}


@register.inclusion_tag("components/column_chart.html")
def column_chart(points: Sequence[tuple[str, float]], caption: str, unit: str = "") -> dict[str, Any]:
    """{% column_chart points "Records sent per day" "records" %} where points are (label, value) pairs."""
    return {"chart": charts.column_chart(points), "caption": caption, "unit": unit}


@register.inclusion_tag("components/line_chart.html")
def line_chart(
    series: Sequence[charts.Series], slug: str, caption: str, description: str, unit: str = "", rows: Rows | None = None
) -> dict[str, Any]:
    """{% line_chart series "size" "Size over time" "From 1,000 to …" %} where series are (name, [(moment, value)]).

    slug: unique on the page. unit: stands behind values, such as %. The numbers follow as a table, newest first, and
    what stayed the same is listed once. rows: that table, where a missing value has a word of its own.
    """
    if rows is None:
        moments = sorted({moment for _, points in series for moment, _ in points}, reverse=True)
        values = [dict(points) for _, points in series]
        rows = [(moment, [_cell(one.get(moment), unit) for one in values]) for moment in moments]
    rows = [(moment, cells) for moment, cells in _without_repeats(rows) if any(cell != _NO_VALUE for cell in cells)]
    names = [name for name, _ in series]
    chart = charts.line_chart(series)
    return {
        "chart": chart, "slug": slug, "caption": caption, "description": description, "names": names, "rows": rows,
        "unit": unit,
    }  # fmt: skip


def _without_repeats(rows: Rows) -> Rows:
    """Of rows one after the other that say the same, the earliest: since then it is so. Newest first."""
    return [row for row, older in zip_longest(rows, rows[1:]) if older is None or list(row[1]) != list(older[1])]


def _cell(value: float | None, unit: str) -> str:
    if value is None:
        return _NO_VALUE
    return f"{value:.1f}{unit}" if unit == "%" else f"{value:,.0f}{unit}"


@register.filter
def compact(number: float) -> str:
    """Three digits and a unit: '12 k'."""
    return formats.compact(number)


@register.filter
def plainly(form: Any) -> Any:
    """A form of allauth as ours are written: labels like sentences, and no placeholder that repeats the label."""
    for field in getattr(form, "fields", {}).values():
        field.widget.attrs.pop("placeholder", None)
        field.label = str(field.label).capitalize() if field.label else field.label
    return form

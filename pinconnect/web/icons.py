"""Icons from the lucide set as inline SVG, so that they follow the colour of the text."""

from functools import lru_cache

from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide


@lru_cache(maxsize=512)
def render(name: str, size: int = 18) -> SafeString:
    """An icon for the eye only: the words stand beside it. Raises lucide.IconDoesNotExist for an unknown name."""
    svg = lucide(str(name), size=size, aria_hidden="true", focusable="false", **{"class": "icon"})
    return SafeString(svg.strip())

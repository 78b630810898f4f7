"""The screen as a picture in a file: SVG is Textual's own, and PNG is made of it by resvg, where that is installed."""

__all__ = ["NO_PNG", "png_from_svg"]

NO_PNG = "PNG is made by resvg, which is not installed: pip install '.[png]'. SVG needs nothing."
_FONT = "DejaVu Sans Mono"  # has the signs of the pictures; another is taken where it is missing


def png_from_svg(svg: str) -> bytes:
    """Return a picture as PNG, in the fonts of this machine. Raises ImportError where resvg is not installed."""
    import resvg_py  # an extra of the package

    found = resvg_py.svg_to_bytes(
        svg_string=svg, font_family=_FONT, monospace_family=_FONT, sans_serif_family=_FONT, serif_family=_FONT
    )
    return bytes(found)

"""Let text of Indic scripts and Thai be copied out of a PDF as it was written.

Their signs are drawn in another order than they are said, and some are joined, so what
is read back from the glyphs has wrong ones. The file says the text beside them.
"""

from __future__ import annotations

import re
from typing import Any

# From Devanagari to Thai and Lao. Not what runs from the right: readers turn it round.
_REORDERED = re.compile("[\u0900-\u0eff]")


def say_text(draw_module: Any) -> None:
    """Let `weasyprint.draw` write the text (ActualText) around what it draws of it."""
    from pydyf import Dictionary, String

    draw_text = draw_module.draw_text

    def draw_and_say(stream: Any, box: Any, *how: Any) -> None:
        if not _REORDERED.search(box.text):
            draw_text(stream, box, *how)
            return
        said = Dictionary({"ActualText": String(box.text)})
        stream.begin_marked_content("Span", said)
        draw_text(stream, box, *how)
        stream.end_marked_content()

    draw_module.draw_text = draw_and_say

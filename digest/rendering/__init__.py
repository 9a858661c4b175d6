"""What the reader sees: Edition -> HTML, text, Markdown -> one message.

    edition
      view        the edition as plain values in the reader's words (pure)
      templates   Jinja: subject, HTML, text, Markdown; escaped, sandboxed, strict
      inlining    styles into the elements they apply to
      assembly    pages (once a structure) and papers (once for all who see them alike) as encoded pieces, joined;
                  plain, where a template asks for more of what differs than to print it
      headers     what the message says of itself, judged in one place
      mime        one message

The same edition gives the same bytes, whenever and wherever.
"""

from digest.rendering.plain import HTML_BUDGET
from digest.rendering.renderer import Bodies, Renderer
from digest.rendering.site import Mailing, Site

__all__ = ["HTML_BUDGET", "Bodies", "Mailing", "Renderer", "Site"]

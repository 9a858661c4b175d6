"""The templates: where they are, how they escape, and what is said when one cannot be rendered.

`email/subject.txt.j2`, `email/digest.txt.j2`, `email/digest.md.j2` and `email/digest.html.j2`, which includes the
other files beside it. A folder of the operator's own with the same layout overrides any one of them. Every template
is given `digest` (`view.View`) and nothing else.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
import markdown
import nh3
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from digest.errors import TemplateError
from digest.rendering.escaping import Ready, as_markdown
from digest.rendering.words import number, shorten, width, wrap

_FOLDER = "templates"


def built_in(package: Path) -> Path:
    """The templates that come along: in the package of an installed wheel, beside it in a source checkout.

    Raises:
        TemplateError: they are in neither place.
    """
    for folder in (package / _FOLDER, package.parent / _FOLDER):
        if (folder / "email").is_dir():
            return folder
    raise TemplateError(f"The built-in templates are not in {package / _FOLDER}; install the package again.")


class Templates:
    """The compiled templates. HTML is escaped, Markdown is escaped, plain text is text; a name not known is an error."""

    def __init__(self, own: Path | None = None) -> None:
        folders = [folder for folder in (own, built_in(Path(__file__).parent.parent)) if folder]
        self._folders = [folder.resolve() for folder in folders]
        loader = jinja2.FileSystemLoader(self._folders)
        # By hand, since select_autoescape does not recognise "digest.html.j2".
        self._environments = {
            "html": _environment(loader, autoescape=True),
            "md": _environment(loader, finalize=as_markdown),
            "txt": _environment(loader),
        }

    def render(self, name: str, **context: object) -> str:
        """The text of `email/NAME.j2`, or `NAME.j2` if that names a folder, escaped as the ending of NAME asks for.

        Raises:
            TemplateError: it is not there, or cannot be read or rendered.
        """
        path = f"{name}.j2" if "/" in name else f"email/{name}.j2"
        try:
            return self._environments[name.rpartition(".")[2]].get_template(path).render(**context)
        except Exception as error:  # a template can raise anything at all
            raise TemplateError(f"{self._place(error, path)}: {_what(error)}") from error

    def _place(self, error: Exception, path: str) -> str:
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name or path}, line {error.lineno}"
        return next(self._frames(error), path)

    def _frames(self, error: Exception) -> Iterator[str]:
        """Where in the templates it happened, innermost first."""
        for frame, line in reversed(list(walk_tb(error.__traceback__))):
            file = Path(frame.f_code.co_filename)
            if any(file.is_relative_to(folder) for folder in self._folders):
                yield f"{file}, line {line}"


def _what(error: Exception) -> str:
    match error:
        case jinja2.TemplateNotFound():
            return f"there is no template {error.name}"
        case jinja2.UndefinedError():
            return re.sub(r"'digest\.rendering\.\w+\.", "'", str(error))
        case jinja2.TemplateError():
            return str(error)
    return f"{type(error).__name__}: {error}"


def _environment(loader: jinja2.BaseLoader, **options: Any) -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options
    )
    markdown_page = options.get("finalize") is as_markdown
    environment.filters |= {
        "number": number,
        "shorten": shorten,
        "wrap": wrap,
        "width": width,
        "markdown": note_html,
        "raw": Ready if markdown_page else str,
    }
    return environment


_NOTE_TAGS = {"p", "br", "hr", "em", "strong", "b", "i", "a", "ul", "ol", "li", "blockquote", "code", "pre"}


def note_html(source: str) -> Markup:
    """The operator's Markdown as harmless HTML: no headings (the page has its own order), images or styles."""
    html = markdown.markdown(source, output_format="html")
    for level in "123456":
        html = html.replace(f"<h{level}>", "<p><strong>").replace(f"</h{level}>", "</strong></p>")
    cleaned = nh3.clean(
        html, tags=_NOTE_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel=None
    )
    return Markup(cleaned)  # noqa: S704 - nh3 has just made it safe

"""The templates: where they are, how they escape, and what is said when one cannot be rendered.

`email/subject.txt.j2`, `email/digest.txt.j2`, `email/digest.md.j2` and `email/digest.html.j2`, which are given `digest`
(`view.View`) and `cards`, and what shows one paper: `card`, `line` and `trending`, which are given `card`
(`cards.Card`). A theme is a folder with files that take the place of these; a folder of the operator's own goes before
both. All of them run in a sandbox: they see what they are given, and nothing of Python.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from traceback import walk_tb
from typing import Any, cast

import jinja2
import markdown
import nh3
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from digest.errors import TemplateError
from digest.rendering import slots
from digest.rendering.escaping import Ready, as_markdown
from digest.rendering.language import Language, language
from digest.rendering.slots import Begun, Inset, Misused, Slot
from digest.rendering.words import shorten, width, wrap

_FOLDER = "templates"
THEME = "journal"  # the built-in look


def built_in(package: Path) -> Path:
    """The templates that come along: in the package of an installed wheel, beside it in a source checkout.

    Raises:
        TemplateError: they are in neither place.
    """
    for folder in (package / _FOLDER, package.parent / _FOLDER):
        if (folder / "email").is_dir():
            return folder
    raise TemplateError(f"The built-in templates are not in {package / _FOLDER}; install the package again.")


def themes() -> dict[str, Path]:
    """The looks there are, the built-in one first, with their folders."""
    ours = built_in(Path(__file__).parent.parent)
    return {THEME: ours} | {folder.name: folder for folder in sorted((ours / "themes").glob("*/")) if folder.is_dir()}


def _folders(own: Path | None, theme: str) -> list[Path]:
    """Where templates are looked for, in this order."""
    known = themes()
    if theme not in known:
        raise TemplateError(f'There is no theme "{theme}"; there are {", ".join(known)}.')
    return [folder.resolve() for folder in dict.fromkeys((own, known[theme], known[THEME])) if folder]


class Templates:
    """The compiled templates. HTML is escaped, Markdown is escaped, plain text is text; a name not known is an error.

    Files are read once, when they are first needed; `fingerprint` tells whether they have changed.

    Raises:
        TemplateError: there is no such theme.
    """

    def __init__(self, own: Path | None = None, theme: str = THEME, mark: str = "") -> None:
        self.folders = _folders(own, theme)
        self._loader = jinja2.FileSystemLoader(self.folders)
        self._mark = mark
        self._environments: dict[tuple[Language, str], jinja2.Environment] = {}

    @property
    def fingerprint(self) -> str:
        """The same for the same sources, as they are now."""
        found = hashlib.sha256()
        for name in sorted(self._loader.list_templates()):
            source, _, _ = self._loader.get_source(self._environment(language(""), "txt"), name)
            found.update(f"{name}\0{source}\0".encode())
        return found.hexdigest()[:16]

    def render(self, name: str, own: Language | None = None, /, **context: object) -> str:
        """The text of `email/NAME.j2`, or `NAME.j2` if that names a folder, escaped as the ending of NAME asks for.

        Raises:
            TemplateError: it is not there, or cannot be read or rendered.
        """
        path = f"{name}.j2" if "/" in name else f"email/{name}.j2"
        environment = self._environment(own or language(""), name.rpartition(".")[2])
        try:
            return _rendered(environment, path, context)
        except (Misused, TemplateError):  # of a template inside of this one
            raise
        except Exception as error:  # a template can raise anything at all
            raise TemplateError(f"{self._place(error, path)}: {_what(error)}") from error

    def _environment(self, own: Language, ending: str) -> jinja2.Environment:
        key = own, ending
        if key not in self._environments:
            self._environments[key] = _environment(self._loader, own, ending, self._mark)
        return self._environments[key]

    def _place(self, error: Exception, path: str) -> str:
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name or path}, line {error.lineno}"
        return next(self._frames(error), path)

    def _frames(self, error: Exception) -> Iterator[str]:
        """Where in the templates it happened, innermost first."""
        for frame, line in reversed(list(walk_tb(error.__traceback__))):
            file = Path(frame.f_code.co_filename)
            if any(file.is_relative_to(folder) for folder in self.folders):
                yield f"{file}, line {line}"


def _rendered(environment: jinja2.Environment, path: str, context: Mapping[str, object]) -> str:
    """As `Template.render`, but that our `concat` is for what a template keeps for later."""
    template = environment.get_template(path)
    try:
        return "".join(template.root_render_func(template.new_context(dict(context))))
    except Exception:
        environment.handle_exception()


def _what(error: Exception) -> str:
    match error:
        case jinja2.TemplateNotFound():
            return f"there is no template {error.name}"
        case jinja2.UndefinedError():
            return re.sub(r"'digest\.rendering\.\w+\.", "'", str(error))
        case jinja2.TemplateError():
            return str(error)
    return f"{type(error).__name__}: {error}"


# --- the environment ----------------------------------------------------------------------------------------------


@cache
def _public(kind: type) -> frozenset[str]:
    """What a template may see of an object of this type without being asked each time: the fields of plain values."""
    if not is_dataclass(kind) or not kind.__module__.startswith("digest.rendering"):
        return frozenset()
    shown = {field.name for field in fields(kind)} | {
        name for name, own in vars(kind).items() if isinstance(own, property)
    }
    return frozenset(name for name in shown if not name.startswith("_"))


Callables = dict[str, Callable[..., Any]]


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which slots stay closed, and what is ours to show is shown without further questions."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if attribute in _public(type(obj)):  # type: ignore[arg-type]  # a type is hashable
            return getattr(obj, attribute)
        if isinstance(obj, Slot):
            raise Misused("it has no parts")
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Slot):
            raise Misused("it has no parts")
        return super().getitem(obj, argument)


def _environment(loader: jinja2.BaseLoader, own: Language, ending: str, mark: str) -> jinja2.Environment:
    environment = _Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_compiled(own, ending),
        autoescape=ending == "html",  # by hand, since select_autoescape does not recognise "digest.html.j2"
        finalize=_SHOWN.get(ending, _shown),
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(own.gettext, own.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "number": own.number,
        "located": own.located,
        "shorten": shorten,
        "wrap": wrap,
        "width": width,
        "markdown": note_html,
        "raw": Ready if ending == "md" else str,
    }
    environment.filters = cast("Any", slots.aware(cast("Callables", environment.filters)))
    environment.tests = cast("Any", slots.refusing(cast("Callables", environment.tests)))
    environment.concat = _kept(mark) if mark else "".join  # type: ignore[method-assign]
    return environment


def _kept(mark: str) -> Callable[[Iterable[str]], str]:
    """What joins the text that a template does not print but keeps: in {% set %} blocks, macros and the like."""

    def concat(parts: Iterable[str]) -> str:
        text = "".join(parts)
        if mark in text:
            raise Misused("kept for later")
        return text

    return concat


class _Compiled(jinja2.BytecodeCache):
    """What templates were compiled to in this process; jinja2 asks for it by name and source.

    A preview makes its templates anew after every edit, and has to compile only what was edited.
    """

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


@cache
def _compiled(_own: Language, _ending: str) -> _Compiled:
    """For each language and ending, since what is constant in a template is printed when it is compiled."""
    return _Compiled()


class _Escaped:
    """A slot on a page of HTML, where only what is escaped may stand."""

    __slots__ = ("_slot",)

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def __html__(self) -> str:
        return self._slot.printed()

    def __str__(self) -> str:
        raise Misused("printed without being escaped")


def _shown(value: object) -> object:
    return value.printed() if isinstance(value, Slot) else value


def _shown_in_html(value: object) -> object:
    if isinstance(value, Begun):
        raise Misused("a text that is not escaped")
    return _Escaped(value) if isinstance(value, Slot) else value


def _shown_in_markdown(value: object) -> object:
    if isinstance(value, Inset):
        return Ready(value.printed())
    return Ready(value.then(as_markdown).printed()) if isinstance(value, Slot) else as_markdown(value)


_SHOWN = {"html": _shown_in_html, "md": _shown_in_markdown}

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

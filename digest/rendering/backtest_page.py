"""The page of a backtest: one file that needs nothing but itself."""

from digest.rendering.backtest_view import Report
from digest.rendering.templates import Templates


def backtest_page(templates: Templates, report: Report) -> str:
    """HTML without script or network.

    Raises:
        TemplateError: the operator's own template cannot be rendered.
    """
    return templates.render("web/backtest.html", report=report)

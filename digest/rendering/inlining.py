"""Styles written into the elements they apply to, since some mail programs drop every <style>."""

import logging

from premailer import Premailer


def inline(html: str) -> str:
    """The page with its <style> rules in style attributes; `<style data-premailer="ignore">` stays as it is.

    The one place that knows of premailer (unmaintained since 2021). Nothing is fetched.
    """
    page = Premailer(
        html,
        allow_network=False,
        strip_important=False,
        disable_validation=True,  # cssutils does not know overflow-wrap
        cssutils_logging_level=logging.CRITICAL,
    )
    return str(page.transform(pretty_print=False))

"""The report as one HTML file without a script, fit to be sent: `write` is all that the command needs.

`gather` asks the database for `facts`; `view`, `lists` and `summary` decide what is said of them, `texts` and
`definitions` have the words, `bars` and `curves` draw, and `page` puts it together with the template.
"""

from monitor.cli.report_html.writing import write

__all__ = ["write"]

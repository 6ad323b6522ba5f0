"""The report as one HTML file without a script, fit to be sent: `write` is all that the command needs.

`gather` asks the database for `facts`; `view` decides what is said of them, `texts` has the words, `bars` and `curves`
draw, and `page` puts it together with the template.
"""

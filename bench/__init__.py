"""Measures the bars: `python -m bench` prints one JSON object with each figure, its reference and the ratio."""

"""Probing: one bounded exchange with an endpoint, turned into one result; never raises."""

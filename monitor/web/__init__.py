"""Status page, API and metrics on loopback and on the control socket."""

"""What is due when, and the timer that says so."""

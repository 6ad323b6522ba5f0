"""The vocabulary and the rules of health: pure values and pure functions, no clock, no input or output."""

"""What an incident is: plain values and pure functions, with no I/O, no clock and no screen."""

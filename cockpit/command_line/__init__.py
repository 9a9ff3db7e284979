"""The commands that `cockpit` has beside its screen; one room each, imported when it is asked for."""

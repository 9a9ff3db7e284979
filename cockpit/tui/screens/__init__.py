"""The screens: the incident, the picker, and what opens over them."""

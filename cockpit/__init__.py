"""The incident cockpit: one terminal screen for a whole incident across PagerDuty, Slack and Freshdesk."""

__version__ = "0.1.0"

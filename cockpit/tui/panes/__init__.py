"""The panes: each a function of the view, none of which knows a service or another pane."""

"""The commands: what a person can tell the cockpit to do.

A command is a class. Its docstring is its tooltip and its row in the help screen, its name in snake case is the id
under which `[keys]` in the config rebinds it and the name of the screen's `action_` that does it. The hint line, the
palette, the help screen and the bindings are all made from these classes, so they cannot disagree.
"""

from __future__ import annotations

from textual.binding import BindingType

from cockpit.tui.command import Command
from cockpit.tui.commands.incident import (
    Acknowledge,
    AssignTicket,
    Attest,
    Brief,
    Declare,
    Do,
    Evidence,
    HandOver,
    Impact,
    IncidentNote,
    Lift,
    LiftAll,
    NextStep,
    Note,
    OpenChannel,
    Promote,
    PullIn,
    Reopen,
    Report,
    Resolve,
    Retract,
    SetAside,
    Snooze,
)
from cockpit.tui.commands.look import (
    Back,
    Copy,
    Filter,
    FocusChannel,
    FocusPagerduty,
    FocusProcess,
    FocusReply,
    Help,
    NextPane,
    OpenInBrowser,
    PickIncident,
    PreviousPane,
    Quit,
    Refresh,
    ShowOutbox,
    Zoom,
)
from cockpit.tui.commands.reply import (
    Compose,
    EditElsewhere,
    LinkTicket,
    NextTicket,
    PreviousTicket,
    PrivateNote,
    ResolveTicket,
    Review,
    Template,
    UnlinkTicket,
    WriteFirst,
)

COMMANDS: tuple[type[Command], ...] = (
    Do, Attest, SetAside, Retract, NextStep, Evidence,
    Acknowledge, Promote, Declare, OpenChannel, Resolve, Reopen, IncidentNote,
    Snooze,
    HandOver, Brief, PullIn, AssignTicket,
    Note, Lift, LiftAll,
    Compose, Review, Template, EditElsewhere, PrivateNote, NextTicket, PreviousTicket, WriteFirst, LinkTicket,
    UnlinkTicket, ResolveTicket,
    Report, Impact,
    FocusProcess, FocusPagerduty, FocusChannel, FocusReply, NextPane, PreviousPane, Zoom, Filter, OpenInBrowser, Copy,
    Refresh,
    ShowOutbox, PickIncident, Help, Back, Quit,
)  # fmt: skip
"""Every command, in the order of the help screen."""


def bindings() -> list[BindingType]:
    """The bindings of every command that has a key."""
    return [command.binding() for command in COMMANDS if command.key]

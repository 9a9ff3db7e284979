"""A secret: where it comes from, never what it is, until the moment when it is needed."""

from __future__ import annotations

import os
import subprocess
from typing import Final, NoReturn

from cockpit import secret_command
from cockpit.config_table import ConfigError
from cockpit.incident.secret_forms import MASK, forms

SHORTEST: Final = 8
"""Characters. What is shorter would be found in any text; no service gives out so short a secret."""

_variables: Final[set[str]] = set()
"""The environment variables that secrets come from."""


def environment_without_secrets() -> dict[str, str]:
    """The environment for a child that needs none of the config's secrets: anybody like us can read it in /proc."""
    return {name: value for name, value in os.environ.items() if name not in _variables}


class Secret:
    """A token or key, fetched from its source at each `reveal`.

    Its repr, its str, its pickle and every error tell the source alone. A command's arguments aren't told
    either: a careless `["echo", "…"]` has the secret in them.
    """

    __slots__ = ("_argv", "_failed", "_literal", "_printed", "_unused", "_variable", "_where", "what")

    def __init__(
        self,
        what: str,
        where: str,
        *,
        literal: str | None = None,
        variable: str | None = None,
        argv: tuple[str, ...] | None = None,
    ) -> None:
        self.what = what
        """Its key, for people: "[slack] token"."""
        self._where = where
        self._literal = literal
        self._variable = variable
        self._argv = argv
        self._printed = ""
        self._unused = False
        self._failed = False
        if variable is not None:
            _variables.add(variable)

    @classmethod
    def literal(cls, value: str, what: str = "the secret", where: str = "the config file") -> Secret:
        """A secret that is known already."""
        return cls(what, where, literal=value)

    @classmethod
    def environment(cls, variable: str, what: str = "the secret") -> Secret:
        """A secret in an environment variable, read at each `reveal`."""
        return cls(what, f"the environment variable {variable}", variable=variable)

    @classmethod
    def command(cls, argv: tuple[str, ...], what: str = "the secret") -> Secret:
        """A secret that a command prints, run at each `reveal` without a shell."""
        return cls(what, f"the command `{argv[0]}{' …' if len(argv) > 1 else ''}`", argv=argv)

    def __repr__(self) -> str:
        return f"<Secret from {self.where}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret isn't pickled")

    @property
    def where(self) -> str:
        """Its source, for people: "the environment variable COCKPIT_SLACK_TOKEN".

        The secret itself, written where its source's name belongs, is masked.
        """
        from cockpit.incident.masking import masked  # what it looks for takes long to prepare for the first paint

        return masked(self._where)

    @property
    def found(self) -> bool:
        """Whether its source has something, as far as that can be told without running a command."""
        return self._variable is None or bool(os.environ.get(self._variable, "").strip())

    def reveal(self) -> str:
        """The secret itself. May run a command, for up to `secret_command.COMMAND_TIMEOUT` s. Raises ConfigError."""
        if self._variable is not None:
            if not self.found:
                raise ConfigError(
                    f"{self.what} is to come from {self.where}, which isn't set. Set it, "
                    "or run `cockpit init` to choose another place for it."
                )
            value = os.environ[self._variable]
        elif self._argv is not None:
            if not self._unused:
                self.learn()
            value, self._unused = self._printed, False
        else:
            value = self._literal or ""
        value = value.strip()
        # A client would put the whole value into its error about a header that can't be sent.
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            fault = "is empty" if not value else "has a space or another character that no token has"
            raise ConfigError(f"{self.what}, from {self.where}, {fault}.")
        return value

    @property
    def known(self) -> bool:
        """Whether a text can be held against it: a command has to print it first."""
        return self._argv is None or bool(self._printed)

    @property
    def awaited(self) -> bool:
        """Whether it will be known soon: its command hasn't answered yet, nor failed."""
        return not self.known and not self._failed

    def learn(self) -> None:
        """Run its command, if it comes from one; the next `reveal` doesn't run it again. Raises ConfigError."""
        if self._argv is None:
            return
        try:
            self._printed = self._output(self._argv).strip()
        finally:
            self._failed = not self._printed
        self._unused = True

    def within(self, text: str) -> bool:
        """Whether the text holds it, as far as it is known already: no command is run for that."""
        return any(form in text for form in self._forms())

    def scrub(self, text: str) -> str:
        """The text with a mask in its place, as far as it is known already."""
        for form in self._forms():
            text = text.replace(form, MASK)
        return text

    def _forms(self) -> tuple[str, ...]:
        known = self._literal or self._printed
        value = (os.environ.get(self._variable, "") if self._variable is not None else known).strip()
        return forms(value) if len(value) >= SHORTEST else ()

    def _output(self, argv: tuple[str, ...]) -> str:
        """What the secret's command prints; its own complaint goes into the error, its output never."""
        failure: str | None = None
        try:
            code, out, err = secret_command.ask(argv, environment_without_secrets())
        except FileNotFoundError:
            failure = "isn't installed or not on the PATH"
        except OSError as error:
            failure = f"can't be run: {error.strerror}"
        except subprocess.TimeoutExpired:
            failure = f"didn't answer within {secret_command.COMMAND_TIMEOUT:.0f} s"
        else:
            if code == 0:
                try:
                    return out.decode()
                except UnicodeDecodeError:
                    failure = "printed something that isn't text"
            else:
                failure = f"failed with exit code {code}{secret_command.complaint(err)}"
        # Raised outside of the handlers: the exceptions above carry the command's arguments and output.
        raise ConfigError(f"{self.what} is to come from {self.where}, which {failure}.")

"""A daemon thread for a library that blocks: calls queue for it, each within a time; quitting never waits.

A thread can't be stopped. So a call that takes too long is given up: its connection is hung up where it waits for an
answer, its thread is left to end by itself, another one serves the queue, and the attempt's gate sees to it that what
wasn't sent by then is never sent.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


class Closable(Protocol):
    """A blocking client; each thread opens its own, closes it at its end."""

    def close(self) -> None:
        """Give up what it holds."""


T = TypeVar("T")
C = TypeVar("C", bound=Closable)


class TookTooLong(Exception):
    """A call was given up. `begun`: its request may have left; if not, it never will."""

    def __init__(self, begun: bool) -> None:
        super().__init__("no answer in time" if begun else "not connected in time")
        self.begun = begun


class Attempt:
    """One call, seen by both its threads: what is about to send asks `proceed`, who waits may `give_up`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = False
        self._begun = False
        self._hang_up: Callable[[], None] | None = None

    def proceed(self) -> bool:
        """Asked right before the first byte of a request leaves: whether it still may."""
        with self._lock:
            if not self._over:
                self._begun = True
            return not self._over

    def waits(self, hang_up: Callable[[], None] | None) -> None:
        """An answer is waited for: `hang_up`, from any thread, ends that. None: it is there, or never will be.

        Over a connection that stood nobody asks `proceed`: what is waited for was sent.
        """
        with self._lock:
            self._hang_up = hang_up
            if hang_up is not None:
                self._begun = True
                if self._over:
                    hang_up()

    def give_up(self) -> bool:
        """From now on nothing is sent or waited for. Returns whether something may have been sent before."""
        with self._lock:
            self._over = True
            if self._hang_up is not None:
                self._hang_up()
            return self._begun

    @property
    def begun(self) -> bool:
        """Whether the request may have left."""
        return self._begun

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._over


class _Job:
    """A call in the queue. Its future belongs to the event loop that made it."""

    def __init__(self, run: Callable[[Any, Attempt], Any]) -> None:
        self.run = run
        self.attempt = Attempt()
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Hand the outcome over, from any thread; nobody may be there to take it any more."""

        def deliver() -> None:
            if self.future.done():
                return
            if error is not None:
                self.future.set_exception(error)
            else:
                self.future.set_result(result)

        # RuntimeError: the loop was closed meanwhile, as it is when the program quits.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(deliver)


class _Thread(threading.Thread):
    """Serves the queue until it is retired or told to end; `serving` is the job that it is at."""

    def __init__(self, name: str, jobs: SimpleQueue[_Job | None], open_client: Callable[[], Closable]) -> None:
        super().__init__(name=name, daemon=True)
        self._jobs = jobs
        self._open = open_client
        self.serving: _Job | None = None
        self.retired = False

    def run(self) -> None:
        client: Closable | None = None
        while not self.retired:
            job = self._jobs.get()
            if self.retired or job is None:
                # Not for this thread: another serves the queue, or every thread is to end.
                self._jobs.put(job)
                break
            self.serving = job
            if not job.attempt.over:
                try:
                    client = client or self._open()
                    result, error = job.run(client, job.attempt), None
                except BaseException as fault:  # it is raised where the call was made
                    result, error = None, fault
                self.serving = None
                job.settle(result, error)
                del result, error
            self.serving = None
            del job
        if client is not None:
            client.close()


class Worker(Generic[C]):
    """Calls to one blocking client, one after another, off the event loop."""

    def __init__(self, name: str, open_client: Callable[[], C]) -> None:
        """`open_client` runs on the thread, at the first call: it may import what is slow to import."""
        self._name = name
        self._open = open_client
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: _Thread | None = None
        self._waiting: set[_Job] = set()
        self._closed = False

    async def call(self, run: Callable[[C, Attempt], T], timeout: float) -> T:  # noqa: ASYNC109
        """Run it on the thread; raises what it raises, and `TookTooLong` after `timeout` seconds or at close.

        `run` asks its attempt's `proceed` right before it sends anything. The time counts from here, so the
        wait in the queue is part of it.
        """
        if self._closed:
            raise TookTooLong(begun=False)
        job = _Job(run)
        self._waiting.add(job)
        if self._thread is None or self._thread.retired:
            self._thread = _Thread(self._name, self._jobs, self._open)
            self._thread.start()
        self._jobs.put(job)
        try:
            await asyncio.wait((job.future,), timeout=timeout)
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        finally:
            self._waiting.discard(job)
        if not job.future.done():
            raise TookTooLong(self._abandon(job))
        outcome: T = job.future.result()
        return outcome

    def _abandon(self, job: _Job) -> bool:
        begun = job.attempt.give_up()
        job.future.cancel()
        if self._thread is not None and self._thread.serving is job:
            self._thread.retired = True
            # Those that wait behind it in the queue are served by another thread.
            self._thread = _Thread(self._name, self._jobs, self._open)
            self._thread.start()
        return begun

    def close(self) -> None:
        """End at once: calls under way raise `TookTooLong`; the thread ends when it can, unwaited for."""
        self._closed = True
        for job in tuple(self._waiting):
            job.settle(None, TookTooLong(job.attempt.give_up()))
        if self._thread is not None:
            self._thread.retired = True
            self._jobs.put(None)

"""The daemon thread: what takes too long is given up, is never sent late, and keeps nothing waiting."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from cockpit.services.daemon import Attempt, TookTooLong, Worker


class Client:
    """A client that blocks for as long as the test wants."""

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class Opened:
    """Counts the clients that a worker opens."""

    def __init__(self) -> None:
        self.clients: list[Client] = []

    def __call__(self) -> Client:
        self.clients.append(Client())
        return self.clients[-1]


async def test_calls_run_in_order_on_one_daemon_thread() -> None:
    opened = Opened()
    worker: Worker[Client] = Worker("test", opened)
    order: list[int] = []

    def job(number: int) -> Any:
        def run(client: Client, attempt: Attempt) -> threading.Thread:
            order.append(number)
            return client.thread

        return run

    threads = await asyncio.gather(*(worker.call(job(number), 5) for number in range(20)))
    assert order == list(range(20))
    assert set(threads) == {opened.clients[0].thread}
    assert threads[0].daemon
    assert threads[0] is not threading.current_thread()
    worker.close()
    assert await asyncio.to_thread(opened.clients[0].closed.wait, 5)


async def test_what_it_raises_is_raised_where_it_was_called_and_the_thread_lives_on() -> None:
    opened = Opened()
    worker: Worker[Client] = Worker("test", opened)

    def fails(client: Client, attempt: Attempt) -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        await worker.call(fails, 5)
    assert await worker.call(lambda client, attempt: 7, 5) == 7
    assert len(opened.clients) == 1
    worker.close()


async def test_a_call_that_hangs_is_given_up_and_those_behind_it_are_served() -> None:
    opened = Opened()
    worker: Worker[Client] = Worker("test", opened)
    release = threading.Event()

    def hangs(client: Client, attempt: Attempt) -> bool:
        assert attempt.proceed()
        return release.wait(30)

    stuck = asyncio.create_task(worker.call(hangs, 0.05))
    behind = asyncio.create_task(worker.call(lambda client, attempt: "served", 10))
    with pytest.raises(TookTooLong) as late:
        await stuck
    assert late.value.begun
    assert await behind == "served"
    release.set()
    assert await asyncio.to_thread(opened.clients[0].closed.wait, 5), "the thread given up ends by itself"
    worker.close()


async def test_what_was_not_sent_when_it_was_given_up_is_never_sent() -> None:
    worker: Worker[Client] = Worker("test", Opened())
    resolving, sent = threading.Event(), threading.Event()
    allowed: list[bool] = []

    def late(client: Client, attempt: Attempt) -> None:
        resolving.wait(30)
        allowed.append(attempt.proceed())
        sent.set()

    with pytest.raises(TookTooLong) as caught:
        await worker.call(late, 0.05)
    assert not caught.value.begun
    resolving.set()
    assert await asyncio.to_thread(sent.wait, 5)
    assert allowed == [False]
    worker.close()


async def test_a_call_given_up_in_the_queue_does_not_run() -> None:
    worker: Worker[Client] = Worker("test", Opened())
    release = threading.Event()
    ran: list[str] = []
    first = asyncio.create_task(worker.call(lambda client, attempt: release.wait(30), 10))
    second = asyncio.create_task(worker.call(lambda client, attempt: ran.append("second"), 0.05))
    with pytest.raises(TookTooLong) as late:
        await second
    assert not late.value.begun
    release.set()
    assert await first
    await worker.call(lambda client, attempt: ran.append("third"), 5)
    assert ran == ["third"]
    worker.close()


async def test_a_cancelled_call_is_given_up_too() -> None:
    worker: Worker[Client] = Worker("test", Opened())
    at_it, release = threading.Event(), threading.Event()
    allowed: list[bool] = []
    done = threading.Event()

    def late(client: Client, attempt: Attempt) -> None:
        at_it.set()
        release.wait(30)
        allowed.append(attempt.proceed())
        done.set()

    task = asyncio.create_task(worker.call(late, 30))
    assert await asyncio.to_thread(at_it.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await worker.call(lambda client, attempt: 1, 5) == 1
    release.set()
    assert await asyncio.to_thread(done.wait, 5)
    assert allowed == [False]
    worker.close()


async def test_closing_ends_a_call_under_way_at_once_and_takes_no_other() -> None:
    worker: Worker[Client] = Worker("test", Opened())
    at_it, release = threading.Event(), threading.Event()

    def hangs(client: Client, attempt: Attempt) -> bool:
        attempt.proceed()
        at_it.set()
        return release.wait(30)

    task = asyncio.create_task(worker.call(hangs, 30))
    assert await asyncio.to_thread(at_it.wait, 5)
    worker.close()
    with pytest.raises(TookTooLong) as late:
        await asyncio.wait_for(task, 5)
    assert late.value.begun
    with pytest.raises(TookTooLong) as after:
        await worker.call(lambda client, attempt: 1, 5)
    assert not after.value.begun
    release.set()


async def test_a_client_that_cannot_be_opened_says_so_to_each_call() -> None:
    def fails() -> Client:
        raise ImportError("no such library")

    worker: Worker[Client] = Worker("test", fails)
    for _ in range(2):
        with pytest.raises(ImportError, match="no such library"):
            await worker.call(lambda client, attempt: 1, 5)
    worker.close()


def test_a_loop_that_ends_meanwhile_is_no_fault() -> None:
    worker: Worker[Client] = Worker("test", Opened())
    release, done = threading.Event(), threading.Event()

    def hangs(client: Client, attempt: Attempt) -> None:
        release.wait(30)
        done.set()

    async def gives_up() -> None:
        with pytest.raises(TookTooLong):
            await worker.call(hangs, 0.05)

    asyncio.run(gives_up())
    release.set()
    assert done.wait(5)
    assert asyncio.run(worker.call(lambda client, attempt: 2, 5)) == 2
    worker.close()

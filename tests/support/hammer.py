"""Many processes with many connections each, all sending as fast as they can."""

import multiprocessing
import threading
import time

from support import mta


def hammer(listens, processes, connections, send):
    """
    SEND(session, number) -> list of (before, after, accepted) on every one of the
    PROCESSES * CONNECTIONS sessions, spread over the milters at LISTENS; all results
    in one list.  Times are of CLOCK_MONOTONIC, which all processes share.
    """
    context = multiprocessing.get_context("fork")
    queue, start = context.Queue(), context.Barrier(processes)
    workers = [
        context.Process(target=_process, args=(listens, connections, number, send, start, queue))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    results = []
    for _ in workers:
        part = queue.get(timeout=120)
        if isinstance(part, str):
            raise AssertionError(part)
        results += part
    for worker in workers:
        worker.join()
    return results


def _process(listens, connections, number, send, start, queue):
    results, errors = [], []

    def connection(index):
        try:
            with mta.Session(listens[index % len(listens)]).open() as session:
                results.extend(send(session, index))
        except Exception as error:  # a thread's own end would go unseen
            errors.append(f"connection {index}: {error!r}")

    start.wait(60)
    threads = [
        threading.Thread(target=connection, args=(number * connections + i,))
        for i in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put("; ".join(errors) if errors else results)


def timed_send(session, recipient):
    """One recipient's (before, after, accepted); the message is finished when accepted."""
    before = time.monotonic()
    message = session.envelope("news@shop.example", [recipient])
    after = time.monotonic()
    accepted = message.replies[0].accepted
    if accepted:
        session.content()
    session.abort()
    session.flush()
    return before, after, accepted

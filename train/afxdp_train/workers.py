# SPDX-License-Identifier: BSD-2-Clause
"""Runs jobs on every core, in processes forked from this one: they see what it holds."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

_call = None


def _called(job):
    return _call(*job)


def place():
    """Which of the workers this process is, from 1; 0 for the one that started them."""
    return (multiprocessing.current_process()._identity or (0,))[0]


def each(call, jobs, most=None):
    """Yields call(*job) of every job, in order. What it returns is sent back by pickle.

    Processes, since PyTorch and scikit-learn must each keep to one thread to give the same bits in
    every run. `call` may be a closure: a forked process finds it here.
    """
    global _call
    _call = call
    count = min(most or len(os.sched_getaffinity(0)), max(len(jobs), 1))
    with ProcessPoolExecutor(count, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(_called, jobs)

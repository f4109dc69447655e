// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Where the other threads are when one of them crosses the ceiling. Threads publish their stacks
 * when they allocate; one that waits, or computes, was last seen some time ago. Whoever holds the
 * interpreter's lock can read the Python frames of all: they cannot move while it does.
 */
#ifndef CORE_HOOK_OTHERS_H
#define CORE_HOOK_OTHERS_H

/** More threads than this with Python states are not looked at. */
#define OTHERS_MAX 4096

/**
 * Publish the Python stacks of the other threads as of now. Does nothing where they may move: the
 * calling thread does not hold the interpreter, or there is no lock to hold (free-threaded), or the
 * stacks cannot be read. Inside an operation of this thread, outside of the slot's lock.
 */
void others_publish(void);

#endif

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What is said about a Python interpreter across borders: the hook's stack reader finds it out, the
 * segment carries it, the tool decodes and reports it. Wire values: append, never renumber.
 */
#ifndef CORE_BASE_PYTHON_H
#define CORE_BASE_PYTHON_H

/** What the hook knows of the interpreter in its process. */
enum python_state {
	PYTHON_NOT_SEEN = 0,  /* no interpreter has begun to run in the process so far */
	PYTHON_ATTACHED = 1,  /* stacks are read */
	PYTHON_UNKNOWN = 2,   /* an interpreter whose layout is not known: no Python stacks */
	PYTHON_UNREADABLE = 3 /* layout known, but a self-test failed: no Python stacks */
};

/** Formats of Python line tables, by the versions that write them. */
enum line_table {
	LINES_NONE = 0,
	LINES_LNOTAB = 1,   /* up to 3.9: co_lnotab, unsigned offset and signed line deltas */
	LINES_PAIRS = 2,    /* 3.10: co_linetable, PEP 626 pairs */
	LINES_LOCATIONS = 3 /* 3.11 and later: co_linetable, location table */
};

#endif

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The workload and all processes below it, however many, to be held or killed together. Those that
 * were seen below it and have lost their parents since count, too: their memory does.
 */
#ifndef CORE_SUPERVISE_TREE_H
#define CORE_SUPERVISE_TREE_H

#include "core/host/buffer.h"
#include "core/supervise/descendants.h"
#include "core/supervise/will.h"

#include <stdbool.h>

/** Whom we have stopped; whoever was stopped before is not in it. Zeroed: nobody. */
struct held {
	struct buffer processes; /* struct descendant */
	/** Where it stands, too, should we be killed; NULL: nowhere. */
	struct will *will;
};

enum tree_part {
	TREE_CHILDREN,
	TREE_WITH_WORKLOAD,
};

/** Stop those that run (SIGSTOP), also those that are born meanwhile. */
void tree_hold(const struct descendants *below, enum tree_part part, struct held *held);

/**
 * Let those go on that were held, and forget them. What else has told them to stop meanwhile (the
 * terminal's ^Z) still does.
 */
void tree_release(const char *proc_root, struct held *held);

/** SIGKILL to all. Nobody is born meanwhile if they are held. */
void tree_kill(const struct descendants *below);

#endif

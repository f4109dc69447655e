// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Which source lines a profile quotes: those of the frames that a report is likely to show. */
#ifndef CORE_PROFILE_QUOTE_H
#define CORE_PROFILE_QUOTE_H

#include "core/profile/source.h"

/**
 * Give their source to the frames that hold at least a thousandth of the peak or of the end, or are
 * in a stack that is named apart; of those only the ones with this FRAME_* flag, 0: all. Without
 * memory the builder fails.
 */
void quote_sources(struct builder *builder, const struct source_place *place, uint32_t flag);

#endif

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Words as a POSIX shell writes and reads them. No expansion of any kind: only quoting.
 */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

#include <stddef.h>
#include <stdio.h>

/**
 * Split text into words: blanks separate, '...' keeps everything, "..." and \ keep the next
 * character. Returns a NULL-terminated array and its words in one allocation, the caller's to free;
 * NULL with errno EINVAL if a quote is not closed, or ENOMEM.
 */
char **words_split(const char *text, size_t *ret_count);

/** Write one word so that a shell reads it as one again; plain words stay as they are. */
void words_write_quoted(FILE *out, const char *word);

/** A whole command, quoted: a malloc'ed string, or NULL with errno ENOMEM. */
char *words_join(char *const *argv);

#endif

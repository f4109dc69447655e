// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The options: one table, which drives the parsing, the help and the shell's completion.
 *
 * An option is "--name", "--name=VALUE", "--name VALUE", "-o VALUE" or "-oVALUE"; never
 * abbreviated. It may stand before or after the command. Behind the script, module or program of
 * "run" nothing is looked at: it belongs to the workload; so does all behind "python" and
 * "jupyter". FIL_OPTIONS in the environment holds
 * defaults for "run".
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The commands; bits, so that a row of the table can name several. */
enum command {
	COMMAND_NONE = 0,
	COMMAND_RUN = 1,
	COMMAND_REPORT = 2,
	COMMAND_HELP = 4,
	COMMAND_PYTHON = 8,
	COMMAND_JUPYTER = 16,
	COMMAND_LICENSE = 512,
	COMMAND_VERSION = 1024,
};

enum option_kind {
	OPTION_FLAG,   /* no value; sets a bool */
	OPTION_TEXT,   /* any text but an empty one */
	OPTION_LIST,   /* the same; may be given several times; kept as struct text_list */
	OPTION_CHOICE, /* one of a list of names; kept as text */
	OPTION_SWITCH, /* the same, in its own word; without a value the first name */
	OPTION_STATUS, /* a number from 0 to 255; kept as int */
	OPTION_NUMBER, /* a number from 1 on; kept as uint64_t */
	OPTION_LIMIT,  /* a size, a percentage or "auto"; kept as text */
	OPTION_SIZE,   /* an amount of memory, cmd/size.h; kept as uint64_t, bytes; never 0 */
	OPTION_TARGET, /* text that begins the workload's own words: -m and -c */
	OPTION_COMMAND /* a flag that is a command: --help, --version */
};

/** A row of the table. */
struct option_row {
	/** Without its dashes; NULL for an option that is only a letter. */
	const char *name;
	/** 0 if it has none. */
	char letter;
	enum option_kind kind;
	/** The commands it may be given to (bits of enum command). */
	unsigned commands;
	/** Where its value goes in struct options; for OPTION_COMMAND the command. */
	size_t offset;
	/** What its value is called in the help; NULL without one. */
	const char *value;
	/** OPTION_CHOICE, OPTION_SWITCH: the names, ended by NULL. */
	const char *const *(*choices)(void);
	const char *help;
};

/** The whole table; ends with a row without name and letter. */
extern const struct option_row option_table[];

/** The commands by name, as suggest_nearest wants them, in the order of their bits. */
extern const char *const command_names[];

/** "run" for COMMAND_RUN and so on, of several the first; "" for what is not a word. */
const char *command_name(enum command command);

/** How often an option that may be given several times may. */
#define TEXT_LIST_MAX 32u

struct text_list {
	const char *items[TEXT_LIST_MAX];
	size_t count;
};

/** What the command line says. Text points into argv or into defaults. */
struct options {
	enum command command;
	/** --help was given: show the help of command instead of doing it. */
	bool help;

	const char *output; /* NULL: not given */
	const char *python;
	bool no_browser;
	bool quiet;
	bool no_source;
	bool no_argv;
	const char *native; /* NULL: not given */
	const char *segment;
	bool single_threaded_pools;
	bool disable_oom_detection;
	int oom_status; /* -1: not given */
	const char *limit; /* NULL: not given, as with the next two */
	const char *limit_of;
	const char *on_limit;
	bool no_deterministic;
	bool no_fault_counter;
	uint64_t fail_at; /* 0: not given */
	bool fit;
	uint64_t budget_bytes; /* 0: not given */
	const char *module;
	const char *code;

	const char *compare; /* NULL: not given */
	const char *format;
	const char *of;
	bool reversed;
	/** Folders, or several with ":" between them. */
	struct text_list symbols;

	/** The rest: script or program and arguments, capture, topic of help. NULL-terminated. */
	char **words;
	size_t word_count;

	/** The words of FIL_OPTIONS, in which text may point; owned, as words is. */
	char **defaults;
};

/** What is wrong with a command line, and where. */
struct options_error {
	/** A sentence without full stop. */
	char message[256];
	/** What to do about it; "" if there is nothing to say. */
	char advice[256];
	/** The words among which the wrong one is; NULL: the error has no place. */
	char *const *where;
	/** They come from FIL_OPTIONS. */
	bool in_defaults;
	size_t index;
	/** The part to underline, in bytes of where[index]. */
	size_t start;
	size_t len;
};

/**
 * Parse the command line argv (argv[0] is the tool's own name) above the defaults (FIL_OPTIONS, or
 * NULL). 0, or -1 with *ret_error filled. options_done in both cases.
 */
int options_parse(struct options *options, char *const *argv, const char *defaults,
		  struct options_error *ret_error);

/** Release what options_parse took. */
void options_done(struct options *options);

#endif

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/options.h"

#include "cmd/limit.h"
#include "cmd/size.h"
#include "cmd/suggest.h"
#include "cmd/words.h"
#include "core/base/attributes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANY_COMMAND \
	(COMMAND_RUN | COMMAND_REPORT | COMMAND_HELP | COMMAND_PYTHON | COMMAND_JUPYTER)
/* Room for the names of options, for suggestions. */
#define NAMES_MAX 40u

/* Where the parser is: a list of words, the one it looks at, and where to complain. */
struct parser {
	struct options *options;
	struct options_error *error;
	char *const *words;
	size_t at;
	bool in_defaults;
};

/* A word as an option: its row and its parts. */
struct parsed_word {
	const struct option_row *row;
	const char *text;
	/* Bytes of "--name" or "-o" in text. */
	size_t name_len;
	/* Behind "=" or directly behind the letter; NULL: none so far. */
	const char *value;
};

attr_printf(5, 6) static int fail(struct parser *parser, size_t start, size_t len,
				  const char *advice, const char *format, ...)
{
	struct options_error *error = parser->error;
	va_list args;

	memset(error, 0, sizeof(*error));
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	if (advice) {
		snprintf(error->advice, sizeof(error->advice), "%s", advice);
	}
	error->where = parser->words;
	error->in_defaults = parser->in_defaults;
	error->index = parser->at;
	error->start = start;
	error->len = len;
	return -1;
}

static bool row_has_name(const struct option_row *row, const char *name, size_t len)
{
	return row->name && strlen(row->name) == len && memcmp(row->name, name, len) == 0;
}

static bool is_last_row(const struct option_row *row)
{
	return !row->name && !row->letter;
}

/* The row of an option among those of commands (bits), or NULL. */
static const struct option_row *find_row(const struct parsed_word *word, unsigned commands)
{
	bool is_long = word->text[1] == '-';

	for (const struct option_row *row = option_table; !is_last_row(row); row++) {
		if (!(row->commands & commands)) {
			continue;
		}
		if (is_long ? row_has_name(row, word->text + 2, word->name_len - 2)
			    : row->letter == word->text[1]) {
			return row;
		}
	}
	return NULL;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static bool takes_value(const struct option_row *row)
{
	return row->value != NULL;
}

/* Take a word apart; the row is looked for among commands. */
static struct parsed_word parse_word(const char *text, unsigned commands)
{
	struct parsed_word word = {.text = text, .name_len = 2};

	if (text[1] == '-') {
		word.name_len = strcspn(text, "=");
		if (text[word.name_len] == '=') {
			word.value = text + word.name_len + 1;
		}
	}
	word.row = find_row(&word, commands);
	/* "-oDIR"; but "-qx" is no value of -q, it is not an option at all. */
	if (text[1] != '-' && text[2]) {
		if (word.row && takes_value(word.row)) {
			word.value = text + 2;
		} else {
			word.row = NULL;
			word.name_len = strlen(text);
		}
	}
	return word;
}

/* All names with their dashes that commands know, for suggestions. Not for two threads. */
static const char *const *option_names(unsigned commands)
{
	static char text[NAMES_MAX][32];
	static const char *names[NAMES_MAX + 1];
	size_t count = 0;

	for (const struct option_row *row = option_table; !is_last_row(row); row++) {
		if (row->name && row->commands & commands && count < NAMES_MAX) {
			snprintf(text[count], sizeof(text[count]), "--%s", row->name);
			names[count] = text[count];
			count++;
		}
	}
	names[count] = NULL;
	return names;
}

/* What somebody who wrote an option of the interpreter wanted. */
static bool is_option_of_python(const char *text)
{
	return text[1] != '-' && strchr("bBdEiIOPRsSuvWXx", text[1]) != NULL;
}

static int fail_unknown(struct parser *parser, const struct parsed_word *word)
{
	unsigned command = parser->options->command;
	char name[64], advice[160] = "";
	const char *near;
	struct parsed_word other = parse_word(word->text, ANY_COMMAND);

	snprintf(name, sizeof(name), "%.*s", (int)word->name_len, word->text);
	if (other.row && command != COMMAND_NONE) {
		return fail(parser, 0, word->name_len, NULL, "%s is an option of %s, not of %s",
			    name, command_name(other.row->commands), command_name(command));
	}
	near = suggest_nearest(name, option_names(command ? command : ANY_COMMAND));
	if (near) {
		snprintf(advice, sizeof(advice), "did you mean %s?", near);
	} else if (is_option_of_python(word->text) && command == COMMAND_RUN) {
		snprintf(advice, sizeof(advice),
			 "for options of Python itself name it: fil-profile run python3 %s ...",
			 name);
	} else {
		snprintf(advice, sizeof(advice), "fil-profile help %s lists the options",
			 command_name(command));
	}
	return fail(parser, 0, word->name_len, advice, "unknown option %s", name);
}

/* Where the value of an option begins in its word, which is the option's or one of its own. */
static size_t value_start(const struct parser *parser, const struct parsed_word *word)
{
	return (size_t)(word->value - parser->words[parser->at]);
}

static int set_status(struct parser *parser, int *member, const struct parsed_word *word)
{
	size_t len = strlen(word->value);

	if (len < 1 || len > 3 || strspn(word->value, "0123456789") != len ||
	    atoi(word->value) > 255) {
		return fail(parser, value_start(parser, word), len, NULL,
			    "%.*s: %s is not a number from 0 to 255", (int)word->name_len,
			    word->text, word->value);
	}
	*member = atoi(word->value);
	return 0;
}

static int set_number(struct parser *parser, uint64_t *member, const struct parsed_word *word)
{
	size_t len = strlen(word->value);

	if (len < 1 || len > 18 || strspn(word->value, "0123456789") != len ||
	    strtoull(word->value, NULL, 10) == 0) {
		return fail(parser, value_start(parser, word), len, NULL,
			    "%.*s: %s is not a number from 1 on", (int)word->name_len, word->text,
			    word->value);
	}
	*member = strtoull(word->value, NULL, 10);
	return 0;
}

static int check_limit(struct parser *parser, const struct parsed_word *word)
{
	if (limit_is_valid(word->value)) {
		return 0;
	}
	return fail(parser, value_start(parser, word), strlen(word->value),
		    "it is a size such as 512M, 2G or 1.5GiB, a part of the machine such as 50%, "
		    "or auto",
		    "%.*s: %s is no amount of memory", (int)word->name_len, word->text,
		    word->value);
}

static int set_size(struct parser *parser, uint64_t *member, const struct parsed_word *word)
{
	if (size_parse(word->value, member)) {
		return 0;
	}
	return fail(parser, value_start(parser, word), strlen(word->value), NULL,
		    "%.*s needs a size such as 2G, 512M or 1.5GiB, not %s", (int)word->name_len,
		    word->text, word->value);
}

/* "html, svg or text". */
static void list_names(const char *const *names, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; names[i] && used < size; i++) {
		const char *before = !i ? "" : names[i + 1] ? ", " : " or ";
		used += (size_t)snprintf(text + used, size - used, "%s%s", before, names[i]);
	}
}

static int check_choice(struct parser *parser, const struct parsed_word *word)
{
	const char *const *names = word->row->choices(), *near;
	char known[160], advice[256];

	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], word->value) == 0) {
			return 0;
		}
	}
	list_names(names, known, sizeof(known));
	near = suggest_nearest(word->value, names);
	if (near) {
		snprintf(advice, sizeof(advice), "did you mean %s? It is one of %s", near, known);
	} else {
		snprintf(advice, sizeof(advice), "it is one of %s", known);
	}
	return fail(parser, value_start(parser, word), strlen(word->value), advice,
		    "%.*s: unknown %s %s", (int)word->name_len, word->text,
		    word->row->value, word->value);
}

static int add_to_list(struct parser *parser, struct text_list *list,
		       const struct parsed_word *word)
{
	if (list->count == TEXT_LIST_MAX) {
		return fail(parser, 0, word->name_len, "", "%.*s is given more than %u times",
			    (int)word->name_len, word->text, TEXT_LIST_MAX);
	}
	list->items[list->count++] = word->value;
	return 0;
}

/* Store what an option says. word->value is there if the option takes one. */
static int apply(struct parser *parser, const struct parsed_word *word)
{
	const struct option_row *row = word->row;
	void *member = (char *)parser->options + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_STATUS:
		return set_status(parser, member, word);
	case OPTION_NUMBER:
		return set_number(parser, member, word);
	case OPTION_LIMIT:
		if (check_limit(parser, word) != 0) {
			return -1;
		}
		break;
	case OPTION_SIZE:
		return set_size(parser, member, word);
	case OPTION_CHOICE:
	case OPTION_SWITCH:
		if (check_choice(parser, word) != 0) {
			return -1;
		}
		break;
	case OPTION_COMMAND:
		if (row->offset == COMMAND_HELP) {
			parser->options->help = true;
		} else {
			parser->options->command = (enum command)row->offset;
		}
		return 0;
	case OPTION_LIST:
		return add_to_list(parser, member, word);
	case OPTION_TEXT:
	case OPTION_TARGET:
		break;
	}
	*(const char **)member = word->value;
	return 0;
}

/* One option with its value; parser->at is left on the last word that it took. */
static int take_option(struct parser *parser)
{
	unsigned command = parser->options->command;
	struct parsed_word word =
		parse_word(parser->words[parser->at], command ? command : ANY_COMMAND);
	bool is_empty;

	if (!word.row) {
		return fail_unknown(parser, &word);
	}
	if (parser->in_defaults &&
	    (word.row->kind == OPTION_TARGET || word.row->kind == OPTION_COMMAND)) {
		return fail(parser, 0, word.name_len, NULL, "%.*s has no place in FIL_OPTIONS",
			    (int)word.name_len, word.text);
	}
	if (!takes_value(word.row)) {
		if (word.value) {
			return fail(parser, word.name_len, strlen(word.text) - word.name_len, NULL,
				    "%.*s takes no value", (int)word.name_len, word.text);
		}
		return apply(parser, &word);
	}
	if (word.row->kind == OPTION_SWITCH && !word.value) {
		word.value = word.row->choices()[0];
	}
	is_empty = word.value && !*word.value;
	if (!word.value && parser->words[parser->at + 1]) {
		word.value = parser->words[++parser->at];
		is_empty = !*word.value && word.row->kind != OPTION_TARGET;
	}
	if (!word.value || is_empty) {
		return fail(parser, 0, strlen(parser->words[parser->at]), NULL, "%.*s needs a %s",
			    (int)word.name_len, word.text, word.row->value);
	}
	return apply(parser, &word);
}

/* Everything in FIL_OPTIONS. */
static int take_defaults(struct parser *parser, const char *defaults)
{
	size_t count;

	parser->in_defaults = true;
	parser->options->defaults = words_split(defaults, &count);
	parser->words = parser->options->defaults;
	if (!parser->words) {
		return fail(parser, 0, 0, "quote it as for a shell", "FIL_OPTIONS: %s: %s",
			    errno == EINVAL ? "a quotation mark is not closed" : strerror(errno),
			    defaults);
	}
	for (parser->at = 0; parser->at < count; parser->at++) {
		const char *word = parser->words[parser->at];
		if (!is_option(word) || strcmp(word, "--") == 0) {
			return fail(parser, 0, strlen(word), "it holds options only",
				    "%s has no place in FIL_OPTIONS", word);
		}
		if (take_option(parser) != 0) {
			return -1;
		}
	}
	parser->in_defaults = false;
	return 0;
}

/* Where the command is: the first word that is no option nor the value of one; 0: none. */
static size_t find_command(char *const *argv)
{
	for (size_t i = 1; argv[i]; i++) {
		struct parsed_word word;
		if (!is_option(argv[i])) {
			return i;
		}
		word = parse_word(argv[i], ANY_COMMAND);
		if (strcmp(argv[i], "--") == 0 || (word.row && word.row->kind == OPTION_TARGET)) {
			return 0;
		}
		if (word.row && takes_value(word.row) && !word.value && !argv[++i]) {
			return 0;
		}
	}
	return 0;
}

static enum command command_of(const char *name)
{
	for (size_t i = 0; command_names[i]; i++) {
		if (strcmp(command_names[i], name) == 0) {
			return (enum command)(1 << i);
		}
	}
	return COMMAND_NONE;
}

static int fail_unknown_command(struct parser *parser, size_t at)
{
	const char *word = parser->words[at];
	const char *near = suggest_nearest(word, command_names);
	char advice[256];

	parser->at = at;
	if (near) {
		snprintf(advice, sizeof(advice), "did you mean %s?", near);
	} else {
		snprintf(advice, sizeof(advice), "to profile a program: fil-profile run %.200s",
			 word);
	}
	return fail(parser, 0, strlen(word), advice, "unknown command %s", word);
}

/* Everything is somebody else's to read. */
static int take_all(struct parser *parser)
{
	struct options *options = parser->options;

	for (; parser->words[parser->at]; parser->at++) {
		options->words[options->word_count++] = parser->words[parser->at];
	}
	return 0;
}

/* Options that stand before words which are not ours to read. */
static int take_until_target(struct parser *parser)
{
	struct options *options = parser->options;

	for (; parser->words[parser->at]; parser->at++) {
		const char *word = parser->words[parser->at];
		if (strcmp(word, "--") == 0) {
			parser->at++;
			break;
		}
		if (!is_option(word)) {
			break;
		}
		if (take_option(parser) != 0) {
			return -1;
		}
		if (options->module || options->code) {
			parser->at++;
			break;
		}
	}
	return take_all(parser);
}

/* Options and words in any order, as report and help take them. */
static int take_mixed(struct parser *parser)
{
	struct options *options = parser->options;
	bool only_words = false;

	for (; parser->words[parser->at]; parser->at++) {
		char *word = parser->words[parser->at];
		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
		} else if (only_words || !is_option(word)) {
			options->words[options->word_count++] = word;
		} else if (take_option(parser) != 0) {
			return -1;
		}
	}
	return 0;
}

/* The options before the command, at position end (of argv's end if there is none). */
static int take_before(struct parser *parser, size_t end)
{
	for (parser->at = 1; parser->words[parser->at] && parser->at != end; parser->at++) {
		const char *word = parser->words[parser->at];
		if (strcmp(word, "--") == 0 || strncmp(word, "-m", 2) == 0 ||
		    strncmp(word, "-c", 2) == 0) {
			return fail(parser, 0, 2, "fil-profile run comes first",
				    "%.2s needs a command before it", word);
		}
		if (take_option(parser) != 0) {
			return -1;
		}
	}
	return 0;
}

int options_parse(struct options *options, char *const *argv, const char *defaults,
		  struct options_error *ret_error)
{
	struct parser parser = {.options = options, .error = ret_error};
	size_t count = 0, command_at;

	memset(options, 0, sizeof(*options));
	options->oom_status = -1;
	while (argv[count]) {
		count++;
	}
	command_at = find_command(argv);
	options->command = command_at ? command_of(argv[command_at]) : COMMAND_NONE;
	if (options->command == COMMAND_RUN && defaults && take_defaults(&parser, defaults) != 0) {
		return -1;
	}
	parser.words = argv;
	options->words = calloc(count + 1, sizeof(*options->words));
	if (!options->words) {
		return fail(&parser, 0, 0, NULL, "not enough memory for the command line");
	}
	if (command_at && options->command == COMMAND_NONE) {
		return fail_unknown_command(&parser, command_at);
	}
	if (take_before(&parser, command_at) != 0) {
		return -1;
	}
	if (!command_at) {
		return 0;
	}
	parser.at = command_at + 1;
	if (options->command & (COMMAND_PYTHON | COMMAND_JUPYTER)) {
		return take_all(&parser);
	}
	return options->command == COMMAND_RUN ? take_until_target(&parser) : take_mixed(&parser);
}

void options_done(struct options *options)
{
	free(options->words);
	free(options->defaults);
	options->words = NULL;
	options->defaults = NULL;
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/shorten.h"

#include "core/base/attributes.h"

#include <stddef.h>
#include <string.h>

/** Template arguments that are defaults where the standard library has them last. */
static const char *const defaults[] = {
	", std::allocator<", ", std::char_traits<", ", std::less<",
	", std::hash<",	     ", std::equal_to<",    ", std::default_delete<",
};

static void remove_part(char *from, const char *to)
{
	memmove(from, to, strlen(to) + 1);
}

/** Replace every old by what is shorter, and not empty. */
static void replace(char *name, const char *old, const char *new)
{
	size_t len = strlen(new);
	/* The last byte may begin the next one: "> > >". */
	for (char *at = name; (at = strstr(at, old)); at += len - 1) {
		memcpy(at, new, len);
		remove_part(at + len, at + strlen(old));
	}
}

/** Behind the ">" that closes the "<" just before at; NULL: none does. */
static char *behind_arguments(char *at)
{
	for (unsigned depth = 1; *at; at++) {
		/* In "operator<", "->" and "(" nothing is opened or closed. */
		if (*at == '(' || (*at == '-' && at[1] == '>')) {
			return NULL;
		}
		depth += *at == '<';
		depth -= *at == '>';
		if (!depth) {
			return at + 1;
		}
	}
	return NULL;
}

/** The start of the last default argument that has none but the end behind it; NULL: none. */
static char *find_default(char *name)
{
	char *last = NULL;
	for (size_t i = 0; i < countof(defaults); i++) {
		char *at = name;
		while ((at = strstr(at, defaults[i]))) {
			char *behind = behind_arguments(at + strlen(defaults[i]));
			if (behind && (behind[0] == '>' || (behind[0] == ' ' && behind[1] == '>'))
			    && at > last) {
				last = at;
			}
			at++;
		}
	}
	return last;
}

/** From the innermost on: each removal may leave another one at the end. */
static void remove_defaults(char *name)
{
	char *at;
	while ((at = find_default(name))) {
		char *behind = behind_arguments(strchr(at, '<') + 1);
		behind += behind[0] == ' ';
		remove_part(at, behind);
	}
}

void shorten_name(char *name)
{
	if (!strstr(name, "std::")) {
		return;
	}
	replace(name, "std::__cxx11::", "std::");
	remove_defaults(name);
	replace(name, "std::basic_string<char>", "std::string");
	replace(name, "> >", ">>");
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* C++ names without what everybody leaves out when writing them. */
#ifndef CORE_SYMBOLS_SHORTEN_H
#define CORE_SYMBOLS_SHORTEN_H

/**
 * Shorten a demangled name in place: "std::vector<int, std::allocator<int> >" becomes
 * "std::vector<int>", and std::basic_string<char, ...> std::string. Other names stay.
 */
void shorten_name(char *name);

#endif

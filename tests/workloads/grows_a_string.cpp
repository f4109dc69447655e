// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Holds a string of 100,000 bytes and prints its end. */
#include <cstdio>
#include <string>

int main()
{
	std::string text(100000, 'x');
	return std::puts(text.c_str() + text.size() - 10) < 0;
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/demangle.h"

#include "core/symbols/shorten.h"
#include "tests/unit/test.h"

static void check(const char *name, const char *readable)
{
	char *got = demangle(name);
	CHECK_STR(got, readable);
	free(got);
}

static void names_of_every_language_become_readable(void)
{
	check("_ZN4llvm12PassRegistry15getPassRegistryEv", "llvm::PassRegistry::getPassRegistry");
	check("_ZNSt6vectorIiSaIiEE9push_backERKi",
	      "std::vector<int, std::allocator<int> >::push_back");
	check("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
	check("_RNvCs1234_7mycrate3foo", "mycrate::foo");
	check("_D3std5stdio7writelnFAyaZv", "std.stdio.writeln(immutable(char)[])");
	check("__linear_algebra_MOD_solve", "linear_algebra::solve");
	check("dgemm_", "dgemm");
}

static void names_of_c_stay(void)
{
	check("malloc", "malloc");
	check("__libc_malloc", "__libc_malloc");
	check("_init", "_init");
	check("trailing__", "trailing__");
	check("Upper_", "Upper_");
	check("_", "_");
	check("", "");
	check("__x_MOD_", "__x_MOD_");
}

static void versions_and_clones_are_dropped(void)
{
	check("memcpy@@GLIBC_2.14", "memcpy");
	check("memcpy@GLIBC_2.2.5", "memcpy");
	check("__GI___libc_malloc", "__libc_malloc");
	check("__GI_", "__GI_");
	check("grow.isra.0", "grow");
	check("grow.part.0.cold", "grow");
	check("grow.constprop.0.isra.3", "grow");
	check("helper.lto_priv.12", "helper");
	check("f.llvm.1234567890", "f");
	check("_ZN1a1bEv.cold", "a::b");
	check("name.of.something", "name.of.something");
	check("name.12", "name.12");
	check(".hidden", ".hidden");
}

static void shortened(const char *name, const char *wanted)
{
	char copy[512];
	snprintf(copy, sizeof(copy), "%s", name);
	shorten_name(copy);
	CHECK_STR(copy, wanted);
}

#define STRING "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"

static void default_arguments_are_dropped(void)
{
	shortened("std::vector<int, std::allocator<int> >::push_back",
		  "std::vector<int>::push_back");
	shortened(STRING "::reserve", "std::string::reserve");
	shortened("std::map<" STRING ", int, std::less<" STRING " >, std::allocator<std::pair<"
		  STRING " const, int> > >::at",
		  "std::map<std::string, int>::at");
	shortened("std::vector<std::vector<std::vector<int, std::allocator<int> >, "
		  "std::allocator<std::vector<int, std::allocator<int> > > >, X>::f",
		  "std::vector<std::vector<std::vector<int>>, X>::f");
	shortened("std::unique_ptr<A, std::default_delete<A> >::~unique_ptr",
		  "std::unique_ptr<A>::~unique_ptr");
}

static void other_arguments_stay(void)
{
	shortened("std::list<int, my::allocator<int> >", "std::list<int, my::allocator<int>>");
	shortened("f(int, std::allocator<int>)", "f(int, std::allocator<int>)");
	shortened("std::function<void (int, std::less<int>)>",
		  "std::function<void (int, std::less<int>)>");
	shortened("std::operator<<int, std::allocator<", "std::operator<<int, std::allocator<");
	shortened("a<b<c> >", "a<b<c> >");
}

int main(void)
{
	RUN(names_of_every_language_become_readable);
	RUN(names_of_c_stay);
	RUN(versions_and_clones_are_dropped);
	RUN(default_arguments_are_dropped);
	RUN(other_arguments_stay);
	return test_done();
}

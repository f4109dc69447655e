// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_maps.h"

#include "tests/unit/test.h"

static struct native_maps maps;

static const void *map(uintptr_t number)
{
	return (const void *)(0x7f0000001000 + number * 1184);
}

static void what_was_added_is_found(void)
{
	native_maps_clear(&maps);
	for (uintptr_t i = 0; i < 200; i++) {
		native_maps_add(&maps, map(i));
		native_maps_add(&maps, map(i));
	}
	for (uintptr_t i = 0; i < 200; i++) {
		CHECK(native_maps_have(&maps, map(i)));
		CHECK(!native_maps_have(&maps, map(1000 + i)));
	}
	native_maps_clear(&maps);
	CHECK(!native_maps_have(&maps, map(3)));
}

static void too_many_are_all_found(void)
{
	native_maps_clear(&maps);
	for (uintptr_t i = 0; i < 2 * NATIVE_MAPS; i++) {
		native_maps_add(&maps, map(i));
	}
	for (uintptr_t i = 0; i < 2 * NATIVE_MAPS; i++) {
		CHECK(native_maps_have(&maps, map(i)));
	}
	native_maps_clear(&maps);
	CHECK(!native_maps_have(&maps, map(3)));
}

int main(void)
{
	RUN(what_was_added_is_found);
	RUN(too_many_are_all_found);
	return test_done();
}

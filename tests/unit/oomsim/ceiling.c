// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/ceiling.h"

#include "core/base/attributes.h"
#include "tests/unit/test.h"

#define MIB ((uint64_t)1 << 20)

/* As a kernel 6.1 wrote it; lines that are not looked at are left out. */
static const char status[] = "Name:\tpython3\nUmask:\t0022\nState:\tR (running)\n"
			     "VmPeak:\t  171412 kB\nVmRSS:\t  120000 kB\n"
			     "RssAnon:\t   93640 kB\nRssFile:\t   18300 kB\n"
			     "RssShmem:\t    8060 kB\nVmPTE:\t     304 kB\nThreads:\t3\n";

static void charge_is_what_the_kernel_charges(void)
{
	struct charge charge;
	REQUIRE(ceiling_parse_status(status, 0, &charge));
	CHECK_INT(charge.anonymous_bytes, 93640 * 1024);
	CHECK_INT(charge.shared_bytes, 8060 * 1024);
	CHECK_INT(charge.page_table_bytes, 304 * 1024);
	CHECK_INT(charge.kernel_bytes, CEILING_PROCESS_BYTES + 3 * CEILING_THREAD_BYTES);
	CHECK_INT(charge.threads, 3);
	CHECK_INT(charge.processes, 1);
	CHECK_INT(charge_sum(&charge), (93640 + 8060 + 304) * 1024 + (int)charge.kernel_bytes);
}

static void our_segment_is_not_in_it(void)
{
	struct charge charge;
	REQUIRE(ceiling_parse_status(status, 8000 * 1024, &charge));
	CHECK_INT(charge.shared_bytes, 60 * 1024);
	REQUIRE(ceiling_parse_status(status, 9000 * 1024, &charge));
	CHECK_INT(charge.shared_bytes, 0);
}

static void a_process_that_has_ended_has_no_charge(void)
{
	struct charge charge = { .threads = 7 };
	CHECK(!ceiling_parse_status("Name:\tpython3\nState:\tZ (zombie)\nThreads:\t1\n", 0,
				    &charge));
	CHECK(!ceiling_parse_status("", 0, &charge));
	/* A key counts at the start of a line only: a process may call itself anything. */
	CHECK(!ceiling_parse_status("Name:\tRssAnon: 5\n", 0, &charge));
	CHECK_INT(charge.threads, 7);
}

static void readings_are_at_multiples_of_a_grain(void)
{
	for (uint64_t gap = 0; gap < 1000 * MIB; gap += 7 * MIB + 12345) {
		uint64_t next = ceiling_next_reading(5 * MIB + 1, gap, 0);
		CHECK_INT(next % CEILING_GRAIN_BYTES, 0);
		CHECK(next > 5 * MIB + 1);
	}
}

static void far_from_the_ceiling_readings_are_rare_and_close_to_it_dense(void)
{
	CHECK_INT(ceiling_next_reading(0, 1000 * MIB, 0), 500 * MIB);
	CHECK_INT(ceiling_next_reading(10 * MIB, 100 * MIB, 0), 60 * MIB);
	CHECK_INT(ceiling_next_reading(10 * MIB, 3 * MIB, 0), 11 * MIB);
	CHECK_INT(ceiling_next_reading(10 * MIB, 0, 0), 11 * MIB);
	/* What was asked for and not touched can come at any time. */
	CHECK_INT(ceiling_next_reading(10 * MIB, 100 * MIB, 60 * MIB), 30 * MIB);
	CHECK_INT(ceiling_next_reading(10 * MIB, 100 * MIB, 500 * MIB), 11 * MIB);
}

static void no_reading_comes_too_late(void)
{
	/* Half of what is left, at most: never beyond the ceiling. */
	for (uint64_t gap = 4 * MIB; gap < 4000 * MIB; gap *= 2) {
		CHECK(ceiling_next_reading(3 * MIB, gap, 0) - 3 * MIB <= gap);
	}
}

static uint32_t step_of(uint64_t gap, uint64_t plain, uint64_t advised, uint64_t untouched)
{
	struct fault_pages pages = { plain, advised, untouched };
	return ceiling_fault_step(gap, 1, &pages);
}

static void faults_take_huge_pages_where_there_is_room_for_them(void)
{
	struct fault_pages pages = { 4096, 2 * MIB, 6 * MIB };
	CHECK_INT(ceiling_faulted(0, &pages), 0);
	CHECK_INT(ceiling_faulted(3, &pages), 6 * MIB);
	CHECK_INT(ceiling_faulted(256, &pages), 7 * MIB);
	pages.untouched_bytes = UINT64_MAX;
	CHECK_INT(ceiling_faulted(256, &pages), 512 * MIB);
	pages.untouched_bytes = 0;
	CHECK_INT(ceiling_faulted(256, &pages), MIB);
}

static void check_step(uint64_t gap, uint32_t threads, uint64_t untouched)
{
	struct fault_pages pages = { 4096, 2 * MIB, untouched };
	uint32_t step = ceiling_fault_step(gap, threads, &pages);
	REQUIRE(step < CEILING_STEPS);
	uint64_t faults = ceiling_step_faults(step);
	CHECK(step == 0 || ceiling_faulted(faults * threads, &pages) <= gap
	      || ceiling_faulted(faults, &pages) <= CEILING_FAULT_GRAIN_BYTES);
	/* And looks are not more frequent than that asks for. */
	CHECK(step == CEILING_STEPS - 1 || ceiling_faulted(faults * 8 * threads, &pages) > gap);
}

static void faults_between_two_looks_cannot_take_more_than_the_gap(void)
{
	const uint64_t untouched[] = { 0, 3 * MIB, 500 * MIB, UINT64_MAX };
	for (uint64_t gap = CEILING_FAULT_GRAIN_BYTES; gap < 4000 * MIB; gap += gap / 3) {
		for (size_t i = 0; i < countof(untouched); i++) {
			check_step(gap, 1, untouched[i]);
			check_step(gap, 33, untouched[i]);
		}
	}
}

static void close_to_the_ceiling_small_faults_are_looked_at_by_the_grain(void)
{
	CHECK_INT(ceiling_step_faults(step_of(0, 4096, 2 * MIB, 0)), 64);
	CHECK_INT(ceiling_step_faults(step_of(2 * MIB, 4096, 2 * MIB, 0)), 512);
	struct fault_pages small = { 4096, 4096, 0 };
	/* However many threads there are. */
	CHECK_INT(ceiling_step_faults(ceiling_fault_step(0, 100, &small)), 64);
	CHECK_INT(ceiling_step_faults(ceiling_fault_step(4 * MIB, 2, &small)), 512);
	CHECK_INT(ceiling_step_faults(ceiling_fault_step(4 * MIB - 1, 2, &small)), 64);
	CHECK_INT(ceiling_step_faults(step_of(0, 4096, 2 * MIB, UINT64_MAX)), 1);
	CHECK_INT(ceiling_step_faults(step_of(16 * MIB, 4096, 2 * MIB, UINT64_MAX)), 8);
	CHECK_INT(ceiling_step_faults(step_of(16 * MIB - 1, 4096, 2 * MIB, UINT64_MAX)), 1);
	CHECK_INT(ceiling_step_faults(step_of(0, 2 * MIB, 2 * MIB, 0)), 1);
}

static void growth_is_not_hidden_by_file_pages_that_go(void)
{
	CHECK_INT(ceiling_growth(256, 999, 512, 999), 256 + 1);
	CHECK_INT(ceiling_growth(0, 99 * MIB, 256, MIB), 256 + 1);
	CHECK_INT(ceiling_growth(99 * MIB, 0, MIB, 512), 512 + 2);
	CHECK_INT(ceiling_growth(99 * MIB, 99 * MIB, 99 * MIB, 99 * MIB), 0);
}

static void what_is_resident_is_read(void)
{
	uint64_t resident = 7, shared = 8;
	CHECK_INT(ceiling_parse_resident(status), 120000 * 1024);
	CHECK_INT(ceiling_parse_resident(""), 0);
	CHECK(!ceiling_parse_statm("", &resident, &shared));
	CHECK(!ceiling_parse_statm("0 0 0 0", &resident, &shared));
	CHECK(!ceiling_parse_statm("900 800", &resident, &shared));
	CHECK_INT(resident, 7);
	CHECK_INT(shared, 8);
	REQUIRE(ceiling_parse_statm("263085 4711 815 1 0 262200 0\n", &resident, &shared));
	CHECK_INT(resident, 4711);
	CHECK_INT(shared, 815);
}

static void margin_grows_with_the_ceiling(void)
{
	CHECK_INT(ceiling_margin(10 * MIB), 3 * MIB / 2);
	CHECK_INT(ceiling_margin(300 * MIB), 3 * MIB / 2);
	CHECK_INT(ceiling_margin(4000 * MIB), 20 * MIB);
}

static void what_fits_is_not_refused(void)
{
	CHECK(!ceiling_refuses_request(100 * MIB, 99 * MIB, MIB, false));
	CHECK(!ceiling_refuses_request(100 * MIB, 0, 100 * MIB, true));
	CHECK(ceiling_refuses_request(100 * MIB, 99 * MIB, MIB + 1, false));
	CHECK(ceiling_refuses_request(100 * MIB, 101 * MIB, 1, false));
	/* Sizes that nobody has do not wrap around. */
	CHECK(ceiling_refuses_request(100 * MIB, 50 * MIB, UINT64_MAX, false));
}

static void handlers_of_a_refusal_have_a_reserve(void)
{
	/* Once refused, small requests go through until the reserve is used up; large ones do not.
	   */
	CHECK(ceiling_refuses_request(100 * MIB, 100 * MIB, 100, false));
	CHECK(!ceiling_refuses_request(100 * MIB, 100 * MIB, 100, true));
	CHECK(!ceiling_refuses_request(100 * MIB, 101 * MIB - 100, 100, true));
	CHECK(ceiling_refuses_request(100 * MIB, 101 * MIB, 100, true));
	CHECK(ceiling_refuses_request(100 * MIB, 100 * MIB, CEILING_SMALL_BYTES + 1, true));
}

int main(void)
{
	RUN(charge_is_what_the_kernel_charges);
	RUN(our_segment_is_not_in_it);
	RUN(a_process_that_has_ended_has_no_charge);
	RUN(readings_are_at_multiples_of_a_grain);
	RUN(far_from_the_ceiling_readings_are_rare_and_close_to_it_dense);
	RUN(no_reading_comes_too_late);
	RUN(faults_take_huge_pages_where_there_is_room_for_them);
	RUN(faults_between_two_looks_cannot_take_more_than_the_gap);
	RUN(close_to_the_ceiling_small_faults_are_looked_at_by_the_grain);
	RUN(growth_is_not_hidden_by_file_pages_that_go);
	RUN(what_is_resident_is_read);
	RUN(margin_grows_with_the_ceiling);
	RUN(what_fits_is_not_refused);
	RUN(handlers_of_a_refusal_have_a_reserve);
	return test_done();
}

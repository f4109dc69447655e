// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/capture/capture.h"

#include "core/base/allocators.h"
#include "core/base/symbols.h"
#include "core/capture/format.h"
#include "core/profile/builder.h"
#include "tests/unit/core/profile/sample.h"
#include "tests/unit/test.h"

#include <zstd.h>

struct bytes {
	unsigned char *data;
	size_t len;
};

static struct bytes written(const struct profile *profile)
{
	int fd = memfd_create("capture", 0);
	REQUIRE(fd >= 0);
	REQUIRE(capture_write(fd, profile, CAPTURE_SMALL) == 0);
	off_t len = lseek(fd, 0, SEEK_CUR);
	struct bytes bytes = { malloc((size_t)len), (size_t)len };
	REQUIRE(bytes.data && pread(fd, bytes.data, bytes.len, 0) == len);
	close(fd);
	return bytes;
}

/** What a capture decompresses to, changed by the caller, then compressed again. */
static struct bytes content(struct bytes capture)
{
	struct bytes plain = { malloc(1 << 20), 1 << 20 };
	/* Streamed captures do not say their size, but one call takes them all the same. */
	plain.len = ZSTD_decompress(plain.data, plain.len, capture.data, capture.len);
	REQUIRE(!ZSTD_isError(plain.len));
	return plain;
}

static struct bytes compressed(struct bytes plain)
{
	size_t bound = ZSTD_compressBound(plain.len);
	struct bytes capture = { malloc(bound), 0 };
	capture.len = ZSTD_compress(capture.data, bound, plain.data, plain.len, 1);
	REQUIRE(!ZSTD_isError(capture.len));
	return capture;
}

static struct profile *reread(struct bytes bytes)
{
	struct capture_error error = { "" };
	struct profile *profile = capture_read_memory(bytes.data, bytes.len, &error);
	CHECK_STR(error.message, "");
	REQUIRE(profile);
	return profile;
}

/** The message with which bytes are refused; one at a time. */
static const char *refusal(const void *data, size_t len)
{
	static struct capture_error error;
	error.message[0] = '\0';
	struct profile *profile = capture_read_memory(data, len, &error);
	CHECK(!profile);
	profile_free(profile);
	return error.message;
}

#define CHECK_SAME(member, count)                                                          \
	do {                                                                               \
		CHECK_INT(a->count, b->count);                                             \
		if (a->count) {                                                            \
			CHECK_BYTES(a->member, b->member, a->count * sizeof(*a->member));  \
		}                                                                          \
	} while (0)

static void check_same(const struct profile *a, const struct profile *b)
{
	CHECK_BYTES(&a->outcome, &b->outcome, sizeof(a->outcome));
	CHECK_BYTES(&a->conditions, &b->conditions, sizeof(a->conditions));
	CHECK_INT(a->moment, b->moment);
	CHECK_INT(a->peak_bytes, b->peak_bytes);
	CHECK_INT(a->end_bytes, b->end_bytes);
	CHECK_INT(a->end_blocks, b->end_blocks);
	CHECK_INT(a->total_bytes, b->total_bytes);
	CHECK_INT(a->total_blocks, b->total_blocks);
	CHECK_INT(a->segment_bytes, b->segment_bytes);
	CHECK_INT(a->failed_node, b->failed_node);
	CHECK(a->failed_node != 0);
	CHECK_INT(a->breach_node, b->breach_node);
	CHECK_STR(profile_string(a, a->command), profile_string(b, b->command));
	CHECK_STR(profile_string(a, a->host), profile_string(b, b->host));
	CHECK_STR(profile_string(a, a->tool_version), profile_string(b, b->tool_version));
	CHECK_BYTES(a->strings, b->strings, a->strings_bytes);
	CHECK_SAME(frames, frame_count);
	CHECK_SAME(modules, module_count);
	CHECK_SAME(nodes, node_count);
	CHECK_SAME(entries, entry_count);
	CHECK_SAME(processes, process_count);
	CHECK_SAME(threads, thread_count);
	CHECK_SAME(files, file_count);
	CHECK_SAME(samples, sample_count);
}

static void gives_back_what_was_written(void)
{
	struct profile *profile = sample_profile(VERDICT_CEILING);
	profile->conditions = (struct conditions){
		.flags = CONDITIONS_KNOWN | CONDITIONS_FIXED_SEED,
		.command_hash = 1,
		.seed_hash = 2,
		.variables = 3,
		.variables_bytes = 4,
		.variables_hash = 5,
		.sources = 6,
		.sources_compiled = 7,
		.interpreter = (uint64_t)8 << 40,
	};
	struct bytes bytes = written(profile);
	struct profile *again = reread(bytes);
	check_same(profile, again);
	CHECK(again->breach_node != 0);
	CHECK(bytes.len < 1500);
	profile_free(profile);
	profile_free(again);
	free(bytes.data);
}

static void keeps_where_machine_code_is(void)
{
	struct builder builder;
	builder_init(&builder);
	uint32_t module = builder_module(&builder, builder_text(&builder, "/lib/x.so"),
					 builder_text(&builder, "0123abcd"));
	uint32_t frame = builder_unnamed(&builder, module, 0x123456789a);
	builder_entry(&builder, &(struct profile_entry){
		.node = builder_node(&builder, 0, frame), .peak_bytes = 1, .peak_blocks = 1 });
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	profile->modules[module].state = SYMBOLS_NO_FILE;
	profile->modules[module].flags = MODULE_PROGRAM;
	profile->modules[module].mapped_peak_bytes = 3 << 20;
	profile->modules[module].mapped_end_bytes = 2 << 20;
	profile->modules[module].allocators = ALLOCATORS_READ | ALLOCATORS_MIMALLOC;
	struct bytes bytes = written(profile);
	struct profile *again = reread(bytes);
	const struct profile *a = profile, *b = again;
	CHECK_SAME(frames, frame_count);
	CHECK_SAME(modules, module_count);
	CHECK_STR(profile_string(again, again->frames[0].function), "x.so+0x123456789a");
	profile_free(again);
	free(bytes.data);
	profile->frames[0].module = 2;
	bytes = written(profile);
	CHECK_STR(refusal(bytes.data, bytes.len), "damaged: frame 0 has module 2 of 1");
	free(bytes.data);
	profile_free(profile);
}

/* A node that is named apart has to be one of the trie. */
static void refuses_nodes_that_are_not_there(void)
{
	struct profile *profile = sample_profile(VERDICT_CEILING);
	profile->breach_node = profile->node_count;
	struct bytes bytes = written(profile);
	CHECK_STR(refusal(bytes.data, bytes.len),
		  "damaged: the breach of the limit has node 6 of 6");
	profile_free(profile);
	free(bytes.data);
}

static void reads_from_a_descriptor(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct capture_error error = { "" };
	int fd = memfd_create("capture", 0);
	REQUIRE(capture_write(fd, profile, CAPTURE_LIGHT) == 0);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	struct profile *again = capture_read(fd, &error);
	CHECK_STR(error.message, "");
	REQUIRE(again);
	check_same(profile, again);
	close(fd);
	CHECK(!capture_read(fd, &error));
	CHECK_STR(error.message, "cannot be read: Bad file descriptor");
	profile_free(profile);
	profile_free(again);
}

static void refuses_what_is_none(void)
{
	static const unsigned char skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	struct bytes log = { (unsigned char *)"a log of yesterday, long enough", 31 };
	struct bytes foreign = compressed(log);
	CHECK_STR(refusal("", 0), "the file is empty");
	CHECK_STR(refusal("<html>", 6), "not a fil-profile capture (it does not begin as one)");
	CHECK_STR(refusal(skippable, sizeof(skippable)),
		  "not a fil-profile capture (it does not begin as one)");
	CHECK_STR(refusal("\x28\xb5", 2), "cut short: it ends after 2 bytes");
	CHECK_STR(refusal(foreign.data, foreign.len),
		  "not a fil-profile capture (compressed, but not by us)");
	free(foreign.data);
}

static void refuses_every_truncation(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct bytes bytes = written(profile);
	for (size_t len = 4; len < bytes.len; len++) {
		/* In memory of its own: a read past the end is then seen. */
		void *cut = malloc(len);
		REQUIRE(cut);
		memcpy(cut, bytes.data, len);
		const char *message = refusal(cut, len);
		CHECK(strncmp(message, "cut short: it ends after ", 25) == 0);
		free(cut);
	}
	profile_free(profile);
	free(bytes.data);
}

static void refuses_every_flipped_bit(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct bytes bytes = written(profile);
	unsigned accepted = 0;
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		struct capture_error error = { "" };
		bytes.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
		struct profile *read = capture_read_memory(bytes.data, bytes.len, &error);
		if (read) {
			/* Not used, or a match in another run of zeros. */
			check_same(profile, read);
			accepted++;
		} else {
			CHECK(error.message[0] != '\0');
		}
		profile_free(read);
		bytes.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	CHECK(accepted < bytes.len * 8 / 50);
	profile_free(profile);
	free(bytes.data);
}

/* Without zstd's own checksum: a byte of a section changed, in section after section. */
static void refuses_a_wrong_checksum(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct bytes bytes = written(profile);
	struct bytes plain = content(bytes);
	size_t at = sizeof(struct wire_header);
	unsigned sections = 0;
	for (;; sections++) {
		struct wire_section head;
		char expected[80];
		memcpy(&head, plain.data + at, sizeof(head));
		if (memcmp(head.tag, TAG_END, 4) == 0) {
			break;
		}
		size_t last = at + sizeof(head) + head.element_bytes * head.count - 1;
		snprintf(expected, sizeof(expected),
			 "damaged: the checksum of section %.4s is wrong", head.tag);
		plain.data[last] ^= 1;
		struct bytes changed = compressed(plain);
		if (head.count) {
			CHECK_STR(refusal(changed.data, changed.len), expected);
		}
		free(changed.data);
		plain.data[last] ^= 1;
		at = last + 1 + 8;
	}
	CHECK_INT(sections, 12);
	profile_free(profile);
	free(bytes.data);
	free(plain.data);
}

static void names_a_newer_version(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct bytes bytes = written(profile);
	struct bytes plain = content(bytes);
	plain.data[8] = 9;
	struct bytes newer = compressed(plain);
	CHECK_STR(refusal(newer.data, newer.len),
		  "of format 9.1, this fil-profile reads 2.x: use the version that wrote it, or a "
		  "newer one");
	free(newer.data);
	profile_free(profile);
	free(bytes.data);
	free(plain.data);
}

/** Append a section of count elements, all bytes zero, with a right checksum. */
static void append_section(struct bytes *plain, const char *tag, uint32_t element_bytes,
			   uint64_t count)
{
	struct wire_section head = { .element_bytes = element_bytes, .count = count };
	size_t len = element_bytes * count;
	memcpy(head.tag, tag, 4);
	uint64_t sum = wire_checksum_begin(&head);
	memcpy(plain->data + plain->len, &head, sizeof(head));
	memset(plain->data + plain->len + sizeof(head), 0, len);
	REQUIRE(len && len <= CHECKSUM_BLOCK_BYTES);
	sum = wire_checksum_block(sum, plain->data + plain->len + sizeof(head), len);
	memcpy(plain->data + plain->len + sizeof(head) + len, &sum, sizeof(sum));
	plain->len += sizeof(head) + len + sizeof(sum);
}

/* What a later minor version may do. */
static void skips_unknown_sections(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct bytes bytes = written(profile);
	struct bytes plain = content(bytes);
	size_t end = sizeof(struct wire_section) + sizeof(uint64_t);
	unsigned char tail[sizeof(struct wire_section) + sizeof(uint64_t)];
	plain.len -= end;
	memcpy(tail, plain.data + plain.len, end);
	append_section(&plain, "NEWS", 24, 100);
	memcpy(plain.data + plain.len, tail, end);
	plain.len += end;
	struct bytes newer = compressed(plain);
	struct profile *again = reread(newer);
	check_same(profile, again);
	profile_free(again);
	free(newer.data);
	profile_free(profile);
	free(bytes.data);
	free(plain.data);
}

/* Captures of before the ceiling: what their INFO lacks is 0. */
static void takes_what_is_lacking_as_none(void)
{
	struct profile *profile = sample_profile(VERDICT_CEILING);
	struct bytes bytes = written(profile);
	struct bytes plain = content(bytes);
	struct bytes older = { malloc(plain.len), 0 };
	REQUIRE(older.data);
	unsigned char *info = memmem(plain.data, plain.len, TAG_INFO, 4);
	REQUIRE(info);
	size_t rest = (size_t)(info - plain.data) + sizeof(struct wire_section)
		      + sizeof(struct wire_info) + sizeof(uint64_t);
	size_t before = offsetof(struct wire_info, breach);
	struct wire_section head;
	memcpy(&head, info, sizeof(head));
	head.element_bytes = (uint32_t)before;
	uint64_t sum = wire_checksum_begin(&head);
	sum = wire_checksum_block(sum, info + sizeof(head), before);
	older.len = (size_t)(info - plain.data) + sizeof(head) + before;
	memcpy(older.data, plain.data, older.len);
	memcpy(older.data + (info - plain.data), &head, sizeof(head));
	memcpy(older.data + older.len, &sum, sizeof(sum));
	older.len += sizeof(sum);
	memcpy(older.data + older.len, plain.data + rest, plain.len - rest);
	older.len += plain.len - rest;
	struct bytes capture = compressed(older);
	struct profile *again = reread(capture);
	CHECK_INT(again->breach_node, 0);
	CHECK_INT(again->outcome.breach.trigger, BREACH_NONE);
	CHECK_INT(again->outcome.charge_tracked_bytes, 0);
	CHECK_INT(again->failed_node, profile->failed_node);
	CHECK_INT(again->entry_count, profile->entry_count);
	profile_free(again);
	profile_free(profile);
	free(bytes.data);
	free(plain.data);
	free(older.data);
	free(capture.data);
}

/* 100 MB of zeros compress to 10 KB: a section that says so must not be believed. */
static void refuses_to_inflate_without_bound(void)
{
	struct wire_header header = { .magic = CAPTURE_MAGIC, .major = CAPTURE_MAJOR };
	struct wire_section head = { .tag = "STRS", .element_bytes = 1, .count = 400 << 20 };
	struct bytes plain = { calloc(1, 400 << 20), 400 << 20 };
	REQUIRE(plain.data);
	memcpy(plain.data, &header, sizeof(header));
	memcpy(plain.data + sizeof(header), &head, sizeof(head));
	struct bytes bomb = compressed(plain);
	CHECK(bomb.len < 100000);
	const char *message = refusal(bomb.data, bomb.len);
	CHECK(strstr(message, "decompress to more than a capture holds, in section STRS"));
	free(bomb.data);
	free(plain.data);
}

int main(void)
{
	RUN(gives_back_what_was_written);
	RUN(keeps_where_machine_code_is);
	RUN(refuses_nodes_that_are_not_there);
	RUN(reads_from_a_descriptor);
	RUN(refuses_what_is_none);
	RUN(refuses_every_truncation);
	RUN(refuses_every_flipped_bit);
	RUN(refuses_a_wrong_checksum);
	RUN(names_a_newer_version);
	RUN(skips_unknown_sections);
	RUN(takes_what_is_lacking_as_none);
	RUN(refuses_to_inflate_without_bound);
	return test_done();
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/unwind.h"

#include <libunwind.h>
#include <string.h>

/*
 * Looks an address up in the sorted table of an .eh_frame_hdr. It is not in libunwind's headers,
 * but exported for who brings accessors of his own (src/dwarf/Gfind_proc_info-lsb.c).
 */
#define dwarf_search_unwind_table UNW_OBJ(dwarf_search_unwind_table)
int dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *table,
			      unw_proc_info_t *ret_info, int needs_rules, void *context);

/* The Linux Standard Base, Core, 10.6.2: what begins an .eh_frame_hdr, with the encodings that
   every linker uses: offset of .eh_frame and number of entries, of 4 bytes; entries from the
   start. */
struct table_head {
	uint8_t version;
	uint8_t frame_encoding; /* 0x1b: relative to itself, signed */
	uint8_t count_encoding; /* 0x03: unsigned */
	uint8_t entry_encoding; /* 0x3b: relative to the start, signed */
	int32_t frame_offset;
	uint32_t count;
};

#define ENTRY_BYTES 8u

struct unwinding {
	struct remote_memory *memory;
	const struct remote_objects *objects;
	const struct machine_registers *registers;
	/** The last address that was asked for is in the tables. */
	bool is_known;
};

static bool has_table(struct remote_memory *memory, const struct remote_object *object,
		      struct table_head *ret)
{
	return object && object->unwind_table
		&& remote_bytes(memory, object->unwind_table, ret, sizeof(*ret))
		&& ret->version == 1 && ret->count_encoding == 0x03 && ret->entry_encoding == 0x3b
		&& ret->count && ret->count <= (object->end - object->start) / ENTRY_BYTES;
}

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info,
			  int needs_rules, void *context)
{
	struct unwinding *unwinding = context;
	const struct remote_object *object = remote_object_at(unwinding->objects, ip);
	struct table_head head;
	unwinding->is_known = false;
	if (!has_table(unwinding->memory, object, &head)) {
		return -UNW_ENOINFO;
	}
	unw_dyn_info_t table = {
		.start_ip = object->start,
		.end_ip = object->end,
		.format = UNW_INFO_FORMAT_REMOTE_TABLE,
		.u.rti = {
			.segbase = object->unwind_table,
			.table_data = object->unwind_table + sizeof(head),
			.table_len = head.count * (ENTRY_BYTES / sizeof(unw_word_t)),
		},
	};
	int result = dwarf_search_unwind_table(space, ip, &table, info, needs_rules, context);
	unwinding->is_known = result == 0;
	return result;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context)
{
	(void)space, (void)info, (void)context;
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *address, void *context)
{
	(void)space, (void)address, (void)context;
	return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *word, int writes,
		      void *context)
{
	(void)space;
	struct unwinding *unwinding = context;
	return !writes && remote_bytes(unwinding->memory, address, word, sizeof(*word))
		? 0
		: -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *word, int writes,
		      void *context)
{
	(void)space;
	struct unwinding *unwinding = context;
	const void *value = machine_register(unwinding->registers, number);
	if (writes || !value) {
		return -UNW_EBADREG;
	}
	memcpy(word, value, sizeof(*word));
	return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int writes,
			void *context)
{
	(void)space, (void)number, (void)value, (void)writes, (void)context;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *context)
{
	(void)space, (void)cursor, (void)context;
	return -UNW_EINVAL;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = get_dyn_info_list_addr,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = access_fpreg,
	.resume = resume,
};

static uint64_t register_of(unw_cursor_t *cursor, int number)
{
	unw_word_t word;
	return unw_get_reg(cursor, number, &word) == 0 ? word : 0;
}

/** Where a cursor stands. Of a call only the address behind it is known, unless it was none. */
static struct native_place place_of(const struct unwinding *unwinding, unw_cursor_t *cursor,
				    bool is_call)
{
	uint64_t ip = register_of(cursor, UNW_REG_IP);
	uint64_t address = is_call && ip ? ip - 1 : ip;
	return (struct native_place){
		.address = address,
		.sp = register_of(cursor, UNW_REG_SP),
		.object = remote_object_at(unwinding->objects, address),
	};
}

static size_t walk(struct unwinding *unwinding, unw_addr_space_t space, struct native_place *places,
		   bool *ret_is_whole)
{
	unw_cursor_t cursor;
	size_t count = 0;
	bool is_call = false;
	int next = unw_init_remote(&cursor, space, unwinding) == 0;
	while (next > 0 && count < REMOTE_FRAMES_MAX) {
		unw_proc_info_t info;
		struct native_place *place = &places[count];
		*place = place_of(unwinding, &cursor, is_call);
		if (count && !place->address) {
			/* What the last one returns to is nothing: it is the first. */
			*ret_is_whole = true;
			break;
		}
		count++;
		/* Without tables libunwind would go on by guessing. */
		if (unw_get_proc_info(&cursor, &info) != 0 || !unwinding->is_known) {
			break;
		}
		place->function = info.start_ip;
		is_call = unw_is_signal_frame(&cursor) <= 0;
		next = unw_step(&cursor);
		*ret_is_whole = next == 0;
	}
	return count;
}

size_t remote_unwind(struct remote_memory *memory, const struct remote_objects *objects,
		     const struct machine_registers *registers, struct native_place *ret_places,
		     bool *ret_is_whole)
{
	struct unwinding unwinding = { memory, objects, registers, false };
	unw_addr_space_t space = unw_create_addr_space(&accessors, 0);
	*ret_is_whole = false;
	if (!space) {
		return 0;
	}
	size_t count = walk(&unwinding, space, ret_places, ret_is_whole);
	unw_destroy_addr_space(space);
	return count;
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/intern.h"

#include "core/base/atomic.h"
#include "core/base/hash.h"

#include <string.h>

/**
 * Link element k into an empty link; returns what is linked there then. Pairs with load_acquire of
 * links.
 */
static uint32_t link_publish(uint32_t *link, uint32_t k)
{
	uint32_t expected = 0;
	return cas_acq_rel(link, &expected, k) ? k : expected;
}

static uint32_t node_new(struct segment_view *view, uint32_t parent, uint32_t code, uint32_t place)
{
	uint32_t k = view_add_shared(view, ARENA_NODE, 1);
	if (k) {
		struct node *node = view_node(view, k);
		node->parent = parent;
		node->code = code;
		node->place = place;
	}
	return k;
}

uint32_t intern_node(struct segment_view *view, uint32_t parent, uint32_t code, uint32_t place)
{
	uint64_t hash = hash_mix(code, place);
	uint32_t *link = parent ? &view_node(view, parent)->below
				: &view_node_roots(view)[hash % ROOT_NODES];
	for (;;) {
		uint32_t k = load_acquire(link);
		if (!k) {
			uint32_t made = node_new(view, parent, code, place);
			k = made ? link_publish(link, made) : 0;
			if (!made || k == made) {
				return made;
			}
		}
		struct node *node = view_node(view, k);
		if (node->code == code && node->place == place) {
			return k;
		}
		link = &node->link[hash_digit(&hash, countof(node->link))];
	}
}

static uint32_t text_new(struct segment_view *view, const void *bytes, uint32_t len, uint32_t hash)
{
	uint32_t units =
		(uint32_t)((sizeof(struct text) + (uint64_t)len + TEXT_UNIT - 1) / TEXT_UNIT);
	uint32_t k = view_add_shared(view, ARENA_TEXT, units);
	if (k) {
		struct text *text = view_text(view, k);
		text->len = len;
		text->hash = hash;
		memcpy(text + 1, bytes, len);
	}
	return k;
}

uint32_t intern_text(struct segment_view *view, const void *bytes, uint32_t len)
{
	if (len == 0) {
		return 0;
	}
	uint64_t hash = hash_bytes(bytes, len);
	uint32_t low = (uint32_t)hash;
	uint32_t *link = &view_text_roots(view)[hash % ROOT_TEXTS];
	for (;;) {
		uint32_t k = load_acquire(link);
		if (!k) {
			uint32_t made = text_new(view, bytes, len, low);
			k = made ? link_publish(link, made) : 0;
			if (!made || k == made) {
				return made;
			}
		}
		struct text *text = view_text(view, k);
		if (text->hash == low && text->len == len && memcmp(text + 1, bytes, len) == 0) {
			return k;
		}
		link = &text->link[hash_digit(&hash, countof(text->link))];
	}
}

#define CODE_CONTENT offsetof(struct code, filename)

static uint32_t code_new(struct segment_view *view, const struct code *like, uint64_t hash)
{
	uint32_t k = view_add_shared(view, ARENA_CODE, 1);
	if (k) {
		struct code *code = view_code(view, k);
		*code = *like;
		memset(code->link, 0, sizeof(code->link));
		code->hash = hash;
	}
	return k;
}

uint32_t intern_code(struct segment_view *view, const struct code *like)
{
	const size_t len = sizeof(struct code) - CODE_CONTENT;
	const uint64_t full = hash_bytes((const char *)like + CODE_CONTENT, len);
	uint64_t hash = full;
	uint32_t *link = &view_code_roots(view)[hash % ROOT_CODES];
	for (;;) {
		uint32_t k = load_acquire(link);
		if (!k) {
			uint32_t made = code_new(view, like, full);
			k = made ? link_publish(link, made) : 0;
			if (!made || k == made) {
				return made;
			}
		}
		struct code *code = view_code(view, k);
		if (code->hash == full
		    && memcmp((char *)code + CODE_CONTENT, (const char *)like + CODE_CONTENT, len)
			       == 0) {
			return k;
		}
		link = &code->link[hash_digit(&hash, countof(code->link))];
	}
}

uint32_t intern_label(struct segment_view *view, const char *label)
{
	struct code code = { .kind = CODE_LABEL };
	code.qualname = intern_text(view, label, (uint32_t)strlen(label));
	return code.qualname ? intern_code(view, &code) : 0;
}

uint32_t intern_new_entry(struct segment_view *view, uint32_t node)
{
	struct node *owner = view_node(view, node);
	uint32_t k = view_add_shared(view, ARENA_ENTRY, 1);
	if (k) {
		/* Its page is there from now on, also if only ledgers have something of it: for
		   readers a hole is the end of what there is. */
		*(volatile uint64_t *)&view_entry(view, k)->total_blocks = 0;
		owner->entry = k;
	}
	return k;
}

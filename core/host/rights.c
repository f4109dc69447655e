// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/rights.h"

#include "core/host/buffer.h"
#include "core/host/file.h"
#include "core/host/proc.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* capget(2): its third version, of 64 bits in two halves. */
#define CAPABILITY_VERSION 0x20080522u
struct capability_header {
	uint32_t version;
	int pid;
};
struct capability_half {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};

/** A line with as many groups as a process can have (65536) takes 700 KB. */
#define STATUS_BYTES_MAX ((size_t)1 << 20)
/** Real, effective, saved, of the file system. */
#define ID_COUNT 4
#define ID_REAL 0
#define ID_EFFECTIVE 1

/** The numbers behind a key: how many there are, the first max of them stored. */
static size_t read_numbers(const char *status, const char *key, unsigned *ret_numbers, size_t max)
{
	const char *next = proc_line(status, key);
	const char *line_end = next ? strchr(next, '\n') : NULL;
	size_t count = 0;
	char *end;
	while (next && line_end) {
		unsigned long number = strtoul(next, &end, 10);
		if (end == next || end > line_end) {
			break;
		}
		if (count < max) {
			ret_numbers[count] = (unsigned)number;
		}
		count++;
		next = end;
	}
	return count;
}

static bool are_alike(const unsigned ids[ID_COUNT])
{
	return ids[0] == ids[1] && ids[1] == ids[2] && ids[2] == ids[3];
}

int rights_parse(struct rights *ret_rights, const char *status)
{
	unsigned users[ID_COUNT];
	unsigned groups[ID_COUNT];
	if (read_numbers(status, "Uid:", users, ID_COUNT) != ID_COUNT
	    || read_numbers(status, "Gid:", groups, ID_COUNT) != ID_COUNT
	    || !proc_line(status, "Groups:") || !proc_line(status, "CapEff:")) {
		errno = EPROTO;
		return -1;
	}
	struct rights rights = {
		.user = users[ID_EFFECTIVE],
		.group = groups[ID_EFFECTIVE],
		.group_count = read_numbers(status, "Groups:", NULL, 0),
		.capabilities = strtoull(proc_line(status, "CapEff:"), NULL, 16),
		.is_lent = users[ID_REAL] != 0 && !(are_alike(users) && are_alike(groups)),
	};
	rights.groups = calloc(rights.group_count + 1, sizeof(*rights.groups));
	if (!rights.groups) {
		return -1;
	}
	_Static_assert(sizeof(gid_t) == sizeof(unsigned), "read in place");
	read_numbers(status, "Groups:", rights.groups, rights.group_count);
	*ret_rights = rights;
	return 0;
}

int rights_read(struct rights *ret_rights, const char *proc_root, pid_t pid)
{
	char path[PROC_PATH_MAX];
	cleanup_buffer struct buffer status = { 0 };
	if (!proc_path(path, sizeof(path), proc_root, pid, "status")) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return file_read(path, STATUS_BYTES_MAX, &status) == 0
		? rights_parse(ret_rights, buffer_text(&status))
		: -1;
}

/** The kernel keeps groups sorted. */
bool rights_are_equal(const struct rights *rights, const struct rights *others)
{
	return rights->user == others->user && rights->group == others->group
		&& rights->capabilities == others->capabilities
		&& rights->group_count == others->group_count
		&& memcmp(rights->groups, others->groups,
			  rights->group_count * sizeof(*rights->groups)) == 0;
}

/** Give up all other capabilities. Those that are lacking stay so: the kernel refuses more. */
static int keep_capabilities(uint64_t wanted)
{
	struct capability_header header = { .version = CAPABILITY_VERSION };
	struct capability_half halves[2];
	if (syscall(SYS_capget, &header, halves) != 0) {
		return -1;
	}
	for (unsigned i = 0; i < 2; i++) {
		halves[i].permitted &= (uint32_t)(wanted >> 32 * i);
		halves[i].effective = halves[i].permitted;
		halves[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &header, halves);
}

int rights_assume(const struct rights *rights)
{
	/* Groups while we still may, the user last. Where nothing changes nothing is asked for:
	   whoever is not root may not even set what they have. */
	struct rights ours;
	if (rights_read(&ours, "", 0) != 0) {
		return -1;
	}
	bool is_equal = rights_are_equal(rights, &ours);
	rights_done(&ours);
	if (is_equal) {
		return 0;
	}
	if (setgroups(rights->group_count, rights->groups) != 0
	    || setresgid(rights->group, rights->group, rights->group) != 0
	    || setresuid(rights->user, rights->user, rights->user) != 0
	    || keep_capabilities(rights->capabilities) != 0) {
		return -1;
	}
	if (geteuid() != rights->user || getegid() != rights->group) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

void rights_done(struct rights *rights)
{
	free(rights->groups);
	rights->groups = NULL;
	rights->group_count = 0;
}

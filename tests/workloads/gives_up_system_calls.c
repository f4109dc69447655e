// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * After some allocations: a filter under which opening a file is deadly. Then touches as many MiB,
 * one block after the other, as it is told.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define MIB ((size_t)1 << 20)

static void forbid_open(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(program) / sizeof(program[0]), program };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &filter)) {
		perror("seccomp");
		exit(1);
	}
}

static void fill(int mib)
{
	for (int i = 0; i < mib; i++) {
		char *block = malloc(MIB);
		if (!block) {
			exit(1);
		}
		memset(block, 1, MIB);
	}
}

int main(int argc, char **argv)
{
	fill(20);
	forbid_open();
	fill(argc > 1 ? atoi(argv[1]) : 0);
	puts("filled");
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/passing.h"

#include "core/host/fd.h"
#include "core/shm/create.h"
#include "core/supervise/error.h"
#include "core/supervise/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* include/uapi/linux/memfd.h (MFD_EXEC since 6.3) and fcntl.h; musl's headers lack some. */
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1u
#endif
#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2u
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 16u
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif
#define SEAL_SEAL 1
#define SEAL_SHRINK 2
#define SEAL_GROW 4
#define SEAL_WRITE 8
/** The hook has room for a path of this length (core/hook/hook.h). */
#define PASSED_PATH_MAX 255u

/**
 * A memfd that may be mapped executable, or not. Kernels before 6.3 know neither flag; a system may
 * refuse MFD_EXEC (vm.memfd_noexec=2), but mapping code from a memfd needs no x bit.
 */
static int memfd_new(const char *name, unsigned kind)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | kind);
	if (fd < 0 && (errno == EINVAL || errno == EACCES)) {
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	}
	return fd_above_stdio(fd);
}

/** The path by which another process reaches fd; the number is what its /proc calls us. */
static bool fd_path(char *path, size_t size, int fd)
{
	char self[32];
	ssize_t len = readlink("/proc/self", self, sizeof(self) - 1);
	if (len <= 0) {
		return false;
	}
	self[len] = 0;
	return (size_t)snprintf(path, size, "/proc/%s/fd/%d", self, fd) < size;
}

/** Write the image and allow nobody to change it. */
static bool hook_fill(int fd, const struct supervise_options *options, bool seal)
{
	if (fd < 0 || fd_write_all(fd, options->hook_image, options->hook_image_bytes) < 0) {
		return false;
	}
	/* Under vm.memfd_noexec an x bit may not be added; ld.so needs none. */
	if (fchmod(fd, 0500) < 0 && fchmod(fd, 0400) < 0) {
		return false;
	}
	return !seal
		|| fcntl(fd, F_ADD_SEALS, SEAL_SEAL | SEAL_SHRINK | SEAL_GROW | SEAL_WRITE) == 0;
}

static void *page_map(int fd, uint64_t offset, size_t len)
{
	void *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	return page == MAP_FAILED ? NULL : page;
}

/** Bytes of the front that we map: the header's page, and at least what a slot's head takes. */
static size_t mapped_bytes(void)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return page_bytes < sizeof(struct slot) ? sizeof(struct slot) : page_bytes;
}

static bool segment_map(struct passing *passing, struct supervise_error *ret_error)
{
	passing->header = page_map(passing->segment_fd, 0, passing->page_bytes);
	passing->slot = page_map(passing->segment_fd, slot_offset(0), passing->page_bytes);
	if (!passing->header || !passing->slot) {
		return error_set(ret_error, 125, errno, "cannot map %s",
				 passing->segment_file[0] ? passing->segment_file
							  : "the shared memory");
	}
	return true;
}

static bool segment_size(const struct passing *passing, uint64_t wanted, uint64_t *ret_size,
			 struct supervise_error *ret_error)
{
	int error = 0;
	*ret_size = segment_set_size(passing->segment_fd, wanted, &error);
	if (!*ret_size) {
		return error_set(ret_error, 125, error,
				 "cannot make a file of %llu MiB for the shared memory",
				 (unsigned long long)(SEGMENT_SIZE_MIN >> 20));
	}
	return true;
}

/** A memfd becomes a segment: nobody takes away what is mapped. */
static bool segment_fill(struct passing *passing, struct supervise_error *ret_error)
{
	uint64_t size;
	passing->page_bytes = mapped_bytes();
	if (!segment_size(passing, SEGMENT_SIZE_MAX, &size, ret_error)
	    || !segment_map(passing, ret_error)) {
		return false;
	}
	segment_init(passing->header, passing->slot, size);
	if (fchmod(passing->segment_fd, 0600) < 0
	    || fcntl(passing->segment_fd, F_ADD_SEALS, SEAL_SEAL | SEAL_SHRINK | SEAL_GROW) < 0) {
		return error_set(ret_error, 125, errno, "cannot seal the shared memory");
	}
	return true;
}

/**
 * A real file becomes a segment. All that is written to at fixed places gets its space now; the
 * hook asks for what it takes. What makes it one is written early, so that we can be killed almost
 * anywhere without leaving a file that nobody knows what to do with.
 */
static bool segment_fill_file(struct passing *passing, uint64_t wanted,
			      struct supervise_error *ret_error)
{
	int fd = passing->segment_fd;
	uint64_t size;
	passing->page_bytes = mapped_bytes();
	if (fchmod(fd, 0600) < 0) {
		return error_set(ret_error, 125, errno, "cannot make %s private",
				 passing->segment_file);
	}
	if (!kept_file_prepare(fd, passing->segment_file, ret_error)
	    || !segment_size(passing, wanted, &size, ret_error)
	    || !kept_file_zero(fd, 0, passing->page_bytes, ret_error)
	    || !kept_file_zero(fd, slot_offset(0), passing->page_bytes, ret_error)
	    || !segment_map(passing, ret_error)) {
		return false;
	}
	passing->header->flags = kept_file_flags(fd);
	segment_init(passing->header, passing->slot, size);
	return kept_file_zero(fd, passing->page_bytes, SEGMENT_FRONT_BYTES - passing->page_bytes,
			      ret_error)
		&& kept_file_zero(fd, slot_offset(0) + passing->page_bytes,
				  SLOT_BYTES - passing->page_bytes, ret_error);
}

/** The file of this name, for a report that is made of it when we are gone. */
static bool segment_open_kept(struct passing *passing, const char *name,
			      struct supervise_error *ret_error)
{
	passing->segment_fd = kept_file_create(name, passing->segment_file,
					       sizeof(passing->segment_file), ret_error);
	if (passing->segment_fd < 0) {
		return false;
	}
	passing->files_owner = getpid();
	if (!segment_fill_file(passing, SEGMENT_SIZE_KEPT, ret_error)) {
		return false;
	}
	passing->info = page_map(passing->segment_fd, RUN_INFO_OFFSET, sizeof(struct run_info));
	return passing->info
		|| error_set(ret_error, 125, errno, "cannot map %s", passing->segment_file);
}

static bool segment_open_memory(struct passing *passing, struct supervise_error *ret_error)
{
	passing->segment_fd = memfd_new("fil-segment", MFD_NOEXEC_SEAL);
	if (passing->segment_fd < 0) {
		return error_set(ret_error, 125, errno, "memfd_create is not available");
	}
	return segment_fill(passing, ret_error);
}

/**
 * Can a process that is not us open the path? (Not if we are not dumpable, or a security module
 * says no.)
 */
static bool others_can_open(const char *path, int flags)
{
	if (!*path) {
		return true;
	}
	pid_t pid = fork();
	if (pid == 0) {
		_exit(open(path, flags | O_CLOEXEC) < 0);
	}
	int status = 1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return pid > 0 && status == 0;
}

static bool open_memfds(struct passing *passing, const struct supervise_options *options,
			struct supervise_error *ret_error)
{
	if (!(options->segment_file
		      ? segment_open_kept(passing, options->segment_file, ret_error)
		      : segment_open_memory(passing, ret_error))) {
		return false;
	}
	passing->header->flags |= options->native;
	if (options->hook_image) {
		passing->hook_fd = memfd_new("fil-hook", MFD_EXEC);
		if (!hook_fill(passing->hook_fd, options, true)
		    || !fd_path(passing->hook_path, sizeof(passing->hook_path), passing->hook_fd)) {
			return error_set(ret_error, 125, errno, "cannot pass the hook in memory");
		}
	}
	if (!fd_path(passing->segment_path, sizeof(passing->segment_path), passing->segment_fd)
	    || !others_can_open(passing->segment_path, O_RDWR)
	    || !others_can_open(passing->hook_path, O_RDONLY)) {
		return error_set(ret_error, 125, 0,
				 "/proc is not available to pass descriptors by");
	}
	return true;
}

/** ld.so cuts LD_PRELOAD at spaces and colons; a file system may forbid mapping code. */
static bool folder_is_usable(const char *folder)
{
	return folder && folder[0] == '/' && !strpbrk(folder, " :");
}

static bool maps_executable(int fd)
{
	void *page = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return page != MAP_FAILED && munmap(page, 1) == 0;
}

static int file_new(char *path, size_t size, const char *folder, const char *name)
{
	if ((size_t)snprintf(path, size, "%s/%s-XXXXXX", folder, name) >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = fd_above_stdio(mkostemp(path, O_CLOEXEC));
	if (fd < 0) {
		path[0] = 0;
	}
	return fd;
}

static bool segment_open_in_folder(struct passing *passing, const char *folder,
				   struct supervise_error *ret_error)
{
	passing->segment_fd = file_new(passing->segment_file, sizeof(passing->segment_file),
				       folder, "fil-segment");
	if (passing->segment_fd < 0) {
		return error_set(ret_error, 125, errno, "cannot create a file in %s", folder);
	}
	return segment_fill_file(passing, SEGMENT_SIZE_MAX, ret_error);
}

static bool open_in_folder(struct passing *passing, const struct supervise_options *options,
			   const char *folder, struct supervise_error *ret_error)
{
	passing->files_owner = getpid();
	if (!(options->segment_file
		      ? segment_open_kept(passing, options->segment_file, ret_error)
		      : segment_open_in_folder(passing, folder, ret_error))) {
		return false;
	}
	if (strlen(passing->segment_file) > PASSED_PATH_MAX) {
		return error_set(ret_error, 125, 0, "%s: longer than %u bytes",
				 passing->segment_file, PASSED_PATH_MAX);
	}
	strcpy(passing->segment_path, passing->segment_file);
	passing->header->flags |= options->native;
	if (!options->hook_image) {
		return true;
	}
	passing->hook_fd =
		file_new(passing->hook_file, sizeof(passing->hook_file), folder, "fil-hook");
	strcpy(passing->hook_path, passing->hook_file);
	if (!hook_fill(passing->hook_fd, options, false)) {
		return error_set(ret_error, 125, errno, "cannot write the hook into %s", folder);
	}
	if (!maps_executable(passing->hook_fd)) {
		return error_set(ret_error, 125, errno, "code cannot be mapped from %s", folder);
	}
	return true;
}

void passing_keep_segment(struct passing *passing)
{
	passing->segment_file[0] = 0;
}

/** Remove a file of ours, if it is still the one that has this name. */
static void remove_file(const char *path, int fd)
{
	struct stat ours, named;
	if (path[0] && fstat(fd, &ours) == 0 && lstat(path, &named) == 0
	    && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) {
		unlink(path);
	}
}

void passing_close(struct passing *passing)
{
	if (passing->header) {
		munmap(passing->header, passing->page_bytes);
	}
	if (passing->slot) {
		munmap(passing->slot, passing->page_bytes);
	}
	if (passing->info) {
		munmap(passing->info, sizeof(*passing->info));
	}
	if (passing->files_owner == getpid()) {
		remove_file(passing->segment_file, passing->segment_fd);
		remove_file(passing->hook_file, passing->hook_fd);
	}
	fd_close(&passing->segment_fd);
	fd_close(&passing->hook_fd);
	*passing = (struct passing){ .segment_fd = -1, .hook_fd = -1 };
}

bool passing_open_files(struct passing *passing, const struct supervise_options *options,
			struct supervise_error *ret_error)
{
	const char *folders[] = {
		getenv("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp", "/var/tmp", options->fallback_folder,
	};
	error_set(ret_error, 125, 0, "there is no folder for the hook");
	for (size_t i = 0; i < countof(folders); i++) {
		char folder[PATH_MAX];
		if (!folders[i] || !realpath(folders[i], folder) || !folder_is_usable(folder)) {
			continue;
		}
		*passing = (struct passing){ .segment_fd = -1, .hook_fd = -1 };
		if (open_in_folder(passing, options, folder, ret_error)) {
			return true;
		}
		passing_close(passing);
	}
	return false;
}

bool passing_open(struct passing *passing, const struct supervise_options *options,
		  struct supervise_error *ret_error)
{
	*passing = (struct passing){ .segment_fd = -1, .hook_fd = -1 };
	if (open_memfds(passing, options, ret_error)) {
		return true;
	}
	passing_close(passing);
	return passing_open_files(passing, options, ret_error);
}

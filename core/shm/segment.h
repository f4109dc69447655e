// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The segment: the memory that the hook (inside the workload) and the supervisor (outside) share.
 *
 * One sparse memfd, created and sized by the supervisor, sealed against shrinking; or a file on a
 * disk, if it is to outlive both (SEGMENT_ON_DISK). Who writes what:
 * the supervisor initialises it and sets slots up before the workload starts, and answers requests;
 * everything else is written by hooks. The supervisor reads it with pread only (touching a hole
 * through a mapping would allocate it). All numbers are in the byte order of the machine.
 *
 *   0          struct segment_header                    4 KiB, every hook maps the front
 *   ROOTS      u32 heads of the three intern tables     outermost nodes, codes, texts
 *   DIRECTORY  u32 extent numbers, one row per shared arena
 *   RUN_INFO   what the supervisor knows about the run: core/shm/run_info.h
 *   FRONT_BYTES + i MiB
 *              slot i: struct slot, arena rows of the slot, its table of struct region
 *   EXTENTS    extent 0, 1, 2 ...                       256 KiB each, handed out in order
 *
 * Arena: an array of equal elements that grows by whole extents and never moves. Element k lies in
 * the extent that row[k / per_extent] names. Elements are numbered from 1; 0 says "none".
 *
 * Glossary (the project's words are in design terms here):
 *   frame   a code (Python code object, object file, label) and a place in it
 *   mapper  the object file whose code has asked for a mapping
 *   node    a frame below a parent node: a stack is the path from a node to the root
 *   entry   the account of one stack that has allocated: live, snapshot, totals
 *   ledger  totals and accounts that some threads of a process keep apart from the others, while
 *           they would only wait for each other: the sums over all are what they would be
 *   slot    one process that records; generation counts its images (an exec starts a new one)
 *   epoch   number of the current peak; see struct entry
 */
#ifndef CORE_SHM_SEGMENT_H
#define CORE_SHM_SEGMENT_H

#include "core/base/breach.h"
#include "core/base/python.h"
#include "core/base/recording.h"

#include <stddef.h>
#include <stdint.h>

#define SEGMENT_MAGIC 0x315247534c4946u /* "FILSGR1\0", little endian */
#define SEGMENT_VERSION 12u

/** A real file, whose file system may fill up: space is taken before it is written to (space.h). */
#define SEGMENT_ON_DISK 0x1u
/** Its pages count as file pages of who has them mapped, not as shared memory (tmpfs, memfd). */
#define SEGMENT_IS_FILE_PAGES 0x2u
/**
 * Native stacks: never (of a program without Python, the caller of the allocator only), always.
 * Neither: where there is no Python.
 */
#define SEGMENT_NATIVE_NO 0x4u
#define SEGMENT_NATIVE_YES 0x8u
/** Nothing is recorded but while the workload has a scope open (struct scope). */
#define SEGMENT_ON_REQUEST 0x10u

#define EXTENT_BYTES ((uint64_t)256 << 10)
/** Extents that one arena can have: 4 GiB of elements. */
#define ARENA_EXTENTS_MAX 16384u
#define SLOT_COUNT 64u
#define SLOT_BYTES ((uint64_t)1 << 20)

/** Sizes of the heads of the intern tables, in u32. Below a head hangs a trie by hash. */
#define ROOT_NODES 4096u
#define ROOT_CODES 4096u
#define ROOT_TEXTS 4096u

/** Ledgers of a process. Of more threads some share one. */
#define LEDGER_COUNT 16u

enum shared_arena {
	ARENA_NODE = 0, /* struct node */
	ARENA_ENTRY,    /* struct entry */
	ARENA_CODE,     /* struct code */
	ARENA_TEXT,     /* struct text, in units of TEXT_UNIT bytes */
	ARENA_SCOPE,    /* struct entry: what the scope has of the entry of the same number */
	ARENA_LEDGER,   /* struct entry: what ledger 0 has of it; then ledger 1, and so on */
	SHARED_ARENA_COUNT = ARENA_LEDGER + LEDGER_COUNT
};

enum slot_arena {
	ARENA_SLAB = 0, /* live blocks: u64 slab entries, core/shm/live.h */
	ARENA_RANGE,    /* struct range: counted mappings and blocks too large for a slab entry */
	ARENA_THREAD,   /* struct thread_record */
	SLOT_ARENA_COUNT
};

#define SEGMENT_ROOTS_OFFSET ((uint64_t)4096)
#define SEGMENT_DIRECTORY_OFFSET ((uint64_t)128 << 10)
#define DIRECTORY_ROW_BYTES (ARENA_EXTENTS_MAX * sizeof(uint32_t))
#define SEGMENT_FRONT_BYTES ((uint64_t)2 << 20)
#define SEGMENT_SLOTS_OFFSET SEGMENT_FRONT_BYTES
#define SEGMENT_EXTENTS_OFFSET (SEGMENT_SLOTS_OFFSET + SLOT_COUNT * SLOT_BYTES)
#define SLOT_DIRECTORY_OFFSET ((uint64_t)8192)
#define SLOT_REGIONS_OFFSET ((uint64_t)512 << 10)
/** Regions of 1 GiB of address space in which a slot may have blocks. */
#define REGIONS_MAX 65536u
/** Extents of a region's second-level table: one u64 per 4 KiB page. */
#define REGION_EXTENTS ((uint32_t)((((uint64_t)1 << 18) * 8) / EXTENT_BYTES))

/** What an arena's owner keeps about it. Row of extent numbers: see arena_row_offset. */
struct arena {
	/**
	 * Elements handed out, number 0 (which is never one) included. Only grows, but for an exec.
	 */
	uint64_t used;
	/** Extents in its row. An extent is in the row before an element of it is handed out. */
	uint32_t extents;
	uint32_t element_bytes;
};

/**
 * Totals over all slots and the number of the current peak. One cache line of its own.
 * live_bytes is always the sum of live_bytes over all entries, but for operations under way; while
 * ledgers are open, with what they have.
 */
struct totals {
	uint64_t live_bytes;
	uint64_t live_blocks;
	/**
	 * Highest live_bytes that has been followed by a decrease. The peak is max(this,
	 * live_bytes).
	 */
	uint64_t peak_bytes;
	/**
	 * Incremented when peak_bytes is raised, which happens at the decrease that follows. Never
	 * 0.
	 */
	uint64_t epoch;
	/** Allocations recorded (malloc family, Python objects, counted mappings). */
	uint64_t allocations;
	/**
	 * The supervisor has seen memory grow, and there are sparse mappings: the next allocation
	 * is to look how much of them is there. Here, because allocations have this line at hand.
	 */
	uint32_t look_wanted;
	uint32_t reserved;
	uint64_t reserved2[2];
};

/**
 * An operation under way in the slot or a ledger, for the collector to repair. op is stored last
 * and cleared first.
 */
struct intent {
	uint32_t op; /* enum intent_op */
	uint32_t entry;
	uint64_t address;
	uint64_t bytes;
	/** entry.live_bytes and totals.live_bytes before the operation. */
	uint64_t entry_live_before;
	uint64_t total_live_before;
	uint64_t blocks_before;
	uint64_t total_blocks_before;
};

enum intent_op {
	INTENT_NONE = 0,
	INTENT_ADD = 1,
	INTENT_REMOVE = 2,
	/**
	 * What ledger number entry has is moved into the totals: bytes, in blocks_before blocks, of
	 * as many allocations as address says. entry_live_before is totals.allocations before that.
	 */
	INTENT_FOLD = 3,
};

/** What live_bytes of a ledger with nothing in it is: less than that was freed through it. */
#define LEDGER_NOTHING ((uint64_t)1 << 62)

/**
 * Books of some threads of slot 0, which they keep under a lock of their own. Its totals are what
 * came since it was opened, and its accounts (ARENA_LEDGER) parts of those in ARENA_ENTRY: negative
 * ones, modulo 2^64, where one thread frees what another has allocated.
 *
 * The peak stays exact because no ledger may reach it: an open one has a credit, and
 * totals.live_bytes and all credits together are never above totals.peak_bytes. Its own peak_bytes
 * is LEDGER_NOTHING and that credit, and its epoch that of the totals. Whoever needs more closes
 * all: what they have is folded into the totals, and all record there again.
 */
struct ledger {
	/** As the slot's, which may be held already when this one is taken, but not the reverse. */
	uint32_t lock;
	/** 1: its threads may use it. Set under the slot's lock, cleared under both. */
	uint32_t is_open;
	struct totals totals __attribute__((aligned(64)));
	struct intent intent __attribute__((aligned(64)));
};

/** The ceiling, as the supervisor sets it before the workload starts. */
struct segment_ceiling {
	uint32_t metric; /* enum ceiling_metric */
	uint32_t action; /* enum ceiling_action */
	uint64_t limit_bytes;
	/**
	 * The allocation of this number (struct breach) is to fail, once in each image that the
	 * program becomes by exec; 0: none.
	 */
	uint64_t fail_at;
	/** What processes below the workload were last seen to be charged, by the supervisor. */
	uint64_t others_bytes;
	/**
	 * The largest pages that one fault may bring: of memory as it is, and of memory for which
	 * huge pages were advised. 0: faults are not to be counted.
	 */
	uint64_t page_bytes;
	uint64_t advised_page_bytes;
	/** At which faults a thread stops now (oomsim/ceiling.h); CEILING_STEPS: at none. */
	uint32_t fault_step;
	/** What the kernel puts on a stack for a signal handler, at most; 0: not known. */
	uint32_t signal_frame_bytes;
};

struct segment_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_bytes;
	/** Bytes of the file; extents end before it. */
	uint64_t size_bytes;

	/**
	 * Thread id of the supervisor while it lives: a robust futex of the supervisor's, in which
	 * the kernel sets FUTEX_OWNER_DIED (0x40000000) when the supervisor dies, however that
	 * happens. Written by the supervisor and the kernel; read by hooks before and while they
	 * wait.
	 */
	uint32_t supervisor_tid;
	/** Incremented and woken (FUTEX_WAKE, shared) by a hook that has posted a request. */
	uint32_t doorbell;
	/** Next extent to hand out (atomic add). */
	uint32_t next_extent;
	/** Slots in use are 0 .. slots_used-1. */
	uint32_t slots_used;
	/** Forked or spawned child processes that noticed themselves (atomic add). */
	uint64_t children;
	/**
	 * Images that only led to Python (a shim of pyenv or conda): what they forked is no child
	 * of the job. Incremented, after children was set to 0, when they exec it.
	 */
	uint32_t launchers;
	/** SEGMENT_*; set by the supervisor before the workload starts. */
	uint32_t flags;

	struct arena arena[SHARED_ARENA_COUNT];

	struct segment_ceiling ceiling;

	struct totals totals __attribute__((aligned(64)));
	/** Of the scope in a run that is recorded as a whole: sums over ARENA_SCOPE. */
	struct totals scope_totals;

	struct ledger ledger[LEDGER_COUNT];
};

/**
 * A frame below a parent. Written once, published by the CAS that links it, then immutable but for
 * entry, below and link.
 */
struct node {
	/** Parent node, 0 for an outermost frame. */
	uint32_t parent;
	uint32_t code;
	/** In Python code the line, 0 for none; in machine code see CODE_NATIVE; for labels 0. */
	uint32_t place;
	/** Its entry, 0 until it allocates. */
	uint32_t entry;
	/**
	 * Head of the nodes below it, most often few: each step of a stack's way down but the first
	 * finds it in a node that was just read.
	 */
	uint32_t below;
	uint32_t link[3];
};

/**
 * The account of one stack. Exact peak in O(1): before any change,
 *     if (snap_epoch != totals.epoch) { snap = live; snap_epoch = totals.epoch; }
 * so that its share of the peak is, at any time,
 *     totals.live_bytes > totals.peak_bytes    live       (the peak is now)
 *     snap_epoch == totals.epoch               snap       (it has changed since the peak)
 *     otherwise                                live       (it has not)
 * and these shares sum to the peak. Store order: snap fields, snap_epoch, then live, then totals.
 * Which stack it is says the node that names it.
 */
struct entry {
	uint64_t live_bytes;
	uint64_t snap_bytes;
	uint64_t total_bytes;
	uint64_t total_blocks;
	uint64_t snap_epoch;
	/** A stack that held 2^32 blocks would take 64 GiB for their heads alone. */
	uint32_t live_blocks;
	uint32_t snap_blocks;
};

enum code_kind {
	/** A Python code object: filename, qualname and its first line. */
	CODE_PYTHON = 1,
	/** A frame that is only a label, such as "[thread started here]": qualname holds it. */
	CODE_LABEL = 2,
	/**
	 * An object file of machine code: filename is its path, qualname its build id in lower-case
	 * hexadecimal (none: 0), variant an enum native_address. The address, as the file's own
	 * symbols have it (without what the loader added), is first_line (upper half) and
	 * node.place (lower half).
	 */
	CODE_NATIVE = 3,
	/**
	 * No frame: the text of a source file that is on no disk, such as a cell of a notebook, as
	 * the workload has handed it over. filename is its name, qualname what reports are to call
	 * it (0: the same).
	 */
	CODE_SOURCE = 4,
	/**
	 * No frame, but the innermost node of a mapping's stack: the object file whose code has
	 * asked for it, also where stacks have no machine code. filename and qualname as in
	 * CODE_NATIVE.
	 */
	CODE_MAPPER = 5,
};

/** What the address of a native frame is. */
enum native_address {
	/** Where a call returns to: the call is the instruction before. */
	NATIVE_RETURN = 0,
	/** The next instruction of a function that a signal has interrupted. */
	NATIVE_INTERRUPTED = 1,
};

/** Interned by content (all fields but link). */
struct code {
	uint32_t link[4];
	uint64_t hash;
	uint32_t filename;  /* text */
	uint32_t qualname;  /* text */
	int32_t first_line; /* co_firstlineno */
	uint16_t kind;      /* enum code_kind */
	uint16_t variant;   /* of CODE_NATIVE an enum native_address */
	uint32_t text;      /* text: of CODE_SOURCE its lines */
	uint32_t reserved[5];
};

#define TEXT_UNIT 8u
/**
 * Interned bytes; number = position in units of TEXT_UNIT. May span extents that are consecutive.
 */
struct text {
	uint32_t link[4];
	uint32_t len;
	uint32_t hash;
	/* len bytes follow, not terminated */
};

enum slot_state {
	SLOT_FREE = 0,
	/** Set up by the supervisor for a process that has not yet run a hook. */
	SLOT_EXPECTED = 1,
	/** A hook records into it. */
	SLOT_RECORDING = 2,
};

enum request_kind {
	REQUEST_NONE = 0,
	/** SIGUSR2 reached the workload: write a report of the peak so far. Nobody waits. */
	REQUEST_SNAPSHOT = 1,
	/** An allocation was refused; the requester waits (bounded) so that live can be read. */
	REQUEST_FAILED_ALLOCATION = 2,
	/** Being filled in: to be ignored. */
	REQUEST_CLAIMED = 3,
	/** slot.breach was filled in; the requester waits (bounded) for what comes of it. */
	REQUEST_BREACH = 4,
	/**
	 * Page faults are to be counted, bytes being the step; CEILING_STEPS: no more in this
	 * image. The requester waits (bounded) and finds what was done in ceiling.fault_step.
	 */
	REQUEST_FAULTS = 5,
	/** A report of the scope is wanted; the requester waits for scope.reports_done. */
	REQUEST_SCOPE = 6,
};

/** One request at a time per slot: taken by CAS NONE -> CLAIMED, filled in, then posted. */
struct request {
	/** enum request_kind; set to REQUEST_NONE by the supervisor when answered, then woken. */
	uint32_t kind;
	uint32_t tid;
	uint32_t node;
	uint32_t serial;
	uint64_t bytes;
};

enum scope_state {
	/** There was none in this image. */
	SCOPE_NONE = 0,
	/** What is recorded belongs to it. */
	SCOPE_OPEN = 1,
	/** What was recorded is its, until the next one is opened. */
	SCOPE_CLOSED = 2,
};

/** Stacks of a scope begin below the frames of root_code, not with them. */
#define SCOPE_ROOT_HIDDEN 0x1u

/**
 * A part of the run that the workload itself has profiled. Under SEGMENT_ON_REQUEST it is all that
 * is recorded: at its start everything before is forgotten. Else the run goes on being recorded as
 * a whole, and what is allocated in the scope has a second account besides (ARENA_SCOPE), while the
 * scope is open; of its blocks those that live are flagged. Written by the hook, but for what
 * became of reports.
 */
struct scope {
	uint32_t state; /* enum scope_state */
	/** Text: the folder for its report, absolute; 0: none, unless one is asked for. */
	uint32_t folder;
	/** The code whose outermost frame is where its stacks begin. */
	uint32_t root_code;
	uint32_t flags; /* SCOPE_* */
	/** Wall clock at its start, milliseconds since the epoch. */
	int64_t start_unix_ms;
	/** How many reports were asked for, and the last of them that was written or given up. */
	uint32_t reports_wanted;
	uint32_t reports_done; /* a futex */
	/** What became of that: 0 if it is complete. */
	uint32_t report_result;
	uint32_t reserved;
	/** In a run that is recorded as a whole: the counts of struct slot when it was opened. */
	uint64_t failed_before;
	uint64_t missed_before[8];
};

/**
 * A large mapping of which not all will be used, as its MAP_NORESERVE says: it counts by the pages
 * that are there.
 */
struct sparse_mapping {
	uint64_t start;
	uint64_t end;
	/** On the books: as of the last look. */
	uint64_t touched_bytes;
	/** Entry that holds it; 0: free. Stored last, cleared first. */
	uint32_t entry;
	uint32_t flags; /* RANGE_SCOPE */
};
#define SPARSE_MAX 32u

struct slot {
	uint32_t state; /* enum slot_state */
	/** As the process itself sees it (getpid). Set before its first image starts. */
	uint32_t pid;
	/** Images started in this slot: 1 at the first hook, one more at every exec. */
	uint32_t generation;
	/** The slot's lock: 0 free, else the thread id that holds it; top bit: somebody waits. */
	uint32_t lock;
	uint32_t image_flags; /* IMAGE_* */
	uint32_t python_state;
	uint32_t python_version; /* PY_VERSION_HEX */
	uint32_t executable; /* text: what the image was started as */
	uint64_t missed[8];  /* by enum missed */
	struct intent intent __attribute__((aligned(64)));
	/** The same operation's in the account of the scope, which is the second to change. */
	struct intent scope_intent __attribute__((aligned(64)));
	struct request request __attribute__((aligned(64)));
	/** The last refused allocation and how many there were. */
	uint64_t failed_bytes;
	uint64_t failed_count;
	uint32_t failed_node;
	/** The node at which the ceiling was crossed, in slot.breach. */
	uint32_t breach_node;
	/** The first breach that the hook saw; trigger is stored last. */
	struct breach breach;
	/** totals.allocations when this image started. */
	uint64_t allocations_before;
	struct arena arena[SLOT_ARENA_COUNT] __attribute__((aligned(64)));
	/** Regions in use, at SLOT_REGIONS_OFFSET. A region is complete before it is counted. */
	uint32_t region_count;
	uint32_t reserved2;
	/** Memory with advised huge pages that was last seen to be empty: core/hook/advised.h. */
	uint64_t advised_untouched_bytes;
	struct scope scope;
	/** Where the hook of this image keeps what it knows of Python (struct python), in it. */
	uint64_t hook_python;
	struct sparse_mapping sparse[SPARSE_MAX];
};

/** 1 GiB of address space with blocks in it: its second-level table, see core/shm/live.h. */
struct region {
	uint32_t number;       /* address >> 30 */
	uint32_t first_extent; /* of REGION_EXTENTS consecutive ones */
};

/**
 * A counted range of address space: a writable anonymous mapping, or a block too large for a slab
 * entry.
 */
struct range {
	uint64_t start;
	uint64_t end;
	/** Entry that holds it; 0: this element is free. Stored last, cleared first. */
	uint32_t entry;
	uint32_t flags;
	uint64_t bytes;
};

#define RANGE_BLOCK 0x1u /* a malloc block; bytes is its requested size */
#define RANGE_IDLE 0x2u  /* a mapping that cannot be accessed: not counted */
#define RANGE_SCOPE 0x4u /* it is in the account of the scope, too */

/**
 * What a thread was last seen allocating: what the report can say of a process that was killed. A
 * cache line of its own: it is written at every allocation.
 */
struct thread_record {
	uint32_t tid; /* 0: free */
	uint32_t node;
	/** totals.allocations when node was written: its age, in allocations. */
	uint64_t at_allocation;
	uint64_t reserved[6];
};

/** Position in the file of a shared arena's row of extent numbers. */
static inline uint64_t arena_row_offset(enum shared_arena which)
{
	return SEGMENT_DIRECTORY_OFFSET + which * DIRECTORY_ROW_BYTES;
}

/** Position in the file of slot number i. */
static inline uint64_t slot_offset(uint32_t i)
{
	return SEGMENT_SLOTS_OFFSET + i * SLOT_BYTES;
}

/** Position in the file of a row of extent numbers of slot i. */
static inline uint64_t slot_row_offset(uint32_t i, enum slot_arena which)
{
	return slot_offset(i) + SLOT_DIRECTORY_OFFSET + which * DIRECTORY_ROW_BYTES;
}

/** Position in the file of extent number e. */
static inline uint64_t extent_offset(uint32_t e)
{
	return SEGMENT_EXTENTS_OFFSET + e * EXTENT_BYTES;
}

_Static_assert(sizeof(struct segment_header) <= SEGMENT_ROOTS_OFFSET, "header page");
_Static_assert(ARENA_EXTENTS_MAX * (EXTENT_BYTES / TEXT_UNIT) <= UINT32_MAX, "numbers of elements");
_Static_assert(sizeof(struct totals) == 64, "one cache line");
_Static_assert(sizeof(struct node) == 32, "wire");
_Static_assert(sizeof(struct entry) == 48, "wire");
_Static_assert(sizeof(struct code) == 64, "wire");
_Static_assert(sizeof(struct text) == 24, "wire");
_Static_assert(sizeof(struct intent) == 56, "wire");
_Static_assert(sizeof(struct ledger) == 192, "wire");
_Static_assert(sizeof(struct request) == 24, "wire");
_Static_assert(sizeof(struct scope) == 112, "wire");
_Static_assert(sizeof(struct slot) <= SLOT_DIRECTORY_OFFSET, "slot head");
_Static_assert(sizeof(struct range) == 32, "wire");
_Static_assert(sizeof(struct thread_record) == 64, "one cache line");
_Static_assert(sizeof(struct sparse_mapping) == 32, "wire");
_Static_assert(SEGMENT_ROOTS_OFFSET + (ROOT_NODES + ROOT_CODES + ROOT_TEXTS) * 4
		       <= SEGMENT_DIRECTORY_OFFSET,
	       "roots");
_Static_assert(SEGMENT_DIRECTORY_OFFSET + SHARED_ARENA_COUNT * DIRECTORY_ROW_BYTES
		       <= SEGMENT_FRONT_BYTES,
	       "front");
_Static_assert(SLOT_DIRECTORY_OFFSET + SLOT_ARENA_COUNT * DIRECTORY_ROW_BYTES
		       <= SLOT_REGIONS_OFFSET,
	       "slot");
_Static_assert(SLOT_REGIONS_OFFSET + REGIONS_MAX * sizeof(struct region) <= SLOT_BYTES, "slot");

#endif

# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# The folder decides how a file is compiled: TOOL_DIRS into the static program, HOOK_DIRS into
# the hook that is embedded in it; core/elf, core/shm, oomsim/ceiling.c and two files of core/stack
# into both. ./build.sh installs compilers, puts libunwind and zstd into build/deps and then calls
# this.

## Build
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.SECONDEXPANSION:
.SECONDARY:
.DELETE_ON_ERROR:

ARCH ?= $(shell uname -m)
CC = gcc
AR = ar
STRIP = strip
PYTHON = python3
MUSL_CC ?= $(firstword $(wildcard build/deps/musl/bin/musl-gcc) musl-gcc)
WERROR ?= -Werror
# make V=1 prints the commands.
Q = $(if $(V),,@echo "  $@";)

# SAN=asan or SAN=ubsan: the tool and its unit tests under sanitizers, against this machine's libc.
B := build$(SAN:%=/%)
# Edges are traced for the fuzzer, tests/fuzz.
SANITIZE_asan = -fsanitize=address,undefined -fsanitize-coverage=trace-pc
SANITIZE_ubsan = -fsanitize=undefined
ifneq ($(SAN),)
TOOL_CC = $(CC)
TOOL_CFLAGS = -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all $(SANITIZE_$(SAN))
TOOL_LDFLAGS = $(SANITIZE_$(SAN)) -fno-sanitize-recover=all
else
TOOL_CC = $(MUSL_CC)
TOOL_CFLAGS = -O2 -ffunction-sections -fdata-sections
TOOL_LDFLAGS = -static -Wl,--gc-sections
endif

UNWIND = build/deps/libunwind
ZSTD = build/deps/zstd
# Names for machine code: what only the tool links.
SYMBOLS = build/deps/elfutils build/deps/libiberty build/deps/zlib
CFLAGS_ALL = -std=gnu17 -g -Wall -Wextra $(WERROR) -D_GNU_SOURCE= -I. -isystem $(UNWIND)/include \
	-isystem $(ZSTD)/include $(SYMBOLS:%=-isystem %/include) -MMD -MP
HOOK_CFLAGS = -O3 -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-stack-protector \
	$(addprefix -fno-builtin-,malloc calloc realloc free) -fno-tree-loop-distribute-patterns \
	-fasynchronous-unwind-tables -fno-plt -ffunction-sections -fdata-sections \
	-fcallgraph-info=su -DFIL_HOOK=1 \
	$(if $(filter aarch64,$(ARCH)),-mno-outline-atomics)
# No pack-relative-relocs: glibc 2.31 and musl 1.2.3 crash at load on them. -z defs: whatever the
# hook takes from the workload has to be a weak reference; tests/lint/hook-abi has the list.
# -z initfirst: other constructors allocate, too.
HOOK_LDFLAGS = -nostdlib -shared -Wl,-soname,fil-hook.so -Wl,--hash-style=both,-z,now,-z,relro \
	-Wl,-z,text,-z,noexecstack,-z,defs,-z,initfirst,-z,nopack-relative-relocs \
	-Wl,--exclude-libs,ALL,--gc-sections,--build-id=sha1

TOOL_DIRS = cmd core/elf core/shm core/host core/remote core/supervise core/symbols core/profile \
	core/capture core/report oomsim
HOOK_DIRS = core/hook core/stack core/elf core/shm
sources = $(if $(wildcard $1),\
	$(sort $(shell find $(wildcard $1) -path cmd/python -prune -o -name '*.[cS]' -print)))
TOOL_SOURCES := $(call sources,$(TOOL_DIRS) core/stack/line_table.c core/stack/python_text.c)
HOOK_SOURCES := $(call sources,$(HOOK_DIRS) oomsim/ceiling.c)
TOOL_OBJECTS = $(TOOL_SOURCES:%=$(B)/tool/%.o)
HOOK_OBJECTS = $(HOOK_SOURCES:%=build/hook/%.o)
# For unit tests: every object but main's, and the workload's stack reader compiled as the tool is.
LIB_SOURCES = $(sort $(filter-out cmd/main.c cmd/%_image.S,$(TOOL_SOURCES)) \
	$(call sources,core/stack))
LIB_OBJECTS = $(LIB_SOURCES:%=$(B)/tool/%.o) $(UNCOVERED)
UNCOVERED = $(if $(filter asan,$(SAN)),$(B)/tool/tests/fuzz/uncovered.c.o)
LIBS = build/deps/elfutils/lib/libdw.a build/deps/libiberty/lib/libiberty.a \
	build/deps/zlib/lib/libz.a $(ZSTD)/lib/libzstd.a $(UNWIND)/lib/libunwind-$(ARCH).a \
	$(UNWIND)/lib/libunwind.a

LICENSES = build/deps/elfutils/COPYING-LGPLV3 build/deps/elfutils/COPYING

# What there is no source for yet is left out.
HOOK = $(if $(wildcard core/hook/*.c),build/hook.so)
TOOL = $(if $(wildcard cmd/main.c),$(B)/fil-profile)

all: $(HOOK) $(B)/libfil.a $(TOOL)

$(B)/fil-profile: $(B)/fil-profile.debug
	$(Q)$(if $(SAN),cp $< $@,$(STRIP) -o $@ $<)

$(B)/fil-profile.debug: $(TOOL_OBJECTS) $(UNCOVERED) $(LIBS)
	$(Q)$(TOOL_CC) $(TOOL_LDFLAGS) -o $@ $^

$(B)/libfil.a: $(LIB_OBJECTS)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

build/hook.so: build/hook.debug.so
	$(Q)$(STRIP) -o $@ $<

build/hook.debug.so: $(HOOK_OBJECTS)
	$(Q)$(CC) $(HOOK_LDFLAGS) -o $@ $^ -lgcc

$(B)/tool/%.c.o: %.c Makefile | $(LIBS)
	@mkdir -p $(@D)
	$(Q)$(TOOL_CC) $(CFLAGS_ALL) $(TOOL_CFLAGS) -c -o $@ $<

# An assembly file embeds other files of its folder (.incbin), or the hook.
embeds = $(filter-out %.c %.h %.S,$(wildcard $(dir $1)*.*))
$(B)/tool/cmd/hook_image.S.o: build/hook.so
$(B)/tool/cmd/license_text.S.o: build/license.gz

build/license.gz: cmd/license.txt $(LICENSES)
	$(Q)cat $^ | gzip -9n >$@
$(B)/tool/cmd/package_image.S.o: build/filprofiler.zip
$(B)/tool/%.S.o: %.S Makefile $$(call embeds,$$*)
	@mkdir -p $(@D)
	$(Q)$(TOOL_CC) -I. -Ibuild -c -o $@ $<

PACKAGE = $(wildcard cmd/python/filprofiler/*)
build/filprofiler.zip: cmd/python/pack.py $(PACKAGE)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) cmd/python/pack.py zip $@

build/hook/%.c.o: %.c Makefile | $(LIBS)
	@mkdir -p $(@D)
	$(Q)$(MUSL_CC) $(CFLAGS_ALL) $(HOOK_CFLAGS) -c -o $@ $<

build/hook/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	$(Q)$(MUSL_CC) -I. -DFIL_HOOK=1 -c -o $@ $<

$(LIBS) $(LICENSES):
	./build.sh deps

## Test
UNIT_SOURCES := $(call sources,tests/unit)
UNIT_TESTS = $(UNIT_SOURCES:tests/unit/%.c=$(B)/unit/%)
WORKLOADS = $(patsubst tests/workloads/%.c,build/workloads/%,$(wildcard tests/workloads/*.c))

unit: $(UNIT_TESTS)

$(B)/unit/%: tests/unit/%.c $(B)/libfil.a $(LIBS) Makefile
	@mkdir -p $(@D)
	$(Q)$(TOOL_CC) $(CFLAGS_ALL) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -MF $@.d -o $@ $< \
		$(B)/libfil.a $(LIBS)

FUZZERS = $(patsubst tests/%.c,$(B)/%,$(filter-out %/fuzzer.c %/uncovered.c,\
	$(wildcard tests/fuzz/*.c)))

fuzzers: $(FUZZERS)

FUZZER = $(B)/tool/tests/fuzz/fuzzer.c.o
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZER) $(B)/libfil.a $(LIBS) Makefile
	@mkdir -p $(@D)
	$(Q)$(TOOL_CC) $(CFLAGS_ALL) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -MF $@.d -o $@ $< \
		$(FUZZER) $(B)/libfil.a $(LIBS)

# Programs to be profiled, built as their authors would: a line "// build: FLAGS" in one adds flags.
workloads: $(WORKLOADS)

build/workloads/%: tests/workloads/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -Wall -pthread -o $@ $< \
		$(shell sed -n 's,^// build: ,,p' tests/workloads/$*.c)

# The fast lane, and everything; both with the sanitizers' build of what runs in the tool.
# make SAN=asan check runs only that.
check check-full: test-programs
	FIL_LANE=$(if $(filter check,$@),fast,full) FIL_BUILD=$(B) tests/run $(if $(SAN),unit cli)

test-programs: all unit workloads $(if $(SAN),,check-asan)

check-asan: all
	+@$(MAKE) SAN=asan all unit fuzzers

lint: all
	FIL_BUILD=$(B) tests/run lint

# What profiling costs, beside what other profilers cost; bench-readme: what the README shows of it,
# put there.
BENCH_WORKLOADS = $(patsubst tests/bench/workloads/%.c,build/bench/%,\
	$(wildcard tests/bench/workloads/*.c))
bench: all $(BENCH_WORKLOADS)
	FIL_BUILD=$(B) tests/bench/run

bench-readme: all $(BENCH_WORKLOADS)
	FIL_BUILD=$(B) tests/bench/run --readme --rounds 3

build/bench/%: tests/bench/workloads/%.c tests/bench/workloads/used.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -Wall -o $@ $< -pthread

# What each step of an operation costs; instructions, if there is valgrind.
bench-steps: all build/bench/steps/pairs build/bench/steps/record_into.so
	FIL_BUILD=$(B) tests/bench/steps/run

build/bench/steps/record_into.so: tests/bench/steps/record_into.c core/shm/create.c \
		core/shm/segment.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O2 -Wall -D_GNU_SOURCE= -I. -fPIC -shared -Wl,-z,initfirst \
		-o $@ $(filter %.c,$^)

build/bench/steps/pairs: tests/bench/steps/pairs.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -Wall -o $@ $< -pthread

# How close the simulated lack of memory is to the real one; as root, for cgroups.
OOM_WORKLOADS = $(patsubst tests/bench/oom/workloads/%.c,build/oom/%,\
	$(wildcard tests/bench/oom/workloads/*.c))
bench-oom: all $(OOM_WORKLOADS)
	FIL_BUILD=$(B) tests/bench/oom/run

build/oom/%: tests/bench/oom/workloads/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -Wall -o $@ $<

# Every fuzzer, for FUZZ_RUNS inputs each.
FUZZ_RUNS ?= 1000000
fuzz: check-asan
	FIL_BUILD=$(B) FIL_FUZZ_RUNS=$(FUZZ_RUNS) tests/run fuzz

# Real out-of-memory kills with cgroup version 2, on a machine of its own.
check-vm: all
	./build.sh vm-needs
	FIL_BUILD=$(B) tests/vm/run

## Install
PREFIX ?= /usr/local

# One for every Python and every Linux of this architecture, in build/dist.
wheel: all
	$(Q)$(PYTHON) cmd/python/pack.py wheel $(B)/dist $(B)/fil-profile

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/fil-profile $(DESTDIR)$(PREFIX)/bin/fil-profile

clean:
	find build -mindepth 1 -maxdepth 1 ! -name deps ! -name pythons -exec rm -rf {} +

.PHONY: all unit workloads check check-full test-programs check-asan fuzzers lint bench \
	bench-readme bench-steps bench-oom fuzz check-vm wheel install clean
-include $(patsubst %.o,%.d,$(TOOL_OBJECTS) $(HOOK_OBJECTS) $(LIB_OBJECTS) $(FUZZER)) \
	$(addsuffix .d,$(UNIT_TESTS) $(FUZZERS))

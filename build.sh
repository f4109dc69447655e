#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# Builds build/fil-profile on a fresh Debian or Ubuntu machine, from nothing:
#
#   ./build.sh              install what is missing, build build/deps, then make
#   ./build.sh run ARGS…    the same if needed, then fil-profile run ARGS…
#   ./build.sh test         the same if needed, then the test needs, then all tests
#   ./build.sh test NAME…   only these tests: kinds or files, see tests/run
#   ./build.sh test-needs   only what the tests need
#   ./build.sh vm-needs     only what make check-vm needs
#   ./build.sh bench        the same for make bench
#   ./build.sh deps         only build/deps: the libraries that are linked in
#
# FIL_SOURCES=DIR takes the pinned tarballs (see below) from DIR: other distributions, no network.
# Nothing outside build/ is written, but for packages that apt installs.
# An interrupted build is taken up where it stopped; a finished one takes no time.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
DEPS=$ROOT/build/deps
ARCH=$(uname -m)

LIBUNWIND_VERSION=1.6.2
ZSTD_VERSION=1.5.4
MUSL_VERSION=1.2.3
ZLIB_VERSION=1.2.13.dfsg
ELFUTILS_VERSION=0.188
LIBIBERTY_VERSION=20230104
# The tarballs that this was developed with, by what they hold.
PINNED="
4a6aec666991fb45d0889c44aede8ad6eb108071c3554fcdff671f9c94794976 libunwind-$LIBUNWIND_VERSION
8cf4bbb65e77ec348d052c8d6230eba66d435bddf64c8b5be2fcb16880c19953 zstd-$ZSTD_VERSION
0f470992aedad543126d06efab344dc5f3e171893810455787d38347343a4424 zstd-$ZSTD_VERSION
7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4 musl-$MUSL_VERSION
71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1 zlib-$ZLIB_VERSION
fb8b0e8d0802005b9a309c60c1d8de32dd2951b56f0c3a3cb56d21ce01595dff elfutils-$ELFUTILS_VERSION
f0c873589b983a2e82287d1beea3b230959803121ede290154d44008984013ef libiberty-$LIBIBERTY_VERSION
"
TARBALLS=$(awk 'NF && !seen[$2]++ { printf "%s%s", sep, $2; sep = ", " }' <<<"$PINNED")

say() { echo "build.sh: $*" >&2; }
die() { say "$@"; exit 1; }

## Packages

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		return 1
	fi
}

apt_try() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null
}

# apt_install PACKAGE…: silent unless it fails. Lists are refreshed only if they do not suffice.
apt_install() {
	local log
	command -v apt-get >/dev/null || return 1
	say "installing $*"
	log=$(mktemp)
	if ! apt_try install -y --no-install-recommends "$@" >"$log" 2>&1; then
		apt_try update >"$log" 2>&1 || :
		if ! apt_try install -y --no-install-recommends "$@" >>"$log" 2>&1; then
			tail -n 20 "$log" >&2
			rm -f "$log"
			return 1
		fi
	fi
	rm -f "$log"
}

install_compilers() {
	local missing=() package
	command -v gcc >/dev/null || missing+=(gcc libc6-dev)
	command -v make >/dev/null || missing+=(make)
	command -v python3 >/dev/null || missing+=(python3)
	command -v xz >/dev/null || missing+=(xz-utils)
	if [ -z "${FIL_SOURCES-}" ] && [ ! -e "$DEPS/musl/bin/musl-gcc" ]; then
		command -v musl-gcc >/dev/null || missing+=(musl-tools)
	fi
	[ ${#missing[@]} = 0 ] && return
	apt_install "${missing[@]}" && return
	package="${missing[*]}"
	if command -v apt-get >/dev/null; then
		die "cannot install: $package (needs root or sudo); run: apt-get install $package"
	fi
	die "this machine lacks: $package, and has no apt-get; install gcc, make and xz with its" \
		"own package manager and set FIL_SOURCES to a folder with the tarballs of" \
		"$TARBALLS"
}

## Sources

# The machine's own package sources, those of its distribution only, as deb-src into folder $1.
# Signatures are always asked for: "trusted" is dropped.
apt_derive_sources() {
	local suites file
	# shellcheck source=/dev/null
	suites=$(. /etc/os-release && echo "${VERSION_CODENAME-}|${UBUNTU_CODENAME-}")
	suites="^($suites|oldstable|stable|testing|unstable|sid)([-/][a-z-]+)?/?\$"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$file" ] || continue
		awk -v suites="$suites" '
			!/^[ \t]*deb(-src)?[ \t]/ { next }
			{ sub(/^[ \t]*deb(-src)?[ \t]+/, ""); sub(/#.*/, ""); options = "" }
			match($0, /^\[[^]]*\]/) {
				options = substr($0, 1, RLENGTH)
				$0 = substr($0, RLENGTH + 1)
				gsub(/trusted=[^] \t]*/, "", options)
				if (options !~ /=/) options = ""
			}
			$1 !~ /^cdrom/ && $2 ~ suites && / main( |$)/ {
				print "deb-src", options, $0
			}
		' "$file"
	done | sort -u >"$1/fil.list"
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -r "$file" ] || continue
		sed -e '/^#/d' -e 's/^[ \t]*$//' "$file" | awk -v RS= -v suites="$suites" '
			function has(value, pattern,    word, count) {
				count = split(value, word, /[ \t]+/)
				while (count && word[count] !~ pattern) count--
				return count
			}
			{
				count = split($0, lines, "\n")
				stanza = name = ""
				typed = matching = main = 0
				for (i = 1; i <= count; i++) {
					value = lines[i]
					if (value ~ /^[^ \t]/) {
						name = tolower(value)
						sub(/:.*/, "", name)
						sub(/^[^:]*:/, "", value)
					}
					if (name == "enabled" && has(value, "^(no|false|0)$")) next
					if (name == "suites") matching += has(value, suites)
					if (name == "components") main += has(value, "^main$")
					if (name == "types") typed = 1
					else if (name != "trusted") stanza = stanza lines[i] "\n"
				}
				if (typed && matching && main) print "Types: deb-src\n" stanza
			}
		'
	done >"$1/fil.sources"
	[ -s "$1/fil.list" ] || rm "$1/fil.list"
	[ -s "$1/fil.sources" ] || rm "$1/fil.sources"
	[ -e "$1/fil.list" ] || [ -e "$1/fil.sources" ]
}

# apt_isolated COMMAND…: apt with those sources, and with its state under $WORK.
apt_isolated() {
	local command=$1 apt=$WORK/apt
	shift
	"$command" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
		-o Dir::State="$apt/state" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$apt/cache" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o APT::Sandbox::User= \
		-o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Acquire::AllowInsecureRepositories=false \
		-o Acquire::AllowWeakRepositories=false \
		-o Acquire::AllowDowngradeToInsecureRepositories=false \
		-o APT::Get::AllowUnauthenticated=false "$@" </dev/null
}

apt_prepare() {
	local apt=$WORK/apt
	[ -e "$apt/ready" ] && return
	command -v apt-get >/dev/null ||
		die "no apt-get here: put the tarballs of $TARBALLS into a folder and set" \
			"FIL_SOURCES to it"
	rm -rf "$apt"
	mkdir -p "$apt/sources" "$apt/state/lists/partial" "$apt/cache/archives/partial"
	apt_derive_sources "$apt/sources" ||
		die "no package source of this distribution in /etc/apt/sources.list or" \
			"/etc/apt/sources.list.d; add one, or set FIL_SOURCES to a folder of" \
			"tarballs"
	say "reading the signed lists of source packages"
	apt_isolated apt-get update >"$WORK/apt.log" 2>&1 || {
		cat "$WORK/apt.log" >&2
		die "apt-get update failed for the sources in $apt/sources;" \
			"without network set FIL_SOURCES to a folder of tarballs"
	}
	touch "$apt/ready"
}

# pinned NAME-VERSION: the sha256 sums that are right for it, none if it is not pinned.
pinned() {
	awk -v what="$1" '$2 == what { print $1 }' <<<"$PINNED"
}

# check_sum FILE NAME-VERSION: a pinned version must be the pinned bytes.
check_sum() {
	local sums sum
	sums=$(pinned "$2")
	[ -n "$sums" ] || return 0
	sum=$(sha256sum <"$1")
	sum=${sum%% *}
	case $sums in
	*"$sum"*) ;;
	*) die "$1 is not the $2 that it says: sha256 $sum, not ${sums//$'\n'/ or }" ;;
	esac
}

# fetch_version PACKAGE VERSION DIR: the upstream tarball of one version of a source package.
fetch_version() {
	say "fetching $1 $2"
	rm -rf "$3"
	mkdir -p "$3"
	(cd "$3" && apt_isolated apt-get source --only-source --download-only --tar-only \
		"$1=$2" >"$WORK/apt.log" 2>&1) || {
		cat "$WORK/apt.log" >&2
		return 1
	}
}

# fetch_package NAME SOURCE_PACKAGE VERSION: sets TARBALL to the upstream tarball of the
# distribution's source package, of VERSION if the distribution has it. apt has checked the
# signature of the list that holds its sha256. A mirror may list an update whose files it does not
# have yet: then the package before it, which has the same upstream tarball.
fetch_package() {
	local name=$1 package=$2 version versions have dir=$WORK/source-$1
	apt_prepare
	have=$(apt_isolated apt-cache showsrc --only-source "$package" 2>/dev/null |
		sed -n 's/^Version: //p' | sort -rV)
	versions=$(grep "^\([0-9]*:\)\?$3[-+]" <<<"$have" || head -n1 <<<"$have")
	[ -n "$versions" ] || die "this distribution has no source package $package;" \
		"set FIL_SOURCES to a folder of tarballs"
	for version in $versions; do
		fetch_version "$package" "$version" "$dir" && break
		version=
	done
	[ -n "$version" ] || die "cannot fetch the source package $package" \
		"${versions//$'\n'/ or }; try again, or set FIL_SOURCES to a folder of tarballs"
	TARBALL=$(echo "$dir"/*.orig.tar.*)
	version=${version#*:}
	version=${version%-*}
	check_sum "$TARBALL" "$name-${version%%+*}"
}

# fetch_pinned NAME VERSION: sets TARBALL to the file of $FIL_SOURCES with a pinned sum.
fetch_pinned() {
	local file sum what=$1-$2 near=
	for file in "$FIL_SOURCES"/*"$1"*.tar.*; do
		[ -f "$file" ] || continue
		sum=$(sha256sum <"$file")
		if pinned "$what" | grep -qx "${sum%% *}"; then
			TARBALL=$file
			return
		fi
		near="; ${file##*/} is not it: its sha256 is ${sum%% *}"
	done
	die "FIL_SOURCES=$FIL_SOURCES has no tarball of $what with sha256 $(pinned "$what" |
		paste -sd' ')$near"
}

fetch() {
	if [ -n "${FIL_SOURCES-}" ]; then
		fetch_pinned "$1" "$3"
	else
		fetch_package "$@"
	fi
}

## Dependencies

# build_dependency NAME FUNCTION SOURCE_PACKAGE VERSION: unless it is there, unpack its source and
# call FUNCTION in it, which installs into $PREFIX; that appears as build/deps/NAME when complete.
# The recipe (this FUNCTION's text) is kept beside it, so that a changed one is built again.
build_dependency() {
	local name=$1 function=$2 recipe
	recipe="$4 $ARCH $(declare -f "$function")"
	[[ $recipe != *compile_archive* ]] || recipe+=$(declare -f compile_archive)
	[ "$recipe" = "$(cat "$DEPS/$name/recipe" 2>/dev/null)" ] && return
	fetch "$name" "$3" "$4"
	PREFIX=$WORK/$name.installed
	rm -rf "${WORK:?}/$name" "$PREFIX"
	mkdir -p "$WORK/$name" "$PREFIX"
	tar -xf "$TARBALL" -C "$WORK/$name" --strip-components=1
	say "building $name from ${TARBALL##*/}"
	(cd "$WORK/$name" && "$function") >"$WORK/$name.log" 2>&1 || {
		tail -n 30 "$WORK/$name.log" >&2
		die "cannot build $name from ${TARBALL##*/}: see above and $WORK/$name.log"
	}
	echo "$recipe" >"$PREFIX/recipe"
	rm -rf "${DEPS:?}/$name"
	mv "$PREFIX" "$DEPS/$name"
	rm -rf "${WORK:?}/$name" "$WORK/source-$name"
}

# Only for machines whose distribution has no musl-gcc.
build_musl() {
	./configure --prefix="$DEPS/musl" --disable-shared --enable-wrapper=gcc &&
		make -j2 && make install DESTDIR="$PWD/root" &&
		mv "root$DEPS/musl/"* "$PREFIX/"
}

# Unwinds the stacks of a stopped workload, through accessors of ours: it needs to open nothing.
build_libunwind() {
	local flags="-O2 -fPIC -ffunction-sections -fdata-sections"
	./configure CC="$MUSL_GCC" CFLAGS="$flags" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
		--host="$ARCH-linux-musl" --disable-shared --enable-static --with-pic \
		--disable-minidebuginfo --disable-zlibdebuginfo --disable-documentation \
		--disable-tests --disable-coredump --disable-ptrace --disable-setjmp \
		--disable-cxx-exceptions \
		--disable-per-thread-cache --disable-weak-backtrace &&
		make -j2 && make install
}

build_zstd() {
	local no_asm=
	[ "$ARCH" = x86_64 ] || no_asm=ZSTD_NO_ASM=1
	make -j2 -C lib libzstd.a CC="$MUSL_GCC" \
		CFLAGS="-O2 -fPIC -ffunction-sections -fdata-sections" \
		ZSTD_LEGACY_SUPPORT=0 ZSTD_LIB_DICTBUILDER=0 ZSTD_LIB_DEPRECATED=0 $no_asm &&
		mkdir -p "$PREFIX/lib" "$PREFIX/include" &&
		cp lib/libzstd.a "$PREFIX/lib/" &&
		cp lib/zstd.h lib/zstd_errors.h "$PREFIX/include/"
}

# compile_archive NAME FLAGS FILE…: what the tool alone links, without anybody's configure.
compile_archive() {
	local archive=$1 flags=$2
	shift 2
	mkdir -p objects "$PREFIX/lib" "$PREFIX/include"
	# shellcheck disable=SC2016
	printf '%s\0' "$@" | xargs -0 -P2 -n12 sh -c '
		compiler=$1 flags=$2; shift 2
		for file; do
			object=objects/$(basename "$file" .c).o
			$compiler -Os -w -ffunction-sections -fdata-sections $flags \
				-c -o "$object" "$file" || exit 255
		done' sh "$MUSL_GCC" "$flags" &&
		ar rcs "$PREFIX/lib/$archive" objects/*.o
}

# Only what inflates: debug sections are compressed with it.
build_zlib() {
	compile_archive libz.a "-D_LARGEFILE64_SOURCE=1 -DHAVE_HIDDEN -DHAVE_UNISTD_H" \
		inflate.c inftrees.c inffast.c adler32.c crc32.c zutil.c &&
		cp zlib.h zconf.h "$PREFIX/include/"
}

# libelf and libdw: the reader of debug information. Not its unwinder, its disassemblers, or
# libdwfl. Ours on top: debug sections compressed with zstd, which it knows since 0.189; nothing
# that deflates; the last string of a section ends in it; no file is mapped, because a file that is
# cut short meanwhile would be a SIGBUS.
build_elfutils() {
	local flags="-std=gnu99 -DNDEBUG -D_GNU_SOURCE -DHAVE_CONFIG_H -I. -Ilib -Ilibelf -Ilibdw"
	flags+=" -Ilibdwelf -Ilibebl -Ilibdwfl -isystem $DEPS/zlib/include"
	flags+=" -isystem $DEPS/zstd/include"
	cat >config.h <<-'END'
		#define HAVE_ERR_H 1
		#define error fil_error
		#define HAVE_DECL_REALLOCARRAY 1
		#define HAVE_VISIBILITY 1
		#define HAVE_GCC_STRUCT 1
		#define USE_ZSTD 1
		#define rawmemchr(s, c) memchr((s), (c), (size_t)-1 / 2)
		#include <eu-config.h>
	END
	local zstd="extern void *fil_decompress_zstd (const void *, size_t, size_t);"
	local call="(buf_in, size_in, chdr.ch_size)"
	sed -i -e "s/^#include \"common.h\"\$/&\n$zstd/" \
		-e 's/if (chdr.ch_type != ELFCOMPRESS_ZLIB/& \&\& chdr.ch_type != 2/' \
		-e "s/= __libelf_decompress $call;/= chdr.ch_type == 2\n\
			? fil_decompress_zstd $call : __libelf_decompress $call;/" \
		libelf/elf_compress.c
	local end="if (cnt == IDX_debug_str || cnt == IDX_debug_line_str) {"
	end+=" ((char *) data->d_buf)[data->d_size - 1] = 0; }"
	sed -i "s/^  result->sectiondata\[cnt\] = data;/  $end\n&/" libdw/dwarf_begin_elf.c
	sed -i s/ELF_C_READ_MMAP/ELF_C_READ/ libdw/dwarf_begin.c
	cat >libelf/fil_glue.c <<-'END'
		#include <stdlib.h>
		#include <unistd.h>
		#include <zlib.h>
		#include <zstd.h>
		#include "libelf.h"

		/* zstd's own bound for the ratio of a run of one byte; and of no file so much. */
		#define RATIO_MAX 131072
		#define SIZE_MAX_OUT ((size_t) 4 << 30)

		void *fil_decompress_zstd (const void *in, size_t size_in, size_t size_out)
		{
		  void *out = NULL;
		  if (size_out / RATIO_MAX <= size_in && size_out < SIZE_MAX_OUT)
		    out = malloc (size_out ?: 1);
		  if (out && ZSTD_decompress (out, size_out, in, size_in) != size_out)
		    {
		      free (out);
		      out = NULL;
		    }
		  return out;
		}

		/* Nobody compresses here. */
		int deflateInit_ (z_streamp z, int level, const char *version, int bytes)
		{ return Z_STREAM_ERROR; }
		int deflate (z_streamp z, int flush) { return Z_STREAM_ERROR; }
		int deflateReset (z_streamp z) { return Z_STREAM_ERROR; }
		int deflateEnd (z_streamp z) { return Z_STREAM_ERROR; }

		/* Without memory. */
		void fil_error () { _exit (1); }

		/* Of libebl and libdwfl, which are not here: never called. */
		void ebl_closebackend (void *ebl) { }
		int __libdwfl_relocate_value () { return -1; }
		void __libdwfl_seterrno () { }
	END
	# In lib is what they use of elfutils' own since 0.191.
	shopt -s nullglob
	compile_archive libdw.a "$flags" libelf/*.c libdw/*.c libdwelf/*.c lib/eu-search.[c] &&
		cp libelf/libelf.h libelf/gelf.h libdw/dwarf.h libdw/libdw.h libdwelf/libdwelf.h \
			"$PREFIX/include/" &&
		cp COPYING COPYING-LGPLV3 "$PREFIX/"
}

# The demanglers of C++, Rust and D.
build_libiberty() {
	local flags="-D_GNU_SOURCE -DHAVE_STDLIB_H -DHAVE_STRING_H -DHAVE_ALLOCA_H -DHAVE_LIMITS_H"
	flags+=" -DHAVE_UNISTD_H -DHAVE_DECL_BASENAME=1 -Iinclude"
	compile_archive libiberty.a "$flags" libiberty/cp-demangle.c libiberty/cplus-dem.c \
		libiberty/rust-demangle.c libiberty/d-demangle.c libiberty/safe-ctype.c \
		libiberty/xmalloc.c libiberty/xstrdup.c libiberty/xexit.c &&
		cp include/demangle.h include/libiberty.h include/ansidecl.h "$PREFIX/include/"
}

build_dependencies() {
	mkdir -p "$DEPS"
	exec 9>"$DEPS/lock"
	flock 9
	install_compilers
	# configure and make break on blanks in a path: then elsewhere.
	case $ROOT in
	*[[:space:]]*)
		WORK=$(mktemp -d)
		trap 'rm -rf "$WORK"' EXIT
		;;
	*) WORK=$DEPS/work ;;
	esac
	mkdir -p "$WORK"
	MUSL_GCC=musl-gcc
	if [ -n "${FIL_SOURCES-}" ] || [ -e "$DEPS/musl/bin/musl-gcc" ]; then
		if [ "$WORK" != "$DEPS/work" ]; then
			die "musl's compiler wrapper cannot live under a path with blanks:" \
				"move $ROOT"
		fi
		build_dependency musl build_musl musl "$MUSL_VERSION"
		MUSL_GCC=$DEPS/musl/bin/musl-gcc
	fi
	build_dependency libunwind build_libunwind libunwind "$LIBUNWIND_VERSION"
	build_dependency zstd build_zstd libzstd "$ZSTD_VERSION"
	build_dependency zlib build_zlib zlib "$ZLIB_VERSION"
	build_dependency elfutils build_elfutils elfutils "$ELFUTILS_VERSION"
	build_dependency libiberty build_libiberty libiberty "$LIBIBERTY_VERSION"
	rm -rf "$WORK"
	exec 9>&-
}

## Commands

build() {
	(build_dependencies)
	# A newer compiler may know new warnings: they are errors only for developers and CI.
	[ -n "${CI-}" ] || export WERROR="${WERROR-}"
	make -C "$ROOT" -s -j2 all || die "make failed, see above"
}

# A python3 that can make virtual environments; the distribution's if there is no other.
find_python() {
	local probe='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))'
	for PYTHON in python3 /usr/bin/python3; do
		"$PYTHON" -c "$probe" >/dev/null 2>&1 && return
	done
	apt_install python3 python3-venv || :
	"$PYTHON" -c "$probe" ||
		die "the tests need python3, 3.9 or newer, with venv:" \
			"install python3 and python3-venv"
}

# The packages of tests/requirements.txt in build/venv, made anew when they or Python change.
install_test_needs() {
	local venv=$ROOT/build/venv stamp missing=() package
	while read -r package; do
		[ "$(dpkg-query -Wf '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done < <(sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$ROOT/tests/requirements-apt.txt")
	if [ ${#missing[@]} != 0 ] && ! apt_install "${missing[@]}"; then
		say "cannot install ${missing[*]}; the tests that need them will be skipped"
	fi
	find_python
	stamp=$("$PYTHON" -VV; cat "$ROOT/tests/requirements.txt")
	[ "$stamp" = "$(cat "$venv/stamp" 2>/dev/null)" ] && return
	say "installing the test needs into build/venv"
	rm -rf "$venv"
	"$PYTHON" -m venv "$venv" || die "cannot make the virtual environment $venv"
	"$venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary=:all: \
		-r "$ROOT/tests/requirements.txt" </dev/null ||
		die "pip cannot install tests/requirements.txt, see above"
	echo "$stamp" >"$venv/stamp"
}

# qemu and a shell for tests/vm/run, and Debian's kernel for virtual machines, unpacked in build/vm.
install_vm_needs() {
	local missing=() program
	for program in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static; do
		command -v "${program%:*}" >/dev/null || missing+=("${program#*:}")
	done
	[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" ||
		die "cannot install ${missing[*]}; install qemu for x86-64 and a static busybox"
	[ -e "$ROOT/build/vm/linux/vmlinuz" ] || fetch_kernel
}

fetch_kernel() {
	local linux=$ROOT/build/vm/linux work=$ROOT/build/vm/linux.new package
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9]\)/\1/p;T;q')
	[ -n "$package" ] ||
		die "no package linux-image-cloud-amd64 here (Debian has it); put a kernel with" \
			"the memory controller, ext4 and virtio into $linux as vmlinuz and modules/"
	say "fetching $package"
	rm -rf "$work"
	mkdir -p "$work"
	(cd "$work" && apt-get download -o APT::Sandbox::User= "$package" </dev/null &&
		dpkg-deb -x ./*.deb .) >"$ROOT/build/vm/apt.log" 2>&1 || {
		cat "$ROOT/build/vm/apt.log" >&2
		die "cannot fetch $package, see above; run apt-get update and try again"
	}
	mkdir "$work/linux"
	mv "$work"/boot/vmlinuz-* "$work/linux/vmlinuz"
	mv "$work/lib/modules" "$work/linux/modules"
	rm -rf "$linux"
	mv "$work/linux" "$linux"
	rm -rf "$work"
}

usage() {
	sed -n '/^# Builds/,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
}

main() {
	local command=${1-}
	[ $# = 0 ] || shift
	case $command in
	'')
		build
		;;
	deps)
		(build_dependencies)
		;;
	run)
		build
		exec "$ROOT/build/fil-profile" run "$@"
		;;
	test)
		build
		install_test_needs
		make -C "$ROOT" -s -j2 test-programs || die "the tests cannot be built, see above"
		exec "$ROOT/tests/run" "$@"
		;;
	test-needs)
		build
		install_test_needs
		;;
	vm-needs)
		install_vm_needs
		;;
	bench)
		build
		install_test_needs
		exec make -C "$ROOT" -s bench
		;;
	-h | --help | help)
		usage
		;;
	*)
		die "unknown command $command;" \
			"known are: run, test, test-needs, vm-needs, bench, deps, help, or none"
		;;
	esac
}

main "$@"

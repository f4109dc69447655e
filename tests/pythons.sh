#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# The CPythons of tests/pythons.txt on this machine.
#
#   tests/pythons.sh list                  one line each: VERSION, PATH, SOURCE, separated by tabs
#   tests/pythons.sh path VERSION          the interpreter's path, or status 1
#   tests/pythons.sh missing               the versions that are not there; status 1 if any
#   tests/pythons.sh install [VERSION…]    make those that are missing, under build/pythons
#   tests/pythons.sh enter VERSION CMD…    run a command in that version's chroot
#
# A Python of another Debian suite has another libc too, so it runs in a chroot; its PATH is a
# script that enters it by plain execs, in the same process. In there the project, the temporary
# folder, the working directory, /proc, /dev and /sys are where they are outside. The mounts live
# in the process's own mount namespace: removing build/ never reaches through them.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHONS=$ROOT/build/pythons
# Where this machine's own packages come from, if that is Debian.
debian_mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed 's/#.*//' |
		grep -oE 'https?://[^ ]*/debian/?([[:space:]]|$)' | head -n 1 |
		tr -d '[:space:]' || :
}
# What CPython's standard library needs to be complete.
BUILD_NEEDS="zlib1g-dev libffi-dev libssl-dev libbz2-dev liblzma-dev libsqlite3-dev"

say() { echo "pythons.sh: $*" >&2; }
die() { say "$@"; exit 1; }

rows() {
	sed 's/#.*//; /^[[:space:]]*$/d' "$ROOT/tests/pythons.txt"
}

versions() {
	rows | awk '!seen[$1]++ { print $1 }'
}

need_mirror() {
	MIRROR=${FIL_DEBIAN_MIRROR:-$(debian_mirror)}
	[ -n "$MIRROR" ] ||
		die "no Debian mirror in /etc/apt: set FIL_DEBIAN_MIRROR to the address of one"
}

is_version() {
	[ "$("$1" -c 'import sys, sysconfig
print("%d.%d%s" % (*sys.version_info[:2], sysconfig.get_config_var("ABIFLAGS") or ""))' \
		2>/dev/null </dev/null)" = "$2" ]
}

# find_source VERSION SOURCE: the path of that interpreter if this source has it already.
find_source() {
	local path
	case $2 in
	pyenv)
		for path in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/"python$1" \
			"${PYENV_ROOT:-$HOME/.pyenv}/versions/${1%t}".*t/bin/"python$1"; do
			if is_version "$path" "$1"; then
				echo "$path"
				return
			fi
		done
		return 1
		;;
	system)
		path=/usr/bin/python$1
		;;
	chroot | debian-source)
		path=$PYTHONS/$1/bin/python$1
		;;
	*)
		die "tests/pythons.txt: unknown source $2 of $1"
		;;
	esac
	is_version "$path" "$1" && echo "$path"
}

# find_version VERSION: its path and source, from the first source that has it.
find_version() {
	local version source path _
	while read -r version source _; do
		if [ "$version" = "$1" ] && path=$(find_source "$version" "$source"); then
			printf '%s\t%s\n' "$path" "$source"
			return
		fi
	done < <(rows)
	return 1
}

list() {
	local version found
	for version in $(versions); do
		if found=$(find_version "$version"); then
			printf '%s\t%s\n' "$version" "$found"
		fi
	done
}

missing() {
	local version status=0
	for version in $(versions); do
		if ! find_version "$version" >/dev/null; then
			echo "$version"
			status=1
		fi
	done
	return $status
}

# In a mount namespace of its own ($0 is unshare's sh): mount and become the command.
# shellcheck disable=SC2016
ENTER='
root=$1 project=$2; shift 2
for folder in /proc /dev /sys "${TMPDIR:-/tmp}" "$project" "$PWD"; do
	mkdir -p "$root$folder" 2>/dev/null || :
	[ "$folder" = / ] || mount --rbind "$folder" "$root$folder" || exit 125
done
exec chroot "$root" /bin/sh -c '\''cd "$1" && shift && exec "$@"'\'' sh "$PWD" "$@"
'

# enter VERSION COMMAND…
enter() {
	local root=$PYTHONS/$1/root
	[ -d "$root" ] || die "$1 has no chroot here; make it with: tests/pythons.sh install $1"
	shift
	exec unshare --mount /bin/sh -c "$ENTER" sh "$root" "$ROOT" "$@"
}

# Packages may not start services in a chroot; the suite's signatures are checked by debootstrap.
install_chroot() {
	local version=$1 suite=$2 new=$PYTHONS/$1.new
	need_mirror
	[ "$(id -u)" = 0 ] || die "making a chroot for Python $version needs root"
	command -v debootstrap >/dev/null ||
		die "debootstrap is missing: apt-get install debootstrap"
	say "making Python $version from Debian $suite"
	rm -rf "$new"
	mkdir -p "$new/bin"
	debootstrap --variant=minbase \
		--include="python$version,libpython$version-dev,libpython$version-testsuite" \
		"$suite" "$new/root" "$MIRROR" >"$PYTHONS/$version.log" 2>&1 || {
		tail -n 20 "$PYTHONS/$version.log" >&2
		die "debootstrap cannot make Debian $suite, see $PYTHONS/$version.log"
	}
	{
		echo '#!/bin/sh'
		printf "exec unshare --mount /bin/sh -c '%s' sh '%s' '%s' %s \"\$@\"\n" \
			"${ENTER//\'/\'\\\'\'}" "$PYTHONS/$version/root" "$ROOT" \
			"/usr/bin/python$version"
	} >"$new/bin/python$version"
	chmod +x "$new/bin/python$version"
	rm -rf "${PYTHONS:?}/$version"
	mv "$new" "$PYTHONS/$version"
}

# apt in a folder of its own, with one suite of Debian's sources; signatures are checked.
apt_source() {
	local command=$1 state=$PYTHONS/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	shift
	[ -e "$keyring" ] || die "$keyring is missing: apt-get install debian-archive-keyring"
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	echo "deb-src [signed-by=$keyring] $MIRROR $SUITE main" >"$state/fil.list"
	"$command" -q -o Dir::Etc::sourcelist="$state/fil.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::Cache="$state" \
		-o APT::Sandbox::User= -o Acquire::AllowInsecureRepositories=false \
		-o APT::Get::AllowUnauthenticated=false "$@" </dev/null
}

# fetch_source PACKAGE FOLDER: the newest upstream tarball that the mirror still has.
fetch_source() {
	local version
	apt_source apt-get update || die "cannot read the source packages of Debian $SUITE"
	for version in $(apt_source apt-cache showsrc --only-source "$1" 2>/dev/null |
		sed -n 's/^Version: //p' | sort -rV); do
		(cd "$2" && apt_source apt-get source --only-source --download-only --tar-only \
			"$1=$version") && return
	done
	die "the mirror has no source of $1 in Debian $SUITE"
}

# A free-threaded version ends in t.
install_debian_source() {
	local version=$1 new=$PYTHONS/$1.new work=$PYTHONS/$1.work options=() package
	SUITE=$2
	need_mirror
	for package in $BUILD_NEEDS; do
		[ "$(dpkg-query -Wf '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			options+=("$package")
	done
	if [ ${#options[@]} != 0 ]; then
		apt-get install -y --no-install-recommends "${options[@]}" >/dev/null </dev/null ||
			say "cannot install ${options[*]}; the standard library will lack parts"
	fi
	say "building Python $version from Debian $SUITE's source"
	rm -rf "$new" "$work"
	mkdir -p "$new" "$work/source"
	options=(--without-ensurepip)
	[ "$version" = "${version%t}" ] || options+=(--disable-gil)
	(
		fetch_source "python${version%t}" "$work"
		tar -xf "$work"/*.orig.tar.* -C "$work/source" --strip-components=1
		cd "$work/source"
		./configure --prefix="$PYTHONS/$version" "${options[@]}"
		make -s -j2
		make -s altinstall DESTDIR="$new"
	) >"$PYTHONS/$version.log" 2>&1 || {
		tail -n 20 "$PYTHONS/$version.log" >&2
		die "cannot build Python $version, see $PYTHONS/$version.log"
	}
	rm -rf "${PYTHONS:?}/$version"
	mv "$new$PYTHONS/$version" "$PYTHONS/$version"
	rm -rf "$new" "$work"
}

install_version() {
	local version source suite
	if find_version "$1" >/dev/null; then
		return
	fi
	while read -r version source suite; do
		if [ "$version" = "$1" ]; then
			case $source in
			chroot)
				install_chroot "$version" "$suite"
				return
				;;
			debian-source)
				install_debian_source "$version" "$suite"
				return
				;;
			esac
		fi
	done < <(rows)
	die "Python $1 is not here and tests/pythons.txt has no way to make it;" \
		"install it with pyenv"
}

install() {
	local version status=0
	mkdir -p "$PYTHONS"
	exec 9>"$PYTHONS/lock"
	flock 9
	[ $# != 0 ] || mapfile -t versions_wanted < <(versions)
	for version in "${@:-${versions_wanted[@]}}"; do
		(install_version "$version" 9>&-) || status=1
	done
	return $status
}

command=${1-help}
[ $# = 0 ] || shift
case $command in
list | missing) "$command" ;;
path)
	found=$(find_version "$1")
	echo "${found%%$'\t'*}"
	;;
install | enter) "$command" "$@" ;;
*) sed -n '/^# The CPythons/,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" ;;
esac

# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# gcc.sh TOOL...: its compiler proper on a large file.
# needs: gcc
set -eu

awk 'BEGIN {
	for (i = 0; i < 400; i++) {
		printf "int f%d(int *a, int n) { int s = %d; ", i, i
		printf "for (int i = 0; i < n; i++) { a[i] += s * %d; ", i + 3
		printf "if (a[i] & %d) s ^= a[i] >> %d; ", i + 1, i % 7
		printf "else s += f%d(a, i); } return s; }\n", i ? i - 1 : 0
	}
}' >large.c
sed -i '1i int f0(int *, int);' large.c
"$@" "$(gcc -print-prog-name=cc1)" -quiet -O2 -g large.c -o large.s

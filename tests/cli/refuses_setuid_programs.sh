# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
gcc -o setuid -x c - <<<'int main(void) { return 0; }' || exit 77
chmod u+s setuid
"$FIL" run ./setuid

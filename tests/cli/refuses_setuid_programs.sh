# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
gcc -o setuid -x c - <<<'int main(void) { return 0; }' || exit 77
# Of one's own there is nothing to gain; only root can make it another's.
chown 65534 setuid 2>/dev/null || exit 77
chmod u+s setuid
"$FIL" run ./setuid

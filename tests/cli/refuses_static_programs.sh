# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
gcc -static -o static -x c - <<<'int main(void) { return 0; }' || exit 77
printf '#!./static\n' >script
chmod +x script
"$FIL" run ./script
"$FIL" run ./static

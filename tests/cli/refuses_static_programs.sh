# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
gcc -static -o static -x c - <<<'int main(void) { return 0; }' || exit 77
printf '#!./static\n' >script
chmod +x script
"$FIL" run ./script
"$FIL" run ./static
# As Go's linker marks what it makes.
gcc -static -o go -x c - <<'EOF' || exit 77
__asm__(".pushsection .note.go.buildid, \"a\", @note\n.long 4, 4, 4\n.asciz \"Go\"\n.byte 0\n"
	".asciz \"abc\"\n.popsection");
int main(void) { return 0; }
EOF
"$FIL" run ./go

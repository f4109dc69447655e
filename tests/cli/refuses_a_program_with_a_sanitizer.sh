# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# AddressSanitizer's and ThreadSanitizer's runtimes want to be the first library of all.
for sanitizer in address thread; do
	echo 'int main(void) { return 0; }' | gcc -x c -fsanitize=$sanitizer -o "$sanitizer" -
	"$FIL" run "./$sanitizer"
	echo "status $?"
done
ls

# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# A made-up run that broke its ceiling of 1.5 GiB: tests/unit/core/report/html.c writes it.
"$FIL_BUILD/unit/core/report/html" breach capture >breach.fil
cut() { sed -n '/^What to cut/,/^Held/p'; }
echo "-- to fit into its ceiling" && "$FIL" report breach.fil | cut
echo "-- to fit into less" && "$FIL" report --budget=1G --no-source breach.fil | cut
echo "-- to fit into much" && "$FIL" report --budget=8G breach.fil | cut
"$FIL" report --budget=1G -o page.html breach.fil && grep -c 'to fit into 1.0 GiB' page.html

# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# A made-up run that broke its ceiling of 1.5 GiB: tests/unit/core/report/html.c writes it.
"$FIL_BUILD/unit/core/report/html" breach capture >breach.fil
echo "-- alone" && "$FIL" report --fit breach.fil
echo "-- with a budget" && "$FIL" report --fit --budget=1G breach.fil | tail -n +10
echo "-- into a file" && "$FIL" report --fit -o fit.txt breach.fil && head -n 1 fit.txt
echo "-- in another format" && "$FIL" report --fit --format=html breach.fil

# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
export MKL_NUM_THREADS=7 BLOSC_NTHREADS=7
unset OMP_NUM_THREADS OPENBLAS_NUM_THREADS NUMEXPR_NUM_THREADS
"$FIL" run --quiet sh -c 'env | grep THREADS | sort'
echo
"$FIL" run --quiet --single-threaded-pools sh -c 'env | grep THREADS | sort'

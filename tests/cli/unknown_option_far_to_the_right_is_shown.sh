# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
long=/a/folder/with/a/very/long/name/that/goes/on/and/on/and/on/until/it/is/too/long
"$FIL" run -o $long --python $long --qiuet job.py

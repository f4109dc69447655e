# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# FIL_SOURCES takes only the tarballs that the build was developed with.
cp "$FIL_ROOT/build.sh" .
mkdir sources
FIL_SOURCES=$PWD/sources ./build.sh deps
echo "status $?"
echo damaged >sources/musl-1.2.3.tar.gz
FIL_SOURCES=$PWD/sources ./build.sh deps
echo "status $?"
ls build/deps

// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* cmd/license.txt and the licences that it refers to, packed by gzip. */
#ifndef CMD_LICENSE_TEXT_H
#define CMD_LICENSE_TEXT_H

extern const unsigned char license_text[];
extern const unsigned char license_text_end[];

#endif

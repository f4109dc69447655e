// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// Allocates buffers of 1000000 to 1000399 bytes in functions that call each other, often enough for
// them to be compiled.
"use strict";

const kept = [];
let state = 1;

function next(below) {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >> 16) % below;
}

function keep() {
  kept[kept.length % 20] = Buffer.allocUnsafeSlow(1000000 + count++);
}

function descend(depth, works) {
  if (depth > 0) {
    [() => descend(depth - 1, works), () => [1].map(() => descend(depth - 1, works))][next(2)]();
  }
  if (works) {
    keep();
  }
}

let count = 0;
for (let i = 0; i < 20000; i++) {
  descend(i % 6, false);
}
// The test waits for getppid.
if (process.ppid === 0) {
  process.exit(1);
}
while (count < 400) {
  descend(next(6), true);
}

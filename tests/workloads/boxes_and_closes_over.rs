// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// Allocates blocks of marked sizes, 1000000 to 1000999 bytes, in closures, trait objects and while
// a panic unwinds; and keeps them.

use std::panic;

static mut STATE: u32 = 1;
static mut COUNT: usize = 0;

fn next(below: u32) -> u32 {
    unsafe {
        STATE = STATE.wrapping_mul(1103515245).wrapping_add(12345);
        (STATE >> 16) % below
    }
}

fn count() -> usize {
    unsafe { COUNT }
}

#[inline(never)]
fn keep() {
    let size = 1000000 + count();
    std::mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(size)));
    unsafe { COUNT += 1 }
}

trait Way {
    fn go(&self, depth: u32);
}

struct Plain;
struct Boxed;
struct Panics;

struct KeepsAtItsEnd;

impl Drop for KeepsAtItsEnd {
    #[inline(never)]
    fn drop(&mut self) {
        keep();
    }
}

impl Way for Plain {
    #[inline(never)]
    fn go(&self, depth: u32) {
        descend(depth);
        std::hint::black_box(depth);
    }
}

impl Way for Boxed {
    #[inline(never)]
    fn go(&self, depth: u32) {
        let inner: Box<dyn Fn() -> u32> = Box::new(move || {
            descend(depth);
            depth
        });
        std::hint::black_box(inner());
    }
}

impl Way for Panics {
    #[inline(never)]
    fn go(&self, depth: u32) {
        let _ = panic::catch_unwind(move || {
            let _end = KeepsAtItsEnd;
            descend(depth);
            panic::resume_unwind(Box::new(depth));
        });
    }
}

fn descend(depth: u32) {
    if depth == 0 || count() > 300 {
        keep();
        return;
    }
    let ways: [&dyn Way; 3] = [&Plain, &Boxed, &Panics];
    ways[next(3) as usize].go(depth - 1);
}

fn main() {
    while count() < 300 {
        let numbers: Vec<u32> = (0..2).map(|_| next(8)).collect();
        numbers.iter().for_each(|depth| descend(*depth));
    }
}

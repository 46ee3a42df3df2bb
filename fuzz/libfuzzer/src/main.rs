//! One program for all fuzz targets: libFuzzer's engine around the one that the variable
//! `WARPROOM_FUZZ_TARGET` names. The script `run` beside it builds and calls it.

#![no_main]

use std::sync::LazyLock;

use fastrand::Rng;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use warproom_fuzz::{Target, mutate, target};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("WARPROOM_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("WARPROOM_FUZZ_TARGET names no target: {name:?}"))
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));

// Half of the changes are libFuzzer's own, which learn from comparisons; half are ours, which keep JSON
// what it is.
fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    if seed % 2 == 0 {
        return fuzzer_mutate(data, size, most);
    }
    let changed = mutate::mutated(&data[..size], &data[..size], most, &mut Rng::with_seed(seed.into()));
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
});

//! The `oasgate` binary.
fn main() {}

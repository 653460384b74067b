//! Parses a file of JSON, or of JSON lines, into the tree of a SIMD parser, and prints the seconds of the best of three
//! times: what a reader takes that does nothing else.

use std::time::Instant;

fn main() {
    let path = std::env::args().nth(1).expect("a file is named");
    let bytes = std::fs::read(&path).expect("it is read");
    let texts: Vec<&[u8]> = if path.ends_with(".ndjson") {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.is_empty()).collect()
    } else {
        vec![&bytes]
    };
    let parse = || {
        let started = Instant::now();
        for text in &texts {
            let value: sonic_rs::Value = sonic_rs::from_slice(text).expect("it is JSON");
            std::hint::black_box(value);
        }
        started.elapsed().as_secs_f64()
    };
    let best = (0..3).map(|_| parse()).fold(f64::INFINITY, f64::min);
    println!("{best}");
}

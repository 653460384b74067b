//! Every format of recordings: which one it is, its entries, and the exchange of each.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use oasgate::{
    exchange::{curl, masked_url},
    recording,
};

/// How many entries are looked at: more of them cost time and show nothing new.
const MAX_ENTRIES: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Ok(reader) = recording::read("fuzz", Cursor::new(bytes.to_vec())) else {
        return;
    };
    for entry in reader.take(MAX_ENTRIES).flatten() {
        if let Ok(exchange) = entry.exchange() {
            let _ = curl(&exchange.request);
            let _ = masked_url(&exchange.request.url);
        }
    }
});

//! The elements of one long array inside a JSON text, without the rest of it in memory.
//!
//! `serde_json` drives its reader and cannot be asked for the next element, so it runs on a thread
//! of its own and hands the elements over through a short queue.

use std::{
    fmt,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{error::Category, value::RawValue};

use super::{Entries, Input, Raw, RawEntry, RecordingError};

/// How many entries may wait to be taken.
const QUEUE: usize = 64;

type Queue = SyncSender<Result<RawEntry, RecordingError>>;

/// Reads the elements of the array that stands at the end of `path`; each step of it names the
/// keys that are followed.
pub(super) fn elements(
    input: Input,
    file: Arc<str>,
    path: &'static [&'static [&'static str]],
) -> Entries {
    let (queue, entries) = sync_channel(QUEUE);
    thread::spawn(move || {
        let mut state = State {
            queue,
            count: 0,
            abandoned: false,
            found: false,
        };
        let mut reader = serde_json::Deserializer::from_reader(input);
        let result = Descend {
            path,
            state: &mut state,
        }
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
        if state.abandoned {
            return;
        }
        let message = match result {
            Err(error) => trouble(&error, state.count),
            Ok(()) if !state.found => {
                let wanted: Vec<_> = path.iter().map(|step| step.join("` or `")).collect();
                format!("there is no list under `{}`", wanted.join("` / `"))
            }
            Ok(()) => return,
        };
        // Nobody may be listening any more, and then nobody needs to know.
        let _ = state.queue.send(Err(RecordingError {
            file,
            entry: None,
            line: None,
            message,
        }));
    });
    Box::new(entries.into_iter())
}

fn trouble(error: &serde_json::Error, count: u64) -> String {
    let read = match count {
        0 => "before the first entry".to_owned(),
        1 => "after 1 entry".to_owned(),
        many => format!("after {many} entries"),
    };
    match error.classify() {
        Category::Eof | Category::Io => {
            format!(
                "the recording is cut off {read} (line {}, column {})",
                error.line(),
                error.column()
            )
        }
        Category::Syntax | Category::Data => {
            format!("the recording cannot be read on {read}: {error}")
        }
    }
}

struct State {
    queue: Queue,
    count: u64,
    abandoned: bool,
    found: bool,
}

/// Goes down to the array along the path.
struct Descend<'s> {
    path: &'static [&'static [&'static str]],
    state: &'s mut State,
}

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            deserializer.deserialize_seq(self)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() {
            "a list of entries"
        } else {
            "an object"
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.path.split_first() else {
            return Ok(());
        };
        while let Some(key) = members.next_key::<String>()? {
            if step.contains(&key.as_str()) {
                members.next_value_seed(Descend {
                    path: rest,
                    state: &mut *self.state,
                })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.state.found = true;
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            self.state.count += 1;
            let raw = Raw::Text(Box::<str>::from(item));
            let entry = RawEntry {
                number: self.state.count,
                line: None,
                raw,
            };
            if self.state.queue.send(Ok(entry)).is_err() {
                self.state.abandoned = true;
                return Err(A::Error::custom("nobody reads on"));
            }
        }
        Ok(())
    }
}

//! Where in the file each key and each value stands.

use std::{collections::BTreeMap, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Where in the file each key and each value stands, by the names that lead there.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    name: String,
    text: String,
    spans: BTreeMap<Vec<String>, Spans>,
}

#[derive(Clone, Debug, Default)]
struct Spans {
    key: Option<Range<usize>>,
    value: Range<usize>,
}

impl Places {
    /// The places of a text; `name` stands for its file. A text that is no TOML has none.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let mut places = Self {
            name: name.to_owned(),
            text: text.to_owned(),
            spans: BTreeMap::new(),
        };
        if let Ok(table) = DeTable::parse(text) {
            places.table(&mut Vec::new(), table.get_ref());
        }
        places
    }

    fn table(&mut self, path: &mut Vec<String>, table: &DeTable<'_>) {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.value(path, Some(key.span()), value);
            path.pop();
        }
    }

    fn value(
        &mut self,
        path: &mut Vec<String>,
        key: Option<Range<usize>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let spans = Spans {
            key,
            value: value.span(),
        };
        self.spans.insert(path.clone(), spans);
        match value.get_ref() {
            DeValue::Table(table) => self.table(path, table),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.value(path, None, item);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// `oasgate.toml:3:5` for the key at the end of a path; the name alone where it is not there.
    pub(super) fn key(&self, path: &[&str]) -> String {
        self.place(path, |spans| {
            spans.key.clone().unwrap_or(spans.value.clone())
        })
    }

    /// `oasgate.toml:3:9` for the value at the end of a path.
    pub(super) fn value_at(&self, path: &[&str]) -> String {
        self.place(path, |spans| spans.value.clone())
    }

    fn place(&self, path: &[&str], part: impl Fn(&Spans) -> Range<usize>) -> String {
        let path: Vec<String> = path.iter().map(|&name| name.to_owned()).collect();
        match self.spans.get(&path) {
            Some(spans) => self.line_and_column(part(spans).start),
            None => self.name.clone(),
        }
    }

    /// `oasgate.toml:3:5` for an offset.
    pub(super) fn line_and_column(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        format!("{}:{line}:{}", self.name, last.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_places() {
        let text = "[severity]\nslow = 'off'\n[[polling]]\noperation = 'ä'\n\n[[polling]]\nstatus = [1,\n  2]\n";
        let places = Places::of("o.toml", text);
        assert_eq!(places.key(&["severity", "slow"]), "o.toml:2:1");
        assert_eq!(places.value_at(&["severity", "slow"]), "o.toml:2:8");
        assert_eq!(
            places.value_at(&["polling", "0", "operation"]),
            "o.toml:4:13"
        );
        assert_eq!(
            places.value_at(&["polling", "1", "status", "1"]),
            "o.toml:8:3"
        );
        assert_eq!(places.key(&["polling", "2"]), "o.toml");
    }
}

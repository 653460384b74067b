//! A path template such as `/users/{id}`.

/// A path template as the document writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    written: String,
}

impl PathTemplate {
    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl std::fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

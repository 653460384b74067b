//! A document: its files, the references between them, and the way back to lines.

use std::{
    collections::{HashMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    Address, DocumentError, FileId, Place, Pointer, Problem, ReferenceError, SpecVersion,
    index::Index, json, references, source::Source, swagger, yaml,
};

/// How much a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub bytes: u64,
    /// Levels of nesting in YAML; JSON allows 128.
    pub depth: usize,
    /// Nodes that aliases put into one file.
    pub nodes: usize,
    /// Files of one document.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            depth: 128,
            nodes: 2_000_000,
            files: 10_000,
        }
    }
}

/// How a document is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The limits.
    pub limits: Limits,
}

/// An OpenAPI document: all of its files, read once and never changed.
#[derive(Debug)]
pub struct Document {
    files: Vec<File>,
    /// Which file a reference's file part leads to, by the file that holds the reference.
    links: HashMap<(FileId, String), Result<FileId, String>>,
    problems: Vec<Problem>,
    version: SpecVersion,
}

#[derive(Debug)]
struct File {
    source: Source,
    root: Value,
    is_json: bool,
    index: OnceLock<Index>,
}

impl Document {
    /// Reads a file and every file that it refers to.
    ///
    /// # Errors
    ///
    /// When the named file cannot be read or is no OpenAPI document. A referenced file that cannot
    /// be read is a [`Problem`] instead.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DocumentError> {
        Self::open_with(path, &Options::default())
    }

    /// Like [`Document::open`], with limits of your own.
    ///
    /// # Errors
    ///
    /// As [`Document::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Result<Self, DocumentError> {
        let path = path.as_ref();
        let bytes = read(path, &options.limits)?;
        let name = path.display().to_string();
        Self::assemble(&name, bytes, Some(path), options)
    }

    /// Reads a document from memory; `name` stands for the file in messages.
    ///
    /// References to other files become problems.
    ///
    /// # Errors
    ///
    /// As [`Document::open`].
    pub fn parse(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Self, DocumentError> {
        Self::assemble(name, bytes.into(), None, &Options::default())
    }

    fn assemble(
        name: &str,
        bytes: Vec<u8>,
        path: Option<&Path>,
        options: &Options,
    ) -> Result<Self, DocumentError> {
        let mut problems = Vec::new();
        let (mut file, duplicates) = File::read(name, bytes, &options.limits)?;
        let version = SpecVersion::of(name, &file.root)?;
        if version == SpecVersion::Swagger2 {
            swagger::add_form_schemas(&mut file.root);
        }
        problems.extend(
            duplicates
                .into_iter()
                .map(|pointer| duplicate(FileId::ROOT, pointer)),
        );
        let mut document = Self {
            files: vec![file],
            links: HashMap::new(),
            problems,
            version,
        };
        document.load_referenced(path, options);
        Ok(document)
    }

    /// Loads the files that are referred to, breadth first, each once.
    fn load_referenced(&mut self, root: Option<&Path>, options: &Options) {
        let mut known: HashMap<PathBuf, FileId> = HashMap::new();
        let mut queue = VecDeque::new();
        if let Some(path) = root {
            known.insert(
                references::path_of(Path::new(""), &path.display().to_string()),
                FileId::ROOT,
            );
        }
        queue.push_back((FileId::ROOT, root.map(Path::to_path_buf)));
        while let Some((id, path)) = queue.pop_front() {
            for (pointer, reference) in references::external(&self.files[id.index()].root) {
                let file = references::split(&reference).file.to_owned();
                if self.links.contains_key(&(id, file.clone())) {
                    continue;
                }
                let loaded = self.load_one(path.as_deref(), &file, options, &mut known);
                if let Err(reason) = &loaded {
                    self.problems.push(Problem {
                        address: Address { file: id, pointer },
                        message: format!("`$ref: {reference}` cannot be followed: {reason}"),
                    });
                }
                if let Ok((target, Some(path))) = &loaded {
                    queue.push_back((*target, Some(path.clone())));
                }
                self.links
                    .insert((id, file), loaded.map(|(target, _)| target));
            }
        }
    }

    /// Loads one referenced file; answers its path too when it is new.
    fn load_one(
        &mut self,
        from: Option<&Path>,
        file: &str,
        options: &Options,
        known: &mut HashMap<PathBuf, FileId>,
    ) -> Result<(FileId, Option<PathBuf>), String> {
        if references::is_remote(file) {
            return Err(
                "it leads over the network, and remote references are not fetched".to_owned(),
            );
        }
        let Some(from) = from else {
            return Err("the document was not read from a file".to_owned());
        };
        let path = references::path_of(from.parent().unwrap_or(Path::new("")), file);
        if let Some(id) = known.get(&path) {
            return Ok((*id, None));
        }
        if self.files.len() >= options.limits.files {
            return Err(format!(
                "the document has more than {} files",
                options.limits.files
            ));
        }
        let bytes = read(&path, &options.limits).map_err(|error| error.to_string())?;
        let name = path.display().to_string();
        let (file, duplicates) =
            File::read(&name, bytes, &options.limits).map_err(|error| error.to_string())?;
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.problems
            .extend(duplicates.into_iter().map(|pointer| duplicate(id, pointer)));
        self.files.push(file);
        known.insert(path.clone(), id);
        Ok((id, Some(path)))
    }

    /// The value of the root file.
    pub fn root(&self) -> &Value {
        &self.files[0].root
    }

    /// The specification that the document follows.
    pub fn version(&self) -> &SpecVersion {
        &self.version
    }

    /// The value of one file.
    pub fn file(&self, file: FileId) -> Option<&Value> {
        self.files.get(file.index()).map(|file| &file.root)
    }

    /// A node.
    pub fn get(&self, at: &Address) -> Option<&Value> {
        at.pointer.get(self.file(at.file)?)
    }

    /// One step of a reference that stands in the file `base`.
    ///
    /// # Errors
    ///
    /// When its file was not loaded, its fragment is no JSON Pointer, or nothing is there.
    pub fn resolve(&self, base: FileId, reference: &str) -> Result<Address, ReferenceError> {
        let target = references::split(reference);
        let file = if target.file.is_empty() {
            base
        } else {
            match self.links.get(&(base, target.file.to_owned())) {
                Some(Ok(file)) => *file,
                Some(Err(reason)) => {
                    return Err(ReferenceError::File {
                        reference: reference.to_owned(),
                        reason: reason.clone(),
                    });
                }
                None => {
                    return Err(ReferenceError::File {
                        reference: reference.to_owned(),
                        reason: "its file was not loaded".to_owned(),
                    });
                }
            }
        };
        let pointer =
            Pointer::parse(&target.fragment).ok_or_else(|| ReferenceError::NotAPointer {
                reference: reference.to_owned(),
            })?;
        let address = Address { file, pointer };
        if self.get(&address).is_none() {
            return Err(ReferenceError::Missing {
                reference: reference.to_owned(),
                missing: self.first_missing(&address),
            });
        }
        Ok(address)
    }

    fn first_missing(&self, address: &Address) -> String {
        let mut there = Pointer::root();
        for token in address.pointer.tokens() {
            there.push(&token);
            if self
                .file(address.file)
                .is_none_or(|root| there.get(root).is_none())
            {
                break;
            }
        }
        format!("#{there}")
    }

    /// Follows `$ref` from object to object, until one has none.
    ///
    /// # Errors
    ///
    /// When a step leads nowhere, or the steps lead in a circle.
    pub fn follow(&self, at: &Address) -> Result<(Address, &Value), ReferenceError> {
        let mut address = at.clone();
        let mut seen = Vec::new();
        loop {
            let value = self.get(&address).ok_or_else(|| ReferenceError::Missing {
                reference: format!("#{}", address.pointer),
                missing: self.first_missing(&address),
            })?;
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Ok((address, value));
            };
            if seen.contains(&address) {
                return Err(ReferenceError::Circle {
                    reference: reference.to_owned(),
                });
            }
            let next = self.resolve(address.file, reference)?;
            seen.push(address);
            address = next;
        }
    }

    /// Where a node stands. For a node that is not there, the nearest ancestor that is.
    pub fn locate(&self, at: &Address) -> Option<Place> {
        let file = self.files.get(at.file.index())?;
        file.index()
            .value(&at.pointer)
            .map(|range| file.source.place(range))
    }

    /// Where the property name that leads to a node stands; for an array element, the element.
    pub fn locate_key(&self, at: &Address) -> Option<Place> {
        let file = self.files.get(at.file.index())?;
        file.index()
            .key(&at.pointer)
            .map(|range| file.source.place(range))
    }

    /// The text of a file.
    pub fn source(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.index()).map(|file| &file.source)
    }

    /// All files, the root first.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..)
            .map(FileId)
            .zip(self.files.iter().map(|file| &file.source))
    }

    /// What is wrong but did not stop the loading.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl File {
    fn read(
        name: &str,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<(Self, Vec<Pointer>), DocumentError> {
        let source = Source::new(name, bytes)?;
        // YAML contains JSON, but JSON is read many times faster by its own parser. A broken JSON
        // document deserves a JSON error, unless it is YAML in flow style after all.
        if source.text().trim_start().starts_with(['{', '[']) {
            match json::parse(&source) {
                Ok(root) => {
                    return Ok((
                        Self {
                            source,
                            root,
                            is_json: true,
                            index: OnceLock::new(),
                        },
                        Vec::new(),
                    ));
                }
                Err(error) => {
                    let is_named_json = source.name().to_ascii_lowercase().ends_with(".json");
                    let (false, Ok((root, duplicates))) =
                        (is_named_json, yaml::parse(&source, limits))
                    else {
                        return Err(error);
                    };
                    let file = Self {
                        source,
                        root,
                        is_json: false,
                        index: OnceLock::new(),
                    };
                    return Ok((file, duplicates));
                }
            }
        }
        let (root, duplicates) = yaml::parse(&source, limits)?;
        Ok((
            Self {
                source,
                root,
                is_json: false,
                index: OnceLock::new(),
            },
            duplicates,
        ))
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            if self.is_json {
                json::index(self.source.text())
            } else {
                yaml::index(self.source.text())
            }
        })
    }
}

fn duplicate(file: FileId, pointer: Pointer) -> Problem {
    let name = pointer.last().unwrap_or_default();
    Problem {
        address: Address { file, pointer },
        message: format!("the key `{name}` stands twice in this mapping; the last one counts"),
    }
}

fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, DocumentError> {
    let error = |source| DocumentError::Read {
        path: path.to_path_buf(),
        source,
    };
    let metadata = fs::metadata(path).map_err(error)?;
    if metadata.is_dir() {
        return Err(DocumentError::Directory(path.to_path_buf()));
    }
    if metadata.len() > limits.bytes {
        return Err(DocumentError::TooLarge {
            file: path.display().to_string(),
            size: metadata.len(),
            limit: limits.bytes,
        });
    }
    fs::read(path).map_err(error)
}

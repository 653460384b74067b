//! A document: its files, the references between them, and the way back to lines.

mod resolve;

use std::{
    collections::{HashMap, VecDeque},
    fmt, fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use serde_json::Value;
use url::Url;

use crate::{
    Address, Allowance, Budget, DocumentError, FileId, InFile, Place, Pointer, Problem,
    ProblemKind, SpecVersion, Stop,
    error::LoadError,
    index::Index,
    json,
    overlay::{self, Origins},
    reach::Reach,
    references,
    source::Source,
    swagger, yaml,
};

/// How many names with one end are told apart where a reference has that end alone.
const MAX_ALIKE: usize = 1_000;

/// How much a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub bytes: u64,
    /// Bytes of memory for the text and the values of all files.
    pub memory: u64,
    /// Levels of nesting, at most the 128 that JSON is read with; aliases add up.
    pub depth: usize,
    /// Nodes that aliases put into the document.
    pub nodes: usize,
    /// Files of one document.
    pub files: usize,
}

impl Limits {
    /// A budget for reading one document.
    fn budget(&self, stop: &Stop) -> Budget {
        let allowance = Allowance {
            bytes: self.memory,
            nodes: self.nodes as u64,
            depth: self.depth as u64,
            steps: u64::MAX,
        };
        Budget::new(allowance, stop)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            memory: 352 << 20,
            depth: 128,
            nodes: 2_000_000,
            files: 10_000,
        }
    }
}

/// Brings the bytes at a URL; the error is a sentence.
pub type Fetch = dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync;

/// How a document is read.
#[derive(Clone, Default)]
pub struct Options {
    /// The limits.
    pub limits: Limits,
    /// Ends reading, and all work on the document, early.
    pub stop: Stop,
    /// How references over the network are followed; without it they are not.
    pub fetch: Option<Arc<Fetch>>,
    /// Overlays that are applied to the root file, in this order.
    pub overlays: Vec<PathBuf>,
    /// Files and folders that references may lead to, beside the folder of the root file and all below it.
    pub files: Vec<PathBuf>,
    /// A folder, and what its path is called where a file in it is named: for a copy of files that are elsewhere.
    pub called: Option<(PathBuf, String)>,
}

impl Options {
    /// How a file is named in messages.
    fn named(&self, name: &str) -> String {
        let inside = self.called.as_ref().and_then(|(folder, called)| {
            let rest = Path::new(name).strip_prefix(folder).ok()?;
            Some(format!("{called}{}", rest.display()))
        });
        inside.unwrap_or_else(|| name.to_owned())
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limits", &self.limits)
            .field("fetch", &self.fetch.is_some())
            .field("overlays", &self.overlays)
            .field("files", &self.files)
            .field("called", &self.called)
            .finish_non_exhaustive()
    }
}

/// Where a file came from: what its relative references start at.
#[derive(Clone)]
enum Origin {
    File(PathBuf),
    Url(Url),
    Memory,
}

impl Origin {
    /// Where the file part of a reference leads.
    fn join(&self, file: &str) -> Result<Self, String> {
        let unusable = |error: url::ParseError| format!("it is no URL: {error}");
        match self {
            _ if references::is_remote(file) => Url::parse(file).map(Self::Url).map_err(unusable),
            Self::Url(base) => base.join(file).map(Self::Url).map_err(unusable),
            Self::File(path) => {
                let folder = path.parent().unwrap_or(Path::new(""));
                Ok(Self::File(references::path_of(folder, file)))
            }
            Self::Memory => Err("the document was not read from a file".to_owned()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => url.to_string(),
            Self::Memory => String::new(),
        }
    }
}

/// An OpenAPI document: all of its files, read once and never changed.
#[derive(Debug)]
pub struct Document {
    files: Vec<File>,
    /// Which file a reference's file part leads to, by the file that holds the reference.
    links: HashMap<(FileId, String), Result<FileId, String>>,
    /// Nodes that name themselves: `$self` and `$id` by URI, `$anchor` by `#name`.
    named: HashMap<(Option<FileId>, String), Address>,
    /// Every node with a name of the form `#name`, by file and name.
    anchors: HashMap<(FileId, String), Vec<Pointer>>,
    /// Schemas with an `$id`, and files with a `$self`, with their URIs: the base of the references inside
    /// them (JSON Schema 2020-12 §8.2.1).
    resources: HashMap<Address, String>,
    /// The URIs among these, by what stands behind their last slash.
    named_by_end: HashMap<String, Vec<String>>,
    problems: Vec<Problem>,
    version: SpecVersion,
    stop: Stop,
    overlays: Vec<File>,
    /// Where the nodes of the root file stand that an overlay brought or moved.
    origins: Origins,
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
        let bytes = read(path, options)?;
        let name = path.display().to_string();
        let tidy = references::path_of(Path::new(""), &name);
        Self::assemble(&name, bytes, Origin::File(tidy), options)
    }

    /// Reads a document that came from a URL.
    ///
    /// # Errors
    ///
    /// As [`Document::open`].
    pub fn from_url(url: &Url, bytes: Vec<u8>, options: &Options) -> Result<Self, DocumentError> {
        Self::assemble(url.as_str(), bytes, Origin::Url(url.clone()), options)
    }

    /// Reads a document from memory; `name` stands for the file in messages.
    ///
    /// References to other files become problems.
    ///
    /// # Errors
    ///
    /// As [`Document::open`].
    pub fn parse(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Self, DocumentError> {
        Self::assemble(name, bytes.into(), Origin::Memory, &Options::default())
    }

    fn assemble(
        name: &str,
        bytes: Vec<u8>,
        origin: Origin,
        options: &Options,
    ) -> Result<Self, DocumentError> {
        let budget = options.limits.budget(&options.stop);
        let (mut file, mut problems) =
            File::read(FileId::ROOT, &options.named(name), bytes, &budget)?;
        let mut overlays = Vec::new();
        let mut origins = Origins::default();
        let work = overlay::Work::new(&budget);
        for path in &options.overlays {
            let overlay = Self::overlay(path, options, &budget)?;
            let number = overlays.len();
            let idle = overlay::apply(&mut file.root, &overlay.root, number, &mut origins, &work)
                .map_err(|refusal| DocumentError::Overlay {
                place: overlay.place(&refusal.at),
                message: refusal.message,
            })?;
            problems.extend(idle.into_iter().map(|at| Problem {
                kind: ProblemKind::Reference,
                address: Address::default(),
                message: format!(
                    "{}: the target of this action selects nothing in {name}",
                    overlay.place(&at)
                ),
            }));
            overlays.push(overlay);
        }
        let version = SpecVersion::of(name, &file.root)?;
        if version == SpecVersion::Swagger2 {
            swagger::add_form_schemas(&mut file.root);
        }
        let mut document = Self {
            files: vec![file],
            links: HashMap::new(),
            named: HashMap::new(),
            anchors: HashMap::new(),
            resources: HashMap::new(),
            named_by_end: HashMap::new(),
            problems,
            version,
            stop: options.stop.clone(),
            overlays,
            origins,
        };
        document.load_referenced(origin, options, &budget);
        Ok(document)
    }

    fn overlay(path: &Path, options: &Options, budget: &Budget) -> Result<File, DocumentError> {
        let bytes = read(path, options)?;
        let (overlay, _) = File::read(FileId::ROOT, &path.display().to_string(), bytes, budget)?;
        Ok(overlay)
    }

    /// The file in which a node was written, and its pointer there: an overlay's for what it brought.
    fn written(&self, at: &Address) -> Option<(&File, Pointer)> {
        if at.file != FileId::ROOT {
            return Some((self.files.get(at.file.index())?, at.pointer.clone()));
        }
        let origin = self.origins.of(&at.pointer);
        let file = match origin.overlay {
            Some(number) => self.overlays.get(number),
            None => self.files.first(),
        };
        Some((file?, origin.pointer))
    }

    /// Loads the files that are referred to, breadth first, each once.
    fn load_referenced(&mut self, root: Origin, options: &Options, budget: &Budget) {
        let file = match &root {
            Origin::File(path) => Some(path.as_path()),
            Origin::Url(_) | Origin::Memory => None,
        };
        let reach = Reach::of(file, &options.files);
        let mut known: HashMap<String, FileId> = HashMap::new();
        known.insert(root.name(), FileId::ROOT);
        let mut queue = VecDeque::from([(FileId::ROOT, root)]);
        let mut unloaded = Vec::new();
        while let Some((id, origin)) = queue.pop_front() {
            let mut survey = references::survey(&self.files[id.index()].root);
            // The outer first: an `$id` is relative to the one around it.
            survey
                .named
                .sort_by_key(|(_, pointer)| pointer.tokens().count());
            for (name, pointer) in survey.named {
                let holder = name.starts_with('#').then_some(id);
                if holder.is_some() {
                    let alike = self.anchors.entry((id, name.clone())).or_default();
                    alike.push(pointer.clone());
                }
                let address = Address { file: id, pointer };
                if holder.is_none() {
                    let uri = self.uri_from(&address, &name);
                    let uri = uri.unwrap_or_else(|| name.clone());
                    self.named
                        .entry((None, uri.clone()))
                        .or_insert(address.clone());
                    self.resources.insert(address.clone(), uri);
                }
                if holder.is_none()
                    && let Some((_, end)) = name.rsplit_once('/')
                {
                    let alike = self.named_by_end.entry(end.to_owned()).or_default();
                    if alike.len() < MAX_ALIKE && !alike.contains(&name) {
                        alike.push(name.clone());
                    }
                }
                self.named.entry((holder, name)).or_insert(address);
            }
            let references = survey.external.into_iter().map(|one| (one, true));
            let mapped = survey.mapped.into_iter().map(|one| (one, false));
            for ((pointer, reference), is_reference) in references.chain(mapped) {
                let file = references::split(&reference).file.to_owned();
                let at = Address {
                    file: id,
                    pointer: pointer.clone(),
                };
                if self.links.contains_key(&(id, file.clone()))
                    || self.by_name(&at, &file).is_some()
                {
                    continue;
                }
                let loaded = self.load_one(&origin, &file, (options, budget, &reach), &mut known);
                match loaded {
                    Ok((target, new)) => {
                        queue.extend(new.map(|origin| (target, origin)));
                        self.links.insert((id, file), Ok(target));
                    }
                    Err(reason) => {
                        let address = Address { file: id, pointer };
                        if is_reference {
                            unloaded.push((address, reference, reason.clone()));
                        }
                        self.links.insert((id, file), Err(reason.to_string()));
                    }
                }
            }
        }
        // What cannot be loaded may still be a name that a file read later gives itself.
        for (address, reference, reason) in unloaded {
            let file = references::split(&reference).file;
            if self.by_name(&address, file).is_none() {
                self.problems.push(Problem {
                    kind: reason.kind(),
                    address,
                    message: format!("`$ref: {reference}` cannot be followed: {reason}"),
                });
            }
        }
    }

    /// What a relative reference means at a node, by the base around it; `None` where there is none.
    fn uri_from(&self, at: &Address, reference: &str) -> Option<String> {
        let base = self.resources.get(&self.resource_of(at))?;
        let uri = Url::parse(base).ok()?.join(reference).ok()?;
        Some(uri.to_string().trim_end_matches('#').to_owned())
    }

    /// The node whose `$id` or `$self` a reference at a node means: by the base around it, as written, or
    /// as the end of the URI.
    fn by_name(&self, at: &Address, file: &str) -> Option<&Address> {
        if self.named.is_empty() || file.is_empty() {
            return None;
        }
        let by_base = self
            .uri_from(at, file)
            .and_then(|uri| self.named.get(&(None, uri)));
        if by_base.is_some() {
            return by_base;
        }
        self.named.get(&(None, file.to_owned())).or_else(|| {
            if references::is_remote(file) {
                return None;
            }
            let relative = file.trim_start_matches("./");
            let end = relative.rsplit_once('/').map_or(relative, |(_, end)| end);
            let is_meant = |id: &&String| {
                id.strip_suffix(relative)
                    .is_some_and(|rest| rest.ends_with('/'))
            };
            let alike = self.named_by_end.get(end)?;
            alike
                .iter()
                .filter(is_meant)
                .filter_map(|id| self.named.get(&(None, id.clone())))
                .min()
        })
    }

    /// Loads one referenced file; answers where it came from too when it is new.
    fn load_one(
        &mut self,
        from: &Origin,
        file: &str,
        (options, budget, reach): (&Options, &Budget, &Reach),
        known: &mut HashMap<String, FileId>,
    ) -> Result<(FileId, Option<Origin>), LoadError> {
        let origin = from.join(file).map_err(LoadError::Name)?;
        let name = origin.name();
        if let Some(id) = known.get(&name) {
            return Ok((*id, None));
        }
        if self.files.len() >= options.limits.files {
            return Err(LoadError::TooManyFiles(options.limits.files));
        }
        let bytes = match (&origin, &options.fetch) {
            (Origin::File(path), _) => {
                if !reach.holds(path) {
                    return Err(LoadError::Outside);
                }
                read(path, options).map_err(|error| LoadError::File(error.to_string()))?
            }
            (Origin::Url(url), Some(fetch)) => fetch(url.as_str()).map_err(LoadError::Fetch)?,
            (Origin::Url(_) | Origin::Memory, _) => {
                return Err(LoadError::Remote);
            }
        };
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let (file, problems) = File::read(id, &options.named(&name), bytes, budget)
            .map_err(|error| LoadError::File(error.to_string()))?;
        self.problems.extend(problems);
        self.files.push(file);
        known.insert(name, id);
        Ok((id, Some(origin)))
    }

    /// The value of the root file.
    pub fn root(&self) -> &Value {
        &self.files[0].root
    }

    /// What ends work on the document early.
    pub fn stop(&self) -> &Stop {
        &self.stop
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

    /// Where a node stands. For a node that is not there, the nearest ancestor that is.
    pub fn locate(&self, at: &Address) -> Option<Place> {
        let (file, pointer) = self.written(at)?;
        file.index()
            .value(&pointer)
            .map(|range| file.source.place(range))
    }

    /// Where the property name that leads to a node stands; for an array element, the element.
    pub fn locate_key(&self, at: &Address) -> Option<Place> {
        let (file, pointer) = self.written(at)?;
        file.index()
            .key(&pointer)
            .map(|range| file.source.place(range))
    }

    /// Where a node, or the property name that leads to it, begins in its file, in bytes: an order
    /// that costs no counting of lines.
    pub fn offset(&self, at: &Address) -> Option<usize> {
        let (file, pointer) = self.written(at)?;
        let index = file.index();
        index
            .key(&pointer)
            .or_else(|| index.value(&pointer))
            .map(|range| range.start)
    }

    /// A node as it is written: digits that no number of the value holds.
    pub fn text_of(&self, at: &Address) -> Option<&str> {
        let (file, pointer) = self.written(at)?;
        let range = file.index().value(&pointer)?;
        file.source.text().get(range)
    }

    /// The text of a file.
    pub fn source(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.index()).map(|file| &file.source)
    }

    /// The text of the file in which a node was written: that of an overlay for what it brought.
    pub fn source_of(&self, at: &Address) -> Option<&Source> {
        self.written(at).map(|(file, _)| &file.source)
    }

    /// All files, the root first.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..)
            .map(FileId)
            .zip(self.files.iter().map(|file| &file.source))
    }

    /// The keys that stand twice in a mapping of a JSON file; those of YAML are among the
    /// [problems](Document::problems). They are looked for anew by each call.
    pub fn duplicate_json_keys(&self) -> Vec<Problem> {
        let files = (0..).map(FileId).zip(&self.files);
        files
            .filter(|(_, file)| file.is_json)
            .flat_map(|(id, file)| {
                json::duplicates(file.source.text())
                    .into_iter()
                    .map(move |pointer| duplicate(id, pointer))
            })
            .collect()
    }

    /// What is wrong but did not stop the loading.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl File {
    fn read(
        id: FileId,
        name: &str,
        bytes: Vec<u8>,
        budget: &Budget,
    ) -> Result<(Self, Vec<Problem>), DocumentError> {
        let source = Source::new(name, bytes)?;
        let size = source.text().len() as u64;
        budget
            .spend_bytes(size)
            .map_err(|exceeded| DocumentError::OverBudget {
                place: source.in_file(0, 0),
                exceeded,
            })?;
        let file = |source, root, is_json| Self {
            source,
            root,
            is_json,
            index: OnceLock::new(),
        };
        // YAML contains JSON, but JSON is read many times faster by its own parser. A broken JSON
        // document deserves a JSON error, unless it is YAML in flow style after all.
        let read = if source.text().trim_start().starts_with(['{', '[']) {
            let error = match json::parse(&source, budget) {
                Ok(root) => return Ok((file(source, root, true), Vec::new())),
                Err(error) => error,
            };
            let is_named_json = source.name().to_ascii_lowercase().ends_with(".json");
            match (is_named_json, &error) {
                (false, DocumentError::Json { .. }) => {
                    yaml::parse(&source, budget).map_err(|_| error)?
                }
                _ => return Err(error),
            }
        } else {
            yaml::parse(&source, budget)?
        };
        let duplicates = read.duplicates.into_iter();
        let problems = duplicates
            .map(|pointer| duplicate(id, pointer))
            .chain(read.cut.into_iter().map(|(pointer, exceeded)| Problem {
                kind: ProblemKind::Limit,
                address: Address { file: id, pointer },
                message: format!("this alias is read as null: what it names needs {exceeded}"),
            }))
            .collect();
        Ok((file(source, read.root, false), problems))
    }

    fn place(&self, pointer: &Pointer) -> InFile {
        let range = self.index().key(pointer).unwrap_or_default();
        InFile::from(self.source.place(range))
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
        kind: ProblemKind::DuplicateKey,
        address: Address { file, pointer },
        message: format!("the key `{name}` stands twice in this mapping; the last one counts"),
    }
}

/// Whether a path names what a shell has opened, as `<(command)` does: something else than a file that
/// comes to an end. Any other may have none, or wait for a writer that never comes.
fn is_handed_over(path: &Path) -> bool {
    let opened = ["/dev/fd", "/proc/self/fd"];
    path == Path::new("/dev/stdin") || opened.iter().any(|folder| path.starts_with(folder))
}

/// Reads a file up to its limit, whatever its size is said to be: a device has none.
fn read(path: &Path, options: &Options) -> Result<Vec<u8>, DocumentError> {
    let limits = &options.limits;
    let name = options.named(&path.display().to_string());
    let error = |source| DocumentError::Read {
        path: PathBuf::from(&name),
        source,
    };
    let metadata = fs::metadata(path).map_err(error)?;
    if metadata.is_dir() {
        return Err(DocumentError::Directory(PathBuf::from(&name)));
    }
    if !metadata.is_file() && !is_handed_over(path) {
        return Err(DocumentError::NotAFile(PathBuf::from(&name)));
    }
    let too_large = |size| DocumentError::TooLarge {
        file: name.clone(),
        size,
        limit: limits.bytes,
    };
    if metadata.len() > limits.bytes {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    let file = fs::File::open(path).map_err(error)?;
    let mut bounded = file.take(limits.bytes.saturating_add(1));
    bounded.read_to_end(&mut bytes).map_err(error)?;
    let size = bytes.len() as u64;
    if size > limits.bytes {
        return Err(too_large(size));
    }
    Ok(bytes)
}

//! Why a configuration is refused: the key, the value, what is expected and where the value came from.

use std::{fmt, path::PathBuf};

use figment::error::Kind;

/// One wrong key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// With its section: `http.listen`.
    pub key: String,
    /// `None` where the key itself is the problem.
    pub found: Option<String>,
    /// In words: `1 to 256 topics`.
    pub expected: String,
    /// `file shop.toml`, `environment variable SOUK_HTTP__LISTEN`, `option --listen`.
    pub from: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{}: {} expected, {found:?} found", self.key, self.expected)?,
            None => write!(f, "{}: {}", self.key, self.expected)?,
        }
        match &self.from {
            Some(from) => write!(f, " ({from})"),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The file itself: missing, unreadable or not TOML.
    File { path: PathBuf, problem: String },
    /// At least one.
    Keys(Vec<Problem>),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, problem } => write!(f, "configuration file {}: {problem}", path.display()),
            Self::Keys(problems) => {
                write!(f, "bad configuration")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<figment::Error> for ConfigError {
    fn from(errors: figment::Error) -> Self {
        Self::Keys(errors.into_iter().map(Problem::from).collect())
    }
}

impl From<figment::Error> for Problem {
    fn from(error: figment::Error) -> Self {
        let mut path = error.path.clone();
        let from = error.metadata.as_ref().map(|metadata| metadata.name.to_string());
        let (found, expected) = match error.kind {
            Kind::InvalidType(found, expected) => (Some(bare(&found)), words(&expected)),
            Kind::InvalidValue(found, expected) => (Some(bare(&found)), words(&expected)),
            Kind::InvalidLength(found, expected) => (Some(format!("{found} items")), words(&expected)),
            Kind::UnknownVariant(found, expected) => (Some(found), format!("one of {}", expected.join(", "))),
            Kind::UnknownField(field, known) => {
                path.retain(|part| *part != field);
                path.push(field.clone());
                let expected = unknown(&path.join("."), &field, known.iter().copied());
                (None, expected)
            }
            Kind::MissingField(field) => {
                path.push(field.into_owned());
                (None, "missing".into())
            }
            Kind::ISizeOutOfRange(found) => (Some(found.to_string()), "a smaller number".into()),
            Kind::USizeOutOfRange(found) => (Some(found.to_string()), "a smaller number".into()),
            Kind::Message(text) => (None, text),
            other @ (Kind::DuplicateField(_) | Kind::Unsupported(_) | Kind::UnsupportedKey(..)) => {
                (None, other.to_string())
            }
        };
        let key = path.join(".");
        let found = found.map(|found| if is_secret(&key) { "(redacted)".to_owned() } else { found });
        Self { key, found, expected, from }
    }
}

/// By its name, so that a key of tomorrow is one too.
fn is_secret(key: &str) -> bool {
    ["password", "secret", "token", "key"].iter().any(|word| key.ends_with(word))
}

/// Keys of older versions, whose settings another key holds now, and how.
const RENAMED: &[(&str, &str, &str)] = &[
    ("live.allowed_origins", "http.trusted_origins", "move its value there"),
    ("identity.trusted_origins", "http.trusted_origins", "move its value there"),
    ("http.trust_forwarded_for", "http.trusted_hops", "true is 1 there, for one proxy"),
];

/// "unknown", with the key that took its place, or the nearest known name where one is near. `path`: with its section.
pub(super) fn unknown<'a>(path: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    if let Some((_, now, how)) = RENAMED.iter().find(|(old, ..)| *old == path) {
        return format!("this key is {now} now; {how}");
    }
    let nearest = known.map(|known| (distance(name, known), known)).min();
    match nearest {
        Some((edits, known)) if edits <= 3 => format!("unknown key; {known:?} is meant?"),
        _ => "unknown key; config/default.toml lists them all".into(),
    }
}

/// Levenshtein's edit distance, by the two-row table.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn bare(found: &figment::error::Actual) -> String {
    use figment::error::Actual;
    match found {
        Actual::Str(text) => text.clone(),
        Actual::Unsigned(number) => number.to_string(),
        Actual::Signed(number) => number.to_string(),
        Actual::Bool(yes) => yes.to_string(),
        other => other.to_string(),
    }
}

/// Rust's type names are no help to an operator.
fn words(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".into(),
        "a boolean" => "true or false".into(),
        "a string" | "path string" => "a text in quotes".into(),
        other => other.into(),
    }
}

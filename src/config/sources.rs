//! The sources of single values as figment providers: environment variables and command-line options.
//!
//! Each value is its own provider, so that an error names the very variable. A value's text is read by
//! the type of the key's default: a password `12345` stays text. The environment comes in as a list,
//! so that tests need not change the process's own.

mod service_link;

use std::{
    ffi::{OsStr, OsString},
    str::FromStr,
};

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::error::{Problem, unknown};

pub const PREFIX: &str = "SOUK_";

/// Names without a section that mean a key.
const ALIASES: &[(&str, &str)] =
    &[("SOUK_SUPERADMIN_PASSWORD", "identity.superadmin_password"), ("SOUK_LOG", "log.filter")];

/// Read by tests, benches and scripts, never by the program.
const FOR_TESTS: &[&str] =
    &["SOUK_SEED", "SOUK_SEEDS", "SOUK_CRASHES", "SOUK_URL", "SOUK_DENY_ADVISORIES", "SOUK_NATS_SERVER"];
const FOR_TESTS_PREFIXES: &[&str] = &["SOUK_TEST_", "SOUK_BENCH_"];

fn for_tests(name: &str) -> bool {
    FOR_TESTS.contains(&name) || FOR_TESTS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// One value of one key.
pub struct One {
    /// For errors: `environment variable SOUK_HTTP__LISTEN`.
    pub from: String,
    /// With its sections: `http.listen`.
    pub key: String,
    /// Already of the key's type.
    pub value: Value,
}

impl Provider for One {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.from.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = self
            .key
            .rsplit('.')
            .fold(self.value.clone(), |inner, part| Value::from(Dict::from([(part.to_owned(), inner)])));
        Ok(Map::from([(Profile::Default, nested.into_dict().unwrap_or_default())]))
    }
}

/// The `SOUK_` variables among `variables`, or what is wrong with them.
pub fn environment(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    defaults: &Value,
) -> Result<Vec<One>, Vec<Problem>> {
    let (mut ones, mut problems) = (Vec::new(), Vec::new());
    // A name that is not UTF-8 cannot begin with the prefix and be one of ours.
    let ours = variables.into_iter().filter_map(|(name, text)| Some((name.into_string().ok()?, text)));
    let ours = ours.filter(|(name, _)| name.starts_with(PREFIX));
    for (name, text) in ours.filter(|(name, text)| !for_tests(name) && !is_link(name, text)) {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, key)| (*key).to_owned());
        let key = alias.unwrap_or_else(|| name[PREFIX.len()..].to_ascii_lowercase().replace("__", "."));
        let from = format!("environment variable {name}");
        let Ok(text) = text.into_string() else {
            problems.push(Problem { key, found: None, expected: "the value is not UTF-8".into(), from: Some(from) });
            continue;
        };
        match one(from, key, &text, defaults) {
            Ok(one) => ones.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    // Aliases first: the full name of a key is the more exact wish.
    ones.sort_by_key(|one| !ALIASES.iter().any(|(alias, _)| one.from.ends_with(alias)));
    if problems.is_empty() { Ok(ones) } else { Err(problems) }
}

/// The variables among `variables` that [`environment`] leaves out because Kubernetes made them.
pub fn service_links<'a>(variables: impl IntoIterator<Item = &'a (OsString, OsString)>) -> Vec<&'a str> {
    let named = variables.into_iter().filter_map(|(name, text)| Some((name.to_str()?, text)));
    let links = named.filter(|(name, text)| name.starts_with(PREFIX) && is_link(name, text));
    links.map(|(name, _)| name).collect()
}

fn is_link(name: &str, text: &OsStr) -> bool {
    text.to_str().is_some_and(|text| service_link::is_link(name, text))
}

/// `text` as a value of `key`, by the type that the key has in `defaults`.
pub fn one(from: String, key: String, text: &str, defaults: &Value) -> Result<One, Problem> {
    let text = text.trim();
    let wrong = |found: Option<&str>, expected: String| Problem {
        key: key.clone(),
        found: found.map(str::to_owned),
        expected,
        from: Some(from.clone()),
    };
    let value = match defaults.find_ref(&key) {
        None | Some(Value::Dict(..)) => {
            let known = leaves(defaults);
            return Err(wrong(None, unknown(&key, &key, known.iter().map(String::as_str))));
        }
        Some(Value::Num(..)) => match text.replace('_', "").parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => return Err(wrong(Some(text), "a whole number, 0 or more".into())),
        },
        Some(Value::Bool(..)) => match text.parse::<bool>() {
            Ok(yes) => Value::from(yes),
            Err(_) => return Err(wrong(Some(text), "true or false".into())),
        },
        // Lists: TOML in brackets, or just texts with commas between.
        Some(Value::Array(..)) if text.starts_with('[') => match Value::from_str(text) {
            Ok(value) => value,
            Err(never) => match never {},
        },
        Some(Value::Array(..)) => {
            Value::from(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>())
        }
        Some(Value::String(..) | Value::Char(..) | Value::Empty(..)) => Value::from(text),
    };
    Ok(One { from, key, value })
}

/// Every key with its sections, in order.
pub fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::Dict(_, dict) => dict
            .iter()
            .flat_map(|(name, inner)| match inner {
                Value::Dict(..) => leaves(inner).into_iter().map(|leaf| format!("{name}.{leaf}")).collect(),
                _leaf => vec![name.clone()],
            })
            .collect(),
        _leaf => Vec::new(),
    }
}

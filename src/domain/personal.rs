//! What is known of a person, at rest: sealed under a key of that person, so that forgetting the key erases it from the
//! journal, where nothing is ever rewritten, and from every copy of it.
//!
//! In memory, between nodes and towards clients it is plain. Where the engine encodes for a disk it opens a scope
//! ([`sealing`], [`opening`]), and the types and fields that are personal seal themselves within it: [`text`] and
//! [`optional`] for a field, [`Form`] for a type of several. What cannot be opened (its key is forgotten, or there are no
//! keys at hand) reads as blank. What was written before is plain, and is read as it is. Deliberately absent: the keys
//! and the cipher, which are a [`Vault`]'s.

pub mod optional;
pub mod text;

use std::{cell::RefCell, fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};

use super::ids::{OrderId, UserId};

/// Whose data it is, and so what is erased at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An account, with all that it did.
    User(UserId),
    /// A guest's order: guests are nobody but who ordered.
    Order(OrderId),
}

/// Frozen: keys are derived from it.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user/{user}"),
            Self::Order(order) => write!(f, "order/{order}"),
        }
    }
}

/// The keys of persons.
pub trait Vault: Send + Sync {
    /// `None`: this subject is forgotten, and nothing of it is written any more.
    fn seal(&self, subject: Subject, plain: &[u8]) -> Option<String>;
    /// `None`: its subject is forgotten, or it was sealed under other keys.
    fn open(&self, sealed: &str) -> Option<Vec<u8>>;
}

struct Scope {
    vault: Arc<dyn Vault>,
    subject: Option<Subject>,
}

thread_local! {
    /// serde hands no context to a type's own code. Set for one call, and never across an await.
    static SCOPE: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// Encodes for a disk: what `work` writes of a person is sealed as `subject`'s. Without a vault all stays plain.
pub fn sealing<T>(vault: Option<Arc<dyn Vault>>, subject: Option<Subject>, work: impl FnOnce() -> T) -> T {
    scoped(vault.map(|vault| Scope { vault, subject }), work)
}

/// Decodes from a disk.
pub fn opening<T>(vault: Option<Arc<dyn Vault>>, work: impl FnOnce() -> T) -> T {
    scoped(vault.map(|vault| Scope { vault, subject: None }), work)
}

fn scoped<T>(scope: Option<Scope>, work: impl FnOnce() -> T) -> T {
    /// Restores what was before, also when `work` panics.
    struct Restore(Option<Scope>);
    impl Drop for Restore {
        fn drop(&mut self) {
            SCOPE.set(self.0.take());
        }
    }
    let _restore = Restore(SCOPE.replace(scope));
    work()
}

/// How something personal is to be written now.
enum Written {
    Plain,
    Sealed(String),
    /// Its subject is forgotten.
    Nothing,
}

/// `plain` is only made where it is to be sealed.
fn written<E: serde::ser::Error>(plain: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Written, E> {
    SCOPE.with_borrow(|scope| match scope {
        None => Ok(Written::Plain),
        Some(Scope { vault, subject: Some(subject) }) => {
            Ok(vault.seal(*subject, &plain()?).map_or(Written::Nothing, Written::Sealed))
        }
        // Of no person that could ask for its erasure: such an event would stay for ever, so it is not written at all.
        Some(Scope { subject: None, .. }) => Err(E::custom("personal data of nobody")),
    })
}

fn opened(sealed: &str) -> Option<Vec<u8>> {
    SCOPE.with_borrow(|scope| scope.as_ref().and_then(|scope| scope.vault.open(sealed)))
}

/// A sealed text beside what may be known of it.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Empty: it was erased before it was written.
    sealed: String,
}

/// A type that is personal but for the members of `Open`, which stay readable.
#[derive(Serialize, Deserialize)]
pub struct Form<Open> {
    #[serde(flatten)]
    pub open: Open,
    sealed: String,
}

impl<Open: Serialize> Form<Open> {
    /// Writes `whole` sealed where a disk is written, else by `plain`, its own form.
    pub fn write<S: Serializer>(
        open: Open,
        whole: &impl Serialize,
        plain: impl FnOnce(S) -> Result<S::Ok, S::Error>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match written(|| serde_json::to_vec(whole).map_err(S::Error::custom))? {
            Written::Plain => plain(serializer),
            Written::Sealed(sealed) => Self { open, sealed }.serialize(serializer),
            Written::Nothing => Self { open, sealed: String::new() }.serialize(serializer),
        }
    }

    /// The whole, where it can be opened.
    pub fn read<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        serde_json::from_slice(&opened(&self.sealed)?).ok()
    }
}

#[cfg(test)]
mod tests;

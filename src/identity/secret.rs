//! The signing secret.
//!
//! 32 random bytes are stored as hex in `<data dir>/secret.key`, readable by the owner only. The file is written aside,
//! synced, and linked to its name: a crash leaves either no secret or a whole one, and of two processes that start
//! together one wins and the other reads the winner's.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::seal;
use crate::config::Secret;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{} cannot be {doing}: {source}", .path.display())]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("{} holds no secret of 64 hex digits; restore it from a backup, or remove it: that ends every session and token", .0.display())]
    Damaged(PathBuf),
    #[error("identity.signing_key must be 64 hex digits, e.g. from `openssl rand -hex 32`")]
    Malformed,
    #[error("the system gives no random numbers: {0}")]
    NoEntropy(getrandom::Error),
}

/// The key from which every purpose's key is derived; it signs nothing itself.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; 32]);

impl SigningSecret {
    pub const FILE: &str = "secret.key";

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From the configuration: 64 hex digits.
    pub fn parse(configured: &Secret) -> Result<Self, SecretError> {
        decode(configured.expose()).map(Self).ok_or(SecretError::Malformed)
    }

    /// The configured secret, else (empty) the data directory's.
    pub fn obtain(configured: &Secret, data_dir: &Path) -> Result<Self, SecretError> {
        if configured.is_empty() { Self::load_or_create(data_dir) } else { Self::parse(configured) }
    }

    /// The data directory's secret, made when there is none.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, SecretError> {
        let path = data_dir.join(Self::FILE);
        if !path.exists() {
            create(data_dir, &path)?;
        }
        let text = fs::read_to_string(&path).map_err(|e| failed(&path, "read", e))?;
        let mode = fs::metadata(&path).map_err(|e| failed(&path, "read", e))?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777), "the signing secret is readable by others; chmod 600 it");
        }
        decode(&text).map(Self).ok_or(SecretError::Damaged(path))
    }

    /// Names the key and tells nothing of it: 16 hex digits.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.derive("fingerprint")[..8])
    }

    /// The key of one purpose (`access-token`, `guest-session`, `webhook`). Keys of different purposes are independent,
    /// so that a signature for one purpose is never valid for another.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        seal::hmac(&self.0, &[b"souk/v1/", purpose.as_bytes()])
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

fn create(data_dir: &Path, path: &Path) -> Result<(), SecretError> {
    fs::create_dir_all(data_dir).map_err(|e| failed(data_dir, "created", e))?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(SecretError::NoEntropy)?;
    let aside = data_dir.join(format!("{}.{}.new", SigningSecret::FILE, std::process::id()));
    // A file of this name was left by a killed process with the same id.
    let _ = fs::remove_file(&aside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .map_err(|e| failed(&aside, "created", e))?;
    let written = writeln!(file, "{}", HEXLOWER.encode(&bytes)).and_then(|()| file.sync_all());
    written.map_err(|e| failed(&aside, "written", e))?;
    // `link` refuses an existing name, where `rename` would replace another process's secret.
    match fs::hard_link(&aside, path) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(failed(path, "created", e)),
    }
    fs::remove_file(&aside).map_err(|e| failed(&aside, "removed", e))?;
    File::open(data_dir).and_then(|dir| dir.sync_all()).map_err(|e| failed(data_dir, "synced", e))
}

fn failed(path: &Path, doing: &'static str, source: io::Error) -> SecretError {
    SecretError::Io { path: path.to_owned(), doing, source }
}

fn decode(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once_for_the_owner_only_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let first = SigningSecret::load_or_create(dir.path()).unwrap();
        assert!(first == SigningSecret::load_or_create(dir.path()).unwrap());
        let mode = fs::metadata(dir.path().join(SigningSecret::FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        let other = tempfile::tempdir().unwrap();
        assert!(first != SigningSecret::load_or_create(other.path()).unwrap());
    }

    #[test]
    fn two_that_start_together_agree() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), &dir.path().join(SigningSecret::FILE)).unwrap();
        let winner = fs::read(dir.path().join(SigningSecret::FILE)).unwrap();
        create(dir.path(), &dir.path().join(SigningSecret::FILE)).unwrap();
        assert_eq!(fs::read(dir.path().join(SigningSecret::FILE)).unwrap(), winner);
    }

    #[test]
    fn a_damaged_one_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SigningSecret::FILE);
        for bad in ["", "abc", &"g".repeat(64), &"a".repeat(63)] {
            fs::write(&path, bad).unwrap();
            assert!(matches!(SigningSecret::load_or_create(dir.path()), Err(SecretError::Damaged(_))), "{bad:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn a_configured_one_is_parsed_and_never_shown() {
        let text = "0f".repeat(32);
        let secret = SigningSecret::parse(&Secret::new(text.clone())).unwrap();
        assert!(secret == SigningSecret::from_bytes([15; 32]));
        assert!(matches!(SigningSecret::parse(&Secret::new("short")), Err(SecretError::Malformed)));
        let dir = tempfile::tempdir().unwrap();
        assert!(SigningSecret::obtain(&Secret::new(text), dir.path()).unwrap() == secret);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "a configured one is not written down");
        assert!(SigningSecret::obtain(&Secret::default(), dir.path()).unwrap() != secret);
        assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        let secret = SigningSecret::from_bytes([1; 32]);
        assert_ne!(secret.derive("webhook"), secret.derive("access-token"));
        assert_eq!(secret.fingerprint().len(), 16);
        assert_ne!(secret.fingerprint(), SigningSecret::from_bytes([2; 32]).fingerprint());
        assert_ne!(secret.derive("webhook"), SigningSecret::from_bytes([2; 32]).derive("webhook"));
    }
}

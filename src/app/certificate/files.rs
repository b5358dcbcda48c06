//! The two files of a certificate: read with a bound, and compared by content, for a renewal may keep a file's date.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject};
use sha2::{Digest, Sha256};

use super::{CertificateError, Shown, dates::is_over};
use crate::config::file;

/// A chain of certificates is a page, not a database.
const BYTES_MAX: u64 = 1_024 * 1_024;

pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// What the last look found: a hash of both, or why there was none.
    seen: Option<Result<[u8; 32], String>>,
}

impl Files {
    pub fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, seen: None }
    }

    /// As they are now. One that has run out is shown all the same: a shop that does not start helps nobody.
    pub fn read(&mut self) -> Result<Shown, CertificateError> {
        let both = self.both();
        self.seen = Some(mark(&both));
        self.shown(both?)
    }

    /// `None`: they are as at the last look. So a bad file is told of once, and a renewal that has written one of its two
    /// files is refused now and taken when the other is there.
    pub fn look(&mut self) -> Option<Result<Shown, CertificateError>> {
        let both = self.both();
        let found = Some(mark(&both));
        if self.seen == found {
            return None;
        }
        self.seen = found;
        let shown = both.and_then(|both| self.shown(both));
        Some(shown.and_then(|shown| match is_over(shown.until) {
            true => Err(CertificateError::Over { path: self.certificate.clone() }),
            false => Ok(shown),
        }))
    }

    fn both(&self) -> Result<[Vec<u8>; 2], CertificateError> {
        let read = |key, path: &Path| {
            file::read(path, BYTES_MAX).map_err(|error| CertificateError::File { key, path: path.to_owned(), error })
        };
        Ok([read("certificate", &self.certificate)?, read("key", &self.key)?])
    }

    fn shown(&self, [certificate, key]: [Vec<u8>; 2]) -> Result<Shown, CertificateError> {
        let bad = |key, path: &Path, error| CertificateError::Pem { key, path: path.to_owned(), error };
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&certificate).collect();
        let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
        let chain = chain.map_err(|error| bad("certificate", &self.certificate, error))?;
        let secret = PrivateKeyDer::from_pem_slice(&key).map_err(|error| bad("key", &self.key, error))?;
        warn_of_readers(&self.key);
        Shown::new(chain, secret).map_err(|error| CertificateError::Unfit { path: self.certificate.clone(), error })
    }
}

fn mark(both: &Result<[Vec<u8>; 2], CertificateError>) -> Result<[u8; 32], String> {
    match both {
        // With the length between them, or bytes could move from one to the other unseen.
        Ok([certificate, key]) => Ok(Sha256::new()
            .chain_update(certificate.len().to_be_bytes())
            .chain_update(certificate)
            .chain_update(key)
            .finalize()
            .into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whoever has the key is the shop to every browser. A group may read it: a renewal by root hands it over that way.
const OPEN: u32 = 0o027;

fn warn_of_readers(key: &Path) {
    let mode = key.metadata().map_or(0, |meta| meta.permissions().mode());
    if mode & OPEN != 0 {
        let mode = format!("{:04o}", mode & 0o7777);
        tracing::warn!(path = %key.display(), mode, "others on this machine may use the certificate's key; chmod 640 it");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::app::certificate::tests::write;

    #[test]
    fn a_change_is_told_once_and_a_bad_one_replaces_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let tls = write(dir.path(), &["a.example"]);
        let mut files = Files::new(tls.certificate.clone(), tls.key.clone());
        assert!(files.read().expect("fit").names("a.example"));
        assert!(files.look().is_none(), "nothing has changed");
        let old_key = fs::read(&tls.key).expect("a file");
        write(dir.path(), &["b.example"]);
        let new_key = fs::read(&tls.key).expect("a file");
        fs::write(&tls.key, old_key).expect("half of a renewal");
        assert!(matches!(files.look(), Some(Err(CertificateError::Unfit { .. }))));
        assert!(files.look().is_none(), "told already");
        fs::write(&tls.key, new_key).expect("the other half");
        assert!(files.look().expect("a change").expect("fit").names("b.example"));
        fs::remove_file(&tls.certificate).expect("gone");
        assert!(matches!(files.look(), Some(Err(CertificateError::File { key: "certificate", .. }))));
        assert!(files.look().is_none());
        fs::write(&tls.certificate, vec![b' '; BYTES_MAX as usize + 1]).expect("a file");
        let large = files.look().expect("a change").err().expect("refused").to_string();
        assert!(large.contains("more than 1048576 bytes"), "{large}");
    }
}

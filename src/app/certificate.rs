//! The certificate that this process shows: read from two files, checked whole, and followed while it runs.
//!
//! What is shown is one value, replaced at once: a connection has the old or the new certificate, never a mixture.
//! Deliberately absent: ACME (a client of its own renews the files).

mod dates;
mod files;

use std::{path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    ServerConfig,
    client::verify_server_name,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem},
    server::ParsedCertificate,
};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use self::{dates::Reminder, files::Files};
use crate::config::Tls;

/// HTTP/1.1 is all that the server speaks.
const PROTOCOL: &[u8] = b"http/1.1";

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("http.tls.{key} {}: {error}", path.display())]
    File { key: &'static str, path: PathBuf, error: std::io::Error },
    #[error("http.tls.{key} {}: {error}", path.display())]
    Pem { key: &'static str, path: PathBuf, error: pem::Error },
    #[error("http.tls.certificate {}: the certificate cannot be shown: {error}", path.display())]
    Unfit { path: PathBuf, error: rustls::Error },
    #[error("http.tls.certificate {}: the certificate has run out", path.display())]
    Over { path: PathBuf },
}

/// A certificate with its key, ready for handshakes.
pub struct Shown {
    pub config: Arc<ServerConfig>,
    /// The server's own, the first of the file.
    own: CertificateDer<'static>,
    until: Option<UnixTime>,
}

/// What connections are shown from now on.
pub type Current = watch::Receiver<Arc<Shown>>;

impl Shown {
    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, rustls::Error> {
        let own = chain.first().cloned().ok_or(rustls::Error::NoCertificatesPresented)?;
        ParsedCertificate::try_from(&own)?;
        // The provider is named: what a library of another part installs must not change how the shop speaks.
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions()?.with_no_client_auth();
        // Refuses a key that is another certificate's.
        let mut config = config.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        let until = dates::runs_out(&own);
        Ok(Self { config: Arc::new(config), own, until })
    }

    /// Whether a browser takes this certificate for the host. `host`: a name or an address, without a port.
    pub fn names(&self, host: &str) -> bool {
        let name = ServerName::try_from(host);
        let certificate = ParsedCertificate::try_from(&self.own);
        matches!((name, certificate), (Ok(name), Ok(certificate)) if verify_server_name(&certificate, &name).is_ok())
    }
}

/// Reads the files for a start, and gives what follows them until nobody listens any more.
pub fn open(tls: &Tls) -> Result<(Current, impl Future<Output = ()> + Send + 'static), CertificateError> {
    let mut files = Files::new(tls.certificate.clone(), tls.key.clone());
    let (show, shown) = watch::channel(Arc::new(files.read()?));
    Ok((shown, follow(files, tls.reload_interval(), show)))
}

async fn follow(mut files: Files, every: Duration, show: watch::Sender<Arc<Shown>>) {
    let mut looks = interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reminder = Reminder::default();
    while !show.is_closed() {
        looks.tick().await;
        reminder.look(show.borrow().until);
        // A file system may stand still, and a worker must not with it.
        let looked = spawn_blocking(move || {
            let found = files.look();
            (files, found)
        });
        let Ok((back, found)) = looked.await else { return tracing::error!("the certificate is followed no more") };
        files = back;
        match found {
            None => {}
            Some(Ok(new)) => {
                metrics::counter!("souk_tls_reloads_total", "outcome" => "shown").increment(1);
                tracing::info!("the certificate's files have changed: new connections are shown the new one");
                show.send_replace(Arc::new(new));
            }
            Some(Err(error)) => {
                metrics::counter!("souk_tls_reloads_total", "outcome" => "refused").increment(1);
                tracing::error!(%error, "the certificate's files have changed and cannot be used: the old one is shown on");
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// A fresh certificate for these names, in the files `cert.pem` and `key.pem`.
    pub fn write(dir: &Path, names: &[&str]) -> Tls {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let (certificate, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        fs::write(&certificate, made.cert.pem()).expect("a file");
        fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
        Tls { certificate, key, ..Tls::default() }
    }

    #[test]
    fn a_certificate_names_its_hosts_and_no_others() {
        let dir = tempfile::tempdir().expect("a directory");
        let (shown, _) = open(&write(dir.path(), &["shop.example", "*.shop.example", "127.0.0.1"])).expect("fit");
        let shown = shown.borrow();
        for ours in ["shop.example", "SHOP.example", "www.shop.example", "127.0.0.1"] {
            assert!(shown.names(ours), "{ours}");
        }
        for other in ["evil.example", "shop.example.evil.example", "a.b.shop.example", "127.0.0.2", "", "a b"] {
            assert!(!shown.names(other), "{other}");
        }
    }

    #[test]
    fn a_start_with_files_that_do_not_fit_is_refused_with_the_key_and_the_path() {
        let (dir, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let (tls, foreign) = (write(dir.path(), &["a.example"]), write(other.path(), &["a.example"]));
        let refused = |tls: Tls| open(&tls).err().expect("refused").to_string();
        let mixed = refused(Tls { key: foreign.key, ..tls.clone() });
        assert!(mixed.starts_with("http.tls.certificate ") && mixed.contains("cert.pem"), "{mixed}");
        let swapped = refused(Tls { key: tls.certificate.clone(), ..tls.clone() });
        assert!(swapped.starts_with("http.tls.key "), "{swapped}");
        let missing = refused(Tls { certificate: dir.path().join("none.pem"), ..tls });
        assert!(missing.starts_with("http.tls.certificate ") && missing.contains("none.pem"), "{missing}");
    }
}

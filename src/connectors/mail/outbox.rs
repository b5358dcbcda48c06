//! `outbox`: mails as files of a directory, for a shop without a mail server. The newest are kept.
//!
//! A file's name is made of the mail, so that a repeated call writes the same file again; it is whole or not there. In
//! a cluster each node has its own. Deliberately absent: sending them later (who configures a server sends from then
//! on), and syncs, which would compete with the journal's: a power cut may take the newest files, a killed process
//! takes none.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tempfile::Builder;

use super::{Handed, MailTransport, Outgoing};
use crate::{actors::ports::ConnectorFault, domain::personal::Subject};

/// A mail as it lies in the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub id: String,
    pub at_ms: i64,
    /// With whom it is forgotten; absent in files of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<Subject>,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Begins the names of files that are being written.
const HALF: &str = ".half-";

#[derive(Clone)]
pub struct Outbox(Arc<Directory>);

struct Directory {
    dir: PathBuf,
    from: String,
    kept_max: usize,
}

impl Outbox {
    /// `dir` exists, and is its owner's alone. What a killed process left half written is cleared away.
    pub fn new(dir: &Path, from: &str, kept_max: usize) -> Self {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(HALF)) {
            let _ = fs::remove_file(entry.path());
        }
        Self(Arc::new(Directory { dir: dir.to_owned(), from: from.to_owned(), kept_max }))
    }

    /// Mails of one page, however many are kept.
    const PAGE_MAX: usize = 200;

    /// The newest first, with their names. A file that is none of ours is left out.
    pub async fn newest(&self) -> io::Result<Vec<(String, Kept)>> {
        self.with(|directory| {
            let names = directory.names()?;
            Ok(names
                .into_iter()
                .rev()
                .take(Self::PAGE_MAX)
                .filter_map(|name| Some((name.clone(), directory.read(&name)?)))
                .collect())
        })
        .await
    }

    /// One mail by the name of its file.
    pub async fn one(&self, name: &str) -> io::Result<Option<Kept>> {
        let name = name.to_owned();
        // Of the names that are there: what a request says never becomes a path.
        self.with(move |directory| Ok(directory.names()?.contains(&name).then(|| directory.read(&name)).flatten()))
            .await
    }

    /// Overwrites and removes the mails of those who are forgotten.
    pub async fn forget(&self, is_forgotten: impl Fn(Subject) -> bool + Send + 'static) -> io::Result<()> {
        self.with(move |directory| {
            for name in directory.names()? {
                if directory.read(&name).and_then(|kept| kept.whose).is_some_and(&is_forgotten) {
                    directory.wipe(&name)?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Directory) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let directory = self.0.clone();
        tokio::task::spawn_blocking(move || work(&directory)).await.map_err(io::Error::other)?
    }
}

impl Directory {
    /// Oldest first: names begin with the time.
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.dir)?.collect::<io::Result<Vec<_>>>()?;
        let names = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str) -> Option<Kept> {
        serde_json::from_slice(&fs::read(self.dir.join(name)).ok()?).ok()
    }

    fn wipe(&self, name: &str) -> io::Result<()> {
        let path = self.dir.join(name);
        let mut file = fs::OpenOptions::new().write(true).open(&path)?;
        file.write_all(&vec![0; usize::try_from(file.metadata()?.len()).unwrap_or_default()])?;
        file.sync_all()?;
        fs::remove_file(path)
    }

    /// The temporary file is its owner's alone (0600) and keeps that mode.
    fn keep(&self, mail: Outgoing) -> io::Result<()> {
        let name = format!("{:015}-{}.json", mail.at.0.max(0), mail.id);
        let kept = Kept {
            id: mail.id.to_string(),
            at_ms: mail.at.0,
            whose: Some(mail.subject),
            from: self.from.clone(),
            to: mail.to,
            subject: mail.body.subject,
            text: mail.body.text,
            html: mail.body.html,
        };
        let mut file = Builder::new().prefix(HALF).tempfile_in(&self.dir)?;
        file.write_all(&serde_json::to_vec_pretty(&kept).map_err(io::Error::other)?)?;
        file.persist(self.dir.join(name))?;
        let names = self.names()?;
        let surplus = names.len().saturating_sub(self.kept_max);
        for old in &names[..surplus] {
            match fs::remove_file(self.dir.join(old)) {
                // Another mail's call was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        Ok(())
    }
}

impl MailTransport for Outbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn send(&self, mail: Outgoing) -> BoxFuture<'_, Result<Handed, ConnectorFault>> {
        Box::pin(async move {
            match self.with(|directory| directory.keep(mail)).await {
                Ok(()) => Ok(Handed::Accepted),
                Err(error) => Err(ConnectorFault::Unavailable(format!("outbox: {error}"))),
            }
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(async move {
            let there = self.with(|directory| directory.names()).await;
            there.map(|_| ()).map_err(|error| ConnectorFault::Unavailable(format!("outbox: {error}")))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use uuid::Uuid;

    use super::*;
    use crate::{
        connectors::mail::Rendered,
        domain::{
            ids::{MailId, UserId},
            time::Timestamp,
        },
    };

    fn mail(n: u128, at: i64) -> Outgoing {
        let body = Rendered { subject: format!("No. {n}"), text: "text".to_owned(), html: "<p>html</p>".to_owned() };
        let subject = Subject::User(UserId(Uuid::from_u128(n)));
        Outgoing { id: MailId(Uuid::from_u128(n)), at: Timestamp(at), to: "ada@example.org".to_owned(), subject, body }
    }

    async fn subjects(outbox: &Outbox) -> Vec<String> {
        outbox.newest().await.unwrap().into_iter().map(|(_, kept)| kept.subject).collect()
    }

    #[tokio::test]
    async fn the_newest_are_kept_each_once_and_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(dir.path(), "shop@localhost", 3);
        for (n, at) in [(1, 10), (2, 20), (2, 20), (3, 5), (4, 40), (5, 50)] {
            assert_eq!(outbox.send(mail(n, at)).await, Ok(Handed::Accepted));
        }
        assert_eq!(subjects(&outbox).await, ["No. 5", "No. 4", "No. 2"]);
        let entries: Vec<_> = fs::read_dir(dir.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(entries.len(), 3, "nothing else stays");
        for entry in entries {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn the_mails_of_who_is_forgotten_go_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(dir.path(), "shop@localhost", 9);
        for n in 1..4 {
            outbox.send(mail(n, 10)).await.unwrap();
        }
        outbox.forget(|whose| whose == Subject::User(UserId(Uuid::from_u128(2)))).await.unwrap();
        assert_eq!(subjects(&outbox).await, ["No. 3", "No. 1"]);
    }

    #[tokio::test]
    async fn what_a_killed_process_left_half_written_is_cleared_away() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".half-x1"), "{").unwrap();
        fs::write(dir.path().join("somebody's"), "else").unwrap();
        Outbox::new(dir.path(), "shop@localhost", 3);
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["somebody's"]);
    }

    #[tokio::test]
    async fn a_name_never_leaves_the_directory() {
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("outbox");
        fs::create_dir(&dir).unwrap();
        fs::write(above.path().join("secret.json"), serde_json::to_vec(&"x").unwrap()).unwrap();
        fs::write(dir.join("other.json"), "no mail").unwrap();
        let outbox = Outbox::new(&dir, "shop@localhost", 3);
        outbox.send(mail(1, 10)).await.unwrap();
        let (name, kept) = outbox.newest().await.unwrap().remove(0);
        assert_eq!(outbox.one(&name).await.unwrap(), Some(kept));
        for bad in ["../secret.json", "/etc/passwd", "other.json", "", "."] {
            assert_eq!(outbox.one(bad).await.unwrap(), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_directory_that_is_gone_is_a_fault_and_no_mail_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(&dir.path().join("gone"), "shop@localhost", 3);
        assert!(matches!(outbox.send(mail(1, 1)).await, Err(ConnectorFault::Unavailable(_))));
        assert!(outbox.ping().await.is_err());
        fs::create_dir(dir.path().join("gone")).unwrap();
        assert_eq!(outbox.ping().await, Ok(()));
    }
}

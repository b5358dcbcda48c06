//! Keys as files of a directory beside the journal, for their owner alone.
//!
//! A change is a new file in the place of the old one, which is overwritten with zeros before its name goes. A disk that
//! moves what is overwritten (a flash drive, a file system that copies on write) may keep the old bytes for a while:
//! encrypt it. A process that is killed between two steps finishes them at the next start.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;

use super::{Item, Kept, KeyStore, VaultError};
use crate::persistence::private_dir;

/// Of a file that is being written, and of one that is being overwritten.
const NEXT: &str = "next";
const OLD: &str = "old";

#[derive(Clone)]
pub struct KeyDir(Arc<PathBuf>);

impl KeyDir {
    /// Nobody else may change the directory meanwhile: whoever opens it has the data directory's lock.
    pub fn new(dir: &Path) -> Self {
        Self(Arc::new(dir.to_owned()))
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        let dir = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&dir)).await.map_err(io::Error::other).flatten();
        done.map_err(|error| VaultError::Io(format!("{}: {error}", self.0.display()).into()))
    }
}

impl KeyStore for KeyDir {
    fn all(&self) -> BoxFuture<'_, Result<Kept, VaultError>> {
        Box::pin(self.with(|dir| {
            if !dir.exists() {
                return Ok(Kept::default());
            }
            finish(dir)?;
            let mut kept = Kept::default();
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                if let Some(item) = entry.file_name().to_str().and_then(Item::parse) {
                    kept.items.insert(item, fs::read(entry.path())?);
                }
            }
            Ok(kept)
        }))
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, VaultError>> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn put(&self, item: Item, bytes: Vec<u8>, _after: u64) -> BoxFuture<'_, Result<Option<u64>, VaultError>> {
        Box::pin(self.with(move |dir| replace(dir, &item.name(), &bytes).map(|()| Some(0))))
    }
}

fn replace(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    private_dir::make(dir)?;
    let (file, next, old) = (dir.join(name), with(dir, name, NEXT), with(dir, name, OLD));
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    if file.exists() {
        fs::rename(&file, &old)?;
    }
    fs::rename(&next, &file)?;
    sync(dir)?;
    wipe(dir, &old)
}

/// What a killed process left undone.
fn finish(dir: &Path) -> io::Result<()> {
    let names = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    for name in names.iter().filter_map(|name| name.to_str()) {
        let Some((name, OLD)) = name.rsplit_once('.') else { continue };
        let (file, next) = (dir.join(name), with(dir, name, NEXT));
        // Between its two renames: the next one is whole, it was synced before.
        if !file.exists() && next.exists() {
            fs::rename(&next, &file)?;
            sync(dir)?;
        }
        if file.exists() {
            wipe(dir, &with(dir, name, OLD))?;
        }
    }
    for name in names.iter().filter_map(|name| name.to_str()).filter(|name| name.ends_with(NEXT)) {
        wipe(dir, &dir.join(name))?;
    }
    Ok(())
}

fn wipe(dir: &Path, path: &Path) -> io::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    let zeros = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or_default()];
    file.write_all(&zeros)?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync(dir)
}

fn with(dir: &Path, name: &str, ending: &str) -> PathBuf {
    dir.join(format!("{name}.{ending}"))
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

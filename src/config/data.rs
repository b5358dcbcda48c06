//! `[data]`: where everything durable lives. One directory, one process: a second one is refused by its lock.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Directory of the journal and of everything folded from it. Created when missing. Default `data`. Relative paths
    /// start at the working directory.
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "data".into() }
    }
}

impl Data {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.that("data.dir", self.dir.display(), !self.dir.as_os_str().is_empty(), "a directory");
    }
}

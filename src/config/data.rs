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
    /// Name of the keys of personal data that are lost for good, as the refusal of the start prints it: the shop goes on
    /// with new ones, and what was sealed under the old ones stays unreadable. Default empty: a start without them is
    /// refused.
    pub lost_person_keys: String,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "data".into(), lost_person_keys: String::new() }
    }
}

impl Data {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.that("data.dir", self.dir.display(), !self.dir.as_os_str().is_empty(), "a directory");
        let lost = &self.lost_person_keys;
        let legal = lost.len() <= 16 && lost.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        checks.that("data.lost_person_keys", lost, legal, "empty, or the name that the refusal prints");
    }
}

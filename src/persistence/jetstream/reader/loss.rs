//! How a reader reports a log that lost records, or is gone.

use std::time::Duration;

use tokio::time::Instant;

use super::Reader;
use crate::actors::ports::journal::JournalError;

/// A leader that was just elected may not know the whole of its log for a moment.
const SHORT_MAX: Duration = Duration::from_secs(10);

impl Reader {
    /// A log that ends before the newest record read has lost records, and its next records are not the lost ones.
    pub(super) async fn shorter(&mut self) -> Result<bool, JournalError> {
        match self.journal.end_now(self.shard).await {
            Ok(end) if end < self.read => {
                if self.short_since.get_or_insert_with(Instant::now).elapsed() < SHORT_MAX {
                    return Ok(true);
                }
                let problem = format!("it was read up to {}, and the log ends at {end}: records were lost", self.read);
                Err(JournalError::Corrupt { shard: self.shard, seq: end + 1, problem: problem.into() })
            }
            Ok(end) => {
                self.short_since = None;
                if self.to.is_none() {
                    self.settled = end;
                }
                Ok(false)
            }
            // The consumer reports the error.
            Err(_) => Ok(false),
        }
    }

    /// Handles a log that is gone: the reader of a range ends with this error; a reader that follows the log reports
    /// the loss once and keeps trying, since servers that start together may not know all their streams at first.
    pub(super) async fn refused(&mut self) -> Result<(), JournalError> {
        let Err(JournalError::Refused(why)) = self.journal.end_now(self.shard).await else { return Ok(()) };
        if self.to.is_some() {
            return Err(JournalError::Refused(why));
        }
        if !std::mem::replace(&mut self.told, true) {
            tracing::error!(shard = self.shard.0, %why, "a log cannot be read; tried again until it is back");
        }
        Ok(())
    }
}

//! The shop's record: the newest message of the meta stream behind the first one, which names the journal. Older programs
//! read the first alone.

use super::{
    JetStreamJournal,
    api::{ApiError, NotStored},
    open::patiently,
};
use crate::{actors::ports::journal::JournalError, persistence::shop_record::ShopRecord};

/// The journal's own record.
const FIRST: u64 = 1;
/// Each lost one is another node's change: there are as many as nodes that start at once.
const TRIES: usize = 64;

impl JetStreamJournal {
    pub async fn shop_record(&self) -> Result<ShopRecord, JournalError> {
        Ok(self.newest_record().await?.1)
    }

    /// Writes what `change` makes of the newest record; another node's change in between is seen by it.
    pub async fn change_shop_record(&self, change: impl Fn(ShopRecord) -> ShopRecord) -> Result<(), JournalError> {
        for _ in 0..TRIES {
            let (end, found) = self.newest_record().await?;
            let wanted = change(found.clone());
            if wanted == found {
                return Ok(());
            }
            let payload = serde_json::to_vec(&wanted).map_err(|error| JournalError::Io(error.to_string().into()))?;
            match self.0.api.publish(self.0.options.meta_subject(), end, None, payload.into()).await {
                Ok(_) => return Ok(()),
                // Another node was first, or it is not known whether this one was stored: both show when it is read again.
                Err(NotStored::WrongEnd) => {}
                Err(NotStored::Full(why)) => return Err(JournalError::Full(why)),
                Err(NotStored::Refused(why)) => return Err(JournalError::Refused(why)),
                Err(NotStored::Nobody(why) | NotStored::Unknown(why)) => {
                    if self.newest_record().await?.1 == wanted {
                        return Ok(());
                    }
                    return Err(JournalError::Io(why));
                }
            }
        }
        Err(JournalError::LostRace)
    }

    async fn newest_record(&self) -> Result<(u64, ShopRecord), JournalError> {
        let stream = self.0.options.meta_stream();
        let found = patiently(async || {
            let end = self.0.api.info(&stream).await?.state.last_seq;
            if end <= FIRST {
                return Ok((end, None));
            }
            Ok((end, self.0.api.get(&stream, end).await?))
        });
        let io = |error: ApiError| JournalError::Io(format!("stream {stream}: {error}").into());
        let (end, message) = found.await.map_err(io)?;
        let record = message.map(|message| serde_json::from_slice(&message.payload)).transpose();
        let unreadable = |error| JournalError::Refused(format!("stream {stream} message {end}: {error}").into());
        Ok((end, record.map_err(unreadable)?.unwrap_or_default()))
    }
}

//! The system's clock and UUIDv7, behind the port.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::{actors::ports::Clock, domain::time::Timestamp};

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as 1970: every deadline is then in the future, none is missed.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

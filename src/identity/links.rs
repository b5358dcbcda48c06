//! Links of mails are tried like passwords: each that leads nowhere counts for the address that it came from, and each
//! further one waits longer. A link cannot be guessed, being sealed; what this spares the shop is the trying.

use super::{AccountError, Client, Identity};

impl Identity {
    /// `work` follows a link.
    pub async fn following<T>(
        &self,
        client: &Client,
        work: impl Future<Output = Result<T, AccountError>>,
    ) -> Result<T, AccountError> {
        let attempt = self.0.throttle.admit(client.throttled(), self.now()).map_err(AccountError::too_many)?;
        let done = work.await;
        match &done {
            Ok(_) => attempt.succeeded(self.now()),
            Err(AccountError::BadLink) => attempt.failed(self.now()),
            Err(_) => {}
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{AuthError, testing::world};

    #[tokio::test]
    async fn links_that_lead_nowhere_wait_longer_each_time_for_their_address_alone() {
        let w = world();
        let from = |last| Client { address: Some([192, 0, 2, last].into()), ..Client::default() };
        let tried = async |client: &Client| w.identity.following(client, w.identity.verify_email("x.y")).await;
        for _ in 0..5 {
            assert_eq!(tried(&from(1)).await, Err(AccountError::BadLink));
        }
        let waits = tried(&from(1)).await;
        assert!(matches!(waits, Err(AccountError::Auth(AuthError::TooManyAttempts { .. }))), "{waits:?}");
        assert_eq!(tried(&from(2)).await, Err(AccountError::BadLink), "another address");
    }
}

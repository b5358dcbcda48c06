//! The first account. It is made at first start with the configured password, or with a generated one that the
//! application prints once. When a password is configured and the account has another, the account's is changed: an
//! operator who lost it expects this, and the owner of the configuration owns the shop anyway.

use std::{fmt, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    config::{self, Secret},
    domain::{
        account::{AccountCommand, AccountRejection, Role},
        ids::{CommandId, UserId},
    },
};

use super::{AccountsFault, Identity, PasswordFault};

pub const SUPERADMIN: &str = "admin@souk.local";
const PASSWORD_LEN_MIN: usize = config::Identity::SUPERADMIN_PASSWORD_MIN;
/// Crockford's base 32 in lower case: no letter is taken for another, 5 bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Shown once; `Debug` hides it, `Display` is the password.
#[derive(Clone, PartialEq, Eq)]
pub struct GeneratedPassword(String);

impl fmt::Display for GeneratedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GeneratedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneratedPassword(..)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SuperadminError {
    #[error(
        "identity.superadmin_password (SOUK_SUPERADMIN_PASSWORD) must have at least {PASSWORD_LEN_MIN} characters, it has {0}"
    )]
    TooShort(usize),
    #[error("the account {SUPERADMIN} cannot be made: {0}")]
    Accounts(#[from] AccountsFault),
    #[error("the account {SUPERADMIN} cannot be made: {0}")]
    Password(#[from] PasswordFault),
    #[error("the system gives no random numbers: {0}")]
    NoEntropy(getrandom::Error),
}

/// Between two tries while the accounts are not available.
const PAUSE: Duration = Duration::from_millis(250);

impl Identity {
    /// Returns the password when it was generated: print it, because no other copy exists.
    pub async fn ensure_superadmin(
        &self,
        configured: Option<&Secret>,
    ) -> Result<Option<GeneratedPassword>, SuperadminError> {
        self.ensure_superadmin_within(configured, Duration::ZERO).await
    }

    /// The same, with retries for `within` while accounts are not available yet. Each step keeps its command id, so
    /// that a password whose confirmation was late is still known.
    pub async fn ensure_superadmin_within(
        &self,
        configured: Option<&Secret>,
        patience: Duration,
    ) -> Result<Option<GeneratedPassword>, SuperadminError> {
        let give_up = Instant::now() + patience;
        if let Some(length) = configured.map(|password| password.expose().chars().count())
            && length < PASSWORD_LEN_MIN
        {
            return Err(SuperadminError::TooShort(length));
        }
        match (until(give_up, || self.0.accounts.find(SUPERADMIN)).await?, configured) {
            (Some(_), None) => Ok(None),
            (Some(account), Some(password)) => {
                self.keep_password(account.password_hash, password, give_up).await.map(|()| None)
            }
            (None, Some(password)) => self.register(password, give_up).await.map(|_| None),
            (None, None) => {
                let generated = generate()?;
                let made = self.register(&Secret::new(generated.0.clone()), give_up).await?;
                Ok(made.then_some(generated))
            }
        }
    }

    async fn keep_password(&self, stored: String, password: &Secret, give_up: Instant) -> Result<(), SuperadminError> {
        if self.0.passwords.verify(password, Some(stored)).await? {
            return Ok(());
        }
        let password_hash = self.0.passwords.hash(password).await?;
        let id = CommandId(self.fresh_id());
        let command = AccountCommand::SetPassword { password_hash };
        until(give_up, || self.0.accounts.tell(SUPERADMIN, command.clone(), id)).await?;
        tracing::warn!("the superadmin's password was changed to the configured one");
        Ok(())
    }

    /// False when another node was faster: its password is valid, and was printed there.
    async fn register(&self, password: &Secret, give_up: Instant) -> Result<bool, SuperadminError> {
        let password_hash = self.0.passwords.hash(password).await?;
        let (user, id) = (UserId(self.fresh_id()), CommandId(self.fresh_id()));
        let command = AccountCommand::Register { user, role: Role::Superadmin, password_hash };
        match until(give_up, || self.0.accounts.tell(SUPERADMIN, command.clone(), id)).await {
            Ok(()) => Ok(true),
            Err(AccountsFault::Refused(AccountRejection::AlreadyRegistered)) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// Retries while the accounts are unavailable, until `give_up`.
async fn until<T, Asked: Future<Output = Result<T, AccountsFault>>>(
    give_up: Instant,
    ask: impl Fn() -> Asked,
) -> Result<T, AccountsFault> {
    loop {
        match ask().await {
            Err(AccountsFault::Unavailable { .. }) if Instant::now() + PAUSE < give_up => sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

/// 24 characters of 5 bits: 120 bits, in four groups.
fn generate() -> Result<GeneratedPassword, SuperadminError> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(SuperadminError::NoEntropy)?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(6).map(|group| group.iter().collect()).collect();
    Ok(GeneratedPassword(groups.join("-")))
}

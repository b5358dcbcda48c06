//! The first account. It is made at first start with the configured password, or with a generated one that the
//! application prints once. When a password is configured and the account has another, the account's is changed: an
//! operator who lost it expects this, and the owner of the configuration owns the shop anyway.
//!
//! Its user id is fixed, so that nodes that start at once ask one entity: the first one's password is kept. What a crash
//! left half done goes on by itself.

use std::{collections::BTreeSet, fmt, time::Duration};

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{
    config::{self, Secret},
    domain::{
        account::{AccountCommand, AccountRejection, AccountStatus, AccountView},
        email::Mailbox,
        ids::UserId,
        role::RoleName,
    },
};

use super::{AccountsFault, AuthError, Identity, PasswordFault, SYSTEM};

pub const SUPERADMIN: &str = "admin@souk.local";
/// Of a shop whose first account was not yet named by its e-mail.
const USER: UserId = UserId(Uuid::from_u128(0x6b2f_1c1e_9d0a_5f7b_8a44_51a5_0ca1_0001));
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
    #[error("the account {SUPERADMIN} cannot be looked at: {0}")]
    Auth(#[from] AuthError),
    #[error("another account has the address {SUPERADMIN}")]
    AddressTaken,
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
        let mailbox = self.mailbox(SUPERADMIN).ok_or(SuperadminError::AddressTaken)?;
        let (user, account) = self.first_account(&mailbox, give_up).await?;
        match (account.status, configured) {
            (AccountStatus::GivenUp, _) => Err(SuperadminError::AddressTaken),
            // Not carried over now; its password is looked at by the next start.
            (AccountStatus::Old, _) => Ok(None),
            // Another superadmin was there when it was.
            (AccountStatus::Erased, _) => Ok(None),
            (AccountStatus::None, Some(password)) => {
                self.make_first(mailbox, password, give_up).await?;
                Ok(None)
            }
            (AccountStatus::None, None) => {
                let generated = generate()?;
                let made = self.make_first(mailbox, &Secret::new(generated.0.clone()), give_up).await?;
                Ok(made.then_some(generated))
            }
            (_, Some(password)) => {
                self.keep_password(user, account, password, give_up).await?;
                Ok(None)
            }
            (_, None) => Ok(None),
        }
    }

    /// The account as it is, carried over where it was first kept by its e-mail.
    async fn first_account(
        &self,
        mailbox: &Mailbox,
        give_up: Instant,
    ) -> Result<(UserId, AccountView), SuperadminError> {
        let old = until(give_up, || self.0.accounts.account(SUPERADMIN)).await?;
        Ok(match (old.status, old.user) {
            (AccountStatus::Old, Some(user)) => {
                match until(give_up, || self.carry_over(user, mailbox, old.clone())).await {
                    // It exists; it is carried over later, as every other one.
                    Err(AccountsFault::Unavailable { .. }) => (user, old),
                    carried => (user, carried?),
                }
            }
            _ => {
                let id = USER.to_string();
                (USER, until(give_up, || self.0.accounts.account(&id)).await?)
            }
        })
    }

    async fn keep_password(
        &self,
        user: UserId,
        account: AccountView,
        password: &Secret,
        give_up: Instant,
    ) -> Result<(), SuperadminError> {
        let known = match (&account.old, &account.challenge) {
            (Some(old), None) => self.move_password(user, old, password).await.map(drop),
            (_, challenge) => {
                let challenge = challenge.as_deref().cloned().unwrap_or_else(|| self.challenge_of_nobody(SUPERADMIN));
                let key = self.0.passwords.key(password, challenge).await?;
                let (id, asking) = (user.to_string(), self.asking(SYSTEM));
                let prove = AccountCommand::Prove { key };
                let proven = until(give_up, || self.0.accounts.tell(&id, prove.clone(), asking.clone())).await;
                proven.map(drop).map_err(AuthError::from)
            }
        };
        match known {
            Ok(()) => Ok(()),
            Err(AuthError::InvalidCredentials) => {
                let command = AccountCommand::SetPassword { password: self.0.passwords.keep(password).await? };
                let (id, asking) = (user.to_string(), self.asking(SYSTEM));
                until(give_up, || self.0.accounts.tell(&id, command.clone(), asking.clone())).await?;
                tracing::warn!("the superadmin's password was changed to the configured one");
                Ok(())
            }
            // A full disk takes no command, not even one that writes nothing, and the shop starts all the same.
            Err(AuthError::Unavailable { .. }) => {
                tracing::warn!("the superadmin's password is compared with the configured one at the next start");
                Ok(())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// False when another node was faster: its password is valid, and was printed there.
    async fn make_first(&self, mailbox: Mailbox, password: &Secret, give_up: Instant) -> Result<bool, SuperadminError> {
        let password = Box::new(self.0.passwords.keep(password).await?);
        let roles = BTreeSet::from([RoleName::superadmin()]);
        let command = AccountCommand::Register { user: USER, mailbox, name: None, roles, password, verify: None };
        let (id, asking) = (USER.to_string(), self.asking(SYSTEM));
        match until(give_up, || self.0.accounts.tell(&id, command.clone(), asking.clone())).await {
            Ok(view) if view.status == AccountStatus::GivenUp => Err(SuperadminError::AddressTaken),
            Ok(_) => Ok(true),
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

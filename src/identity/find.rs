//! From an address to its account, old ones included: an account as it was first kept is carried over as soon as somebody
//! names it, and all of them at the start.

use super::{AccountsFault, Identity, SYSTEM, accounts::Asking, passwords, seal::hmac};
use crate::domain::{
    account::{AccountCommand, AccountRejection, AccountStatus, AccountView, Challenge},
    email::Mailbox,
    ids::{CommandId, UserId},
};
use uuid::Uuid;

/// Old accounts that are carried over before the next look.
const PAGE: usize = 100;

/// Whom an address leads to.
pub(super) struct Found {
    /// Of nobody, a user id that is the address's alone.
    pub user: UserId,
    pub view: AccountView,
}

impl Found {
    pub fn exists(&self) -> bool {
        self.view.is_registered()
    }
}

impl Identity {
    /// Two strong reads, whether there is an account or not.
    pub(super) async fn find(&self, mailbox: &Mailbox) -> Result<Found, AccountsFault> {
        if let Some(user) = self.0.accounts.holder(mailbox).await? {
            let view = self.0.accounts.account(&user.to_string()).await?;
            return Ok(Found { user, view });
        }
        let old = self.0.accounts.account(&mailbox.address).await?;
        if let (AccountStatus::Old, Some(user)) = (old.status, old.user) {
            let view = self.carry_over(user, mailbox, old).await?;
            // Its owner may have another address by now.
            if view.mailbox.as_ref().is_some_and(|own| own.address == mailbox.address) {
                return Ok(Found { user, view });
            }
        }
        Ok(Found { user: self.nobody(mailbox), view: AccountView::default() })
    }

    /// The account of the old entity's user; made where there is none.
    pub(super) async fn carry_over(
        &self,
        user: UserId,
        mailbox: &Mailbox,
        old: AccountView,
    ) -> Result<AccountView, AccountsFault> {
        let id = user.to_string();
        let command = AccountCommand::CarryOver {
            user,
            mailbox: mailbox.clone(),
            roles: old.roles,
            old: mailbox.address.to_string(),
        };
        match self.0.accounts.tell(&id, command, self.asking(SYSTEM)).await {
            Err(AccountsFault::Refused(AccountRejection::AlreadyRegistered)) => self.0.accounts.account(&id).await,
            outcome => outcome,
        }
    }

    /// Every account as it was first kept. Their number is small: before today no request made one.
    pub async fn carry_over_all(&self) -> Result<usize, AccountsFault> {
        let (mut after, mut carried) = (None::<String>, 0);
        loop {
            let page = self.0.accounts.old_accounts(after.as_deref(), PAGE)?;
            for mailbox in page.iter().filter_map(|id| self.mailbox(id)) {
                self.find(&mailbox).await?;
                carried += 1;
            }
            match page.len() < PAGE {
                true => return Ok(carried),
                false => after = page.into_iter().last(),
            }
        }
    }

    /// The salt of an account that does not exist: the same for each question.
    pub(super) fn challenge_of_nobody(&self, address: &str) -> Challenge {
        let salt = hmac(&self.0.nobody, &[b"salt/", address.as_bytes()]);
        passwords::challenge(salt[..16].to_vec())
    }

    fn nobody(&self, mailbox: &Mailbox) -> UserId {
        UserId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &hmac(&self.0.nobody, &[b"user/", mailbox.address.as_bytes()])))
    }

    /// A command that is asked once, by this author.
    pub(super) fn asking(&self, by: &str) -> Asking {
        Asking { by: by.into(), id: CommandId(self.fresh_id()) }
    }

    /// The account's own doing.
    pub(super) fn asking_of(&self, user: UserId) -> Asking {
        self.asking(&format!("user:{user}"))
    }
}

//! The mails that an account owes its owner, each until it is queued.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Account, AccountEffect, AccountEvent, FactorEvent, LinkEvent, Right};
use crate::domain::{
    ids::{MailId, TokenId, UserId},
    mail::{Letter, Says},
    personal,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountMail {
    VerifyEmail {
        token: TokenId,
    },
    ResetPassword {
        token: TokenId,
    },
    /// To the new address.
    ConfirmEmail {
        token: TokenId,
    },
    /// To the old address.
    EmailChanged {
        claim: u32,
    },
    PasswordChanged {
        at: Timestamp,
    },
    FactorsChanged {
        at: Timestamp,
    },
    /// Whether the account is to be linked with somebody at a provider.
    ConfirmLink {
        token: TokenId,
        provider: String,
    },
    LinkMade {
        claim: u32,
    },
    LinkRemoved {
        claim: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OwedMail {
    mail: AccountMail,
    #[serde(with = "personal::text")]
    to: Arc<str>,
}

impl AccountMail {
    /// Frozen: a mail's id is made of it.
    pub fn purpose(&self) -> String {
        match self {
            Self::VerifyEmail { token } => format!("verify/{token}"),
            Self::ResetPassword { token } => format!("reset/{token}"),
            Self::ConfirmEmail { token } => format!("confirm_email/{token}"),
            Self::EmailChanged { claim } => format!("email_changed/{claim}"),
            Self::PasswordChanged { at } => format!("password_changed/{}", at.0),
            Self::FactorsChanged { at } => format!("factors_changed/{}", at.0),
            Self::ConfirmLink { token, .. } => format!("confirm_link/{token}"),
            Self::LinkMade { claim } => format!("link_made/{claim}"),
            Self::LinkRemoved { claim } => format!("link_removed/{claim}"),
        }
    }

    pub fn id(&self, user: UserId) -> MailId {
        MailId::of(user.0, &self.purpose())
    }

    fn says(&self) -> Says {
        match self {
            Self::VerifyEmail { token } => Says::VerifyEmail { token: *token },
            Self::ResetPassword { token } => Says::ResetPassword { token: *token },
            Self::ConfirmEmail { token } => Says::ConfirmEmail { token: *token },
            Self::EmailChanged { .. } => Says::EmailChanged,
            Self::PasswordChanged { .. } => Says::PasswordChanged,
            Self::FactorsChanged { .. } => Says::FactorsChanged,
            Self::ConfirmLink { token, provider } => Says::ConfirmLink { token: *token, provider: provider.clone() },
            Self::LinkMade { .. } | Self::LinkRemoved { .. } => Says::LinksChanged,
        }
    }
}

impl Account {
    /// Mails at once; a further one displaces the oldest, whose right a newer one has mostly replaced.
    const MAILS_MAX: usize = 16;

    /// Before `event` is applied, so that the old address is still at hand.
    pub(super) fn owe_mail(&mut self, event: &AccountEvent) {
        let Some(own) = self.mailbox.as_ref().map(|mailbox| mailbox.shown.clone()) else { return };
        let (mail, to) = match event {
            AccountEvent::TokenAsked { token } => match &token.right {
                Right::VerifyEmail => (AccountMail::VerifyEmail { token: token.id }, own),
                Right::ResetPassword => (AccountMail::ResetPassword { token: token.id }, own),
                Right::ChangeEmail { to } => (AccountMail::ConfirmEmail { token: token.id }, to.shown.clone()),
                Right::Link { subject } => {
                    (AccountMail::ConfirmLink { token: token.id, provider: subject.provider.to_string() }, own)
                }
            },
            AccountEvent::PasswordChanged { at, .. } => (AccountMail::PasswordChanged { at: *at }, own),
            AccountEvent::Factors(
                FactorEvent::Confirmed { at, .. }
                | FactorEvent::PasskeyAdded { at, .. }
                | FactorEvent::Removed { at, .. }
                | FactorEvent::CodeUsed { at, .. },
            ) => (AccountMail::FactorsChanged { at: *at }, own),
            // Not of the link that the account was made by: its owner knows.
            AccountEvent::Links(LinkEvent::Claimed { claim }) if self.has_another_way_in() => {
                (AccountMail::LinkMade { claim: *claim }, own)
            }
            AccountEvent::Links(LinkEvent::Removed { claim, .. }) => (AccountMail::LinkRemoved { claim: *claim }, own),
            AccountEvent::EmailClaimed { claim } if self.changing.is_some() => {
                (AccountMail::EmailChanged { claim: *claim }, own)
            }
            AccountEvent::Registered { .. }
            | AccountEvent::PasswordSet { .. }
            | AccountEvent::Begun { .. }
            | AccountEvent::EmailClaimed { .. }
            | AccountEvent::EmailRefused { .. }
            | AccountEvent::EmailReleased { .. }
            | AccountEvent::PasswordKept { .. }
            | AccountEvent::SessionOpened { .. }
            | AccountEvent::SessionsEnded { .. }
            | AccountEvent::EmailVerified { .. }
            | AccountEvent::EmailChangeConfirmed { .. }
            | AccountEvent::ProfileSet { .. }
            | AccountEvent::AddressKept { .. }
            | AccountEvent::AddressRemoved { .. }
            | AccountEvent::RolesSet { .. }
            | AccountEvent::Disabled { .. }
            | AccountEvent::Enabled { .. }
            | AccountEvent::Erased { .. }
            | AccountEvent::Factors(_)
            | AccountEvent::Links(_)
            | AccountEvent::Reclaimed { .. }
            | AccountEvent::MailQueued { .. } => return,
        };
        if self.mails.len() >= Self::MAILS_MAX {
            self.mails.remove(0);
        }
        self.mails.push(OwedMail { mail, to });
    }

    fn has_another_way_in(&self) -> bool {
        self.password.is_some() || self.old.is_some() || self.links.any_held()
    }

    pub(super) fn forget_mail(&mut self, mail: &AccountMail) {
        self.mails.retain(|owed| owed.mail != *mail);
    }

    pub(super) fn owes(&self, mail: &AccountMail) -> bool {
        self.mails.iter().any(|owed| owed.mail == *mail)
    }

    pub(super) fn pending_mails(&self, user: UserId) -> impl Iterator<Item = AccountEffect> {
        self.mails.iter().map(move |owed| {
            let letter = Letter { to: owed.to.to_string(), user, says: owed.mail.says(), of: None };
            AccountEffect::QueueMail { user, mail: owed.mail.clone(), letter: Arc::new(letter) }
        })
    }
}

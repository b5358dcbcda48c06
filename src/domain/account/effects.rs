//! What an account owes others: claims of its address, releases, mails. Derived from its state.

use std::sync::Arc;

use super::{Account, AccountCommand, AccountMail, AccountStatus, Claim, LinkClaim, LinkCommand};
use crate::domain::{
    effect::{EffectOf, Outcome, Request},
    email::{EmailCommand, Holder},
    identity_link::IdentityLinkCommand,
    ids::UserId,
    kinds::AnyCommand,
    mail::{Letter, MailCommand},
};

#[derive(Clone, Debug, PartialEq)]
pub enum AccountEffect {
    ClaimEmail { user: UserId, claim: Claim },
    ReleaseEmail { user: UserId, claim: Claim },
    ClaimLink { user: UserId, claim: LinkClaim },
    ReleaseLink { user: UserId, claim: LinkClaim },
    QueueMail { user: UserId, mail: AccountMail, letter: Arc<Letter> },
}

impl Account {
    pub(super) fn pending_effects(&self) -> Vec<AccountEffect> {
        let Some(user) = self.user else { return Vec::new() };
        let claims = self.claiming().map(|claim| AccountEffect::ClaimEmail { user, claim });
        let releases = self.releasing.iter().cloned().map(|claim| AccountEffect::ReleaseEmail { user, claim });
        // Whoever may lose the address to another account writes to nobody.
        let has_address = self.status == AccountStatus::Registered;
        let mails = self.pending_mails(user).filter(|_| has_address);
        let links = self.pending_links(user).filter(|_| has_address);
        claims.into_iter().chain(releases).chain(links).chain(mails).collect()
    }
}

impl EffectOf<Account> for AccountEffect {
    fn id(&self) -> String {
        match self {
            Self::ClaimEmail { claim, .. } => format!("claim/{}", claim.claim),
            Self::ReleaseEmail { claim, .. } => format!("release/{}", claim.claim),
            Self::ClaimLink { claim, .. } => format!("link/{}", claim.claim),
            Self::ReleaseLink { claim, .. } => format!("unlink/{}", claim.claim),
            Self::QueueMail { mail, .. } => format!("mail/{}", mail.purpose()),
        }
    }

    fn request(&self) -> Request {
        match self.clone() {
            Self::ClaimEmail { user, claim } => to_email(&claim, EmailCommand::Claim(holder(user, &claim))),
            Self::ReleaseEmail { user, claim } => to_email(&claim, EmailCommand::Release(holder(user, &claim))),
            Self::ClaimLink { user, claim } => to_link(&claim, IdentityLinkCommand::Claim(claim.holder(user))),
            Self::ReleaseLink { user, claim } => to_link(&claim, IdentityLinkCommand::Release(claim.holder(user))),
            Self::QueueMail { user, mail, letter } => {
                let mail = mail.id(user);
                Request::Entity(mail.key(), AnyCommand::Mail(MailCommand::Queue { mail, letter }))
            }
        }
    }

    fn outcome(&self, outcome: Outcome) -> Option<AccountCommand> {
        match (self.clone(), outcome) {
            (_, Outcome::External(_)) => None,
            (Self::ClaimEmail { claim, .. }, Outcome::Accepted(_)) => {
                Some(AccountCommand::EmailClaimed { claim: claim.claim })
            }
            (Self::ClaimEmail { claim, .. }, Outcome::Refused(_)) => {
                Some(AccountCommand::EmailRefused { claim: claim.claim })
            }
            // Neither a release nor a mail is ever refused.
            (Self::ReleaseEmail { claim, .. }, Outcome::Accepted(_) | Outcome::Refused(_)) => {
                Some(AccountCommand::EmailReleased { claim: claim.claim })
            }
            (Self::ClaimLink { claim, .. }, Outcome::Accepted(_)) => {
                Some(AccountCommand::Links(LinkCommand::Claimed { claim: claim.claim }))
            }
            (Self::ClaimLink { claim, .. }, Outcome::Refused(_)) => {
                Some(AccountCommand::Links(LinkCommand::Refused { claim: claim.claim }))
            }
            (Self::ReleaseLink { claim, .. }, Outcome::Accepted(_) | Outcome::Refused(_)) => {
                Some(AccountCommand::Links(LinkCommand::Released { claim: claim.claim }))
            }
            (Self::QueueMail { mail, .. }, Outcome::Accepted(_) | Outcome::Refused(_)) => {
                Some(AccountCommand::MailQueued { mail })
            }
        }
    }

    fn outcome_may_wait(&self) -> bool {
        false
    }

    fn reads_view(&self) -> bool {
        false
    }
}

pub(super) fn holder(user: UserId, claim: &Claim) -> Holder {
    Holder { user, claim: claim.claim }
}

fn to_email(claim: &Claim, command: EmailCommand) -> Request {
    Request::Entity(claim.mailbox.key(), AnyCommand::Email(command))
}

fn to_link(claim: &LinkClaim, command: IdentityLinkCommand) -> Request {
    Request::Entity(claim.subject.key(), AnyCommand::IdentityLink(command))
}

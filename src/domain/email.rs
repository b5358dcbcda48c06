//! The claim on one e-mail address: which account has it, and since when.
//!
//! Two accounts that want one address are decided here, by one owner in one order, whatever races: the first has it, the
//! other is refused. Only the account that has it can give it back. A claim has no time of its own: the account that asks
//! for it repeats the question until it is answered, and takes it or has never been.

mod mailbox;

use serde::{Deserialize, Serialize};

pub use self::mailbox::{AddressKey, Mailbox};
use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    ids::UserId,
    kinds::Kind,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Email {
    holder: Option<Holder>,
    /// Of the newest change; zero: there never was one.
    since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub user: UserId,
    /// Counts the account's claims of all addresses: a late copy of an older one changes nothing.
    pub claim: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailCommand {
    Claim(Holder),
    Release(Holder),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailEvent {
    Claimed { user: UserId, claim: u32, at: Timestamp },
    Released { user: UserId, claim: u32, at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailRejection {
    #[error("another account has the address")]
    Taken,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EmailView {
    pub holder: Option<Holder>,
    pub since: Timestamp,
}

impl Email {
    /// What `Claimed` states for the account that asked.
    pub fn claimed_by(holder: Holder) -> String {
        format!("claimed/{}/{}", holder.user, holder.claim)
    }

    pub fn released_by(holder: Holder) -> String {
        format!("released/{}/{}", holder.user, holder.claim)
    }
}

impl Entity for Email {
    const KIND: Kind = Kind::Email;
    type Command = EmailCommand;
    type Event = EmailEvent;
    type Rejection = EmailRejection;
    type View = EmailView;
    type Effect = NoEffect;

    fn decide(&self, command: &EmailCommand, now: Timestamp) -> Result<Vec<EmailEvent>, EmailRejection> {
        match (command, self.holder) {
            (EmailCommand::Claim(asked), Some(holder)) if holder.user != asked.user => Err(EmailRejection::Taken),
            (EmailCommand::Claim(asked), Some(holder)) if holder.claim >= asked.claim => Ok(vec![]),
            (EmailCommand::Claim(Holder { user, claim }), Some(_) | None) => {
                Ok(vec![EmailEvent::Claimed { user: *user, claim: *claim, at: now }])
            }
            (EmailCommand::Release(asked), Some(holder)) if holder == *asked => {
                Ok(vec![EmailEvent::Released { user: asked.user, claim: asked.claim, at: now }])
            }
            (EmailCommand::Release(_), Some(_) | None) => Ok(vec![]),
        }
    }

    fn apply(&mut self, event: &EmailEvent) {
        *self = match event {
            EmailEvent::Claimed { user, claim, at } => {
                Self { holder: Some(Holder { user: *user, claim: *claim }), since: *at }
            }
            EmailEvent::Released { at, .. } => Self { holder: None, since: *at },
        }
    }

    fn view(&self) -> EmailView {
        EmailView { holder: self.holder, since: self.since }
    }

    /// Both come as an account's steps; from outside nobody sends one.
    fn work(command: &EmailCommand) -> Work {
        match command {
            EmailCommand::Claim(_) | EmailCommand::Release(_) => Work::Owed,
        }
    }

    /// Only an address that nobody ever had: of one that was given back the newest command ids stay known, so that a late
    /// copy of an old claim does not take it again.
    fn is_forgotten(&self) -> bool {
        *self == Self::default()
    }

    fn states(&self, event: &EmailEvent) -> Option<(String, u8)> {
        Some(match event {
            EmailEvent::Claimed { user, claim, .. } => (Self::claimed_by(Holder { user: *user, claim: *claim }), 0),
            EmailEvent::Released { user, claim, .. } => (Self::released_by(Holder { user: *user, claim: *claim }), 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::testing::given;

    fn by(user: u128, claim: u32) -> Holder {
        Holder { user: UserId(Uuid::from_u128(user)), claim }
    }

    fn claimed(user: u128, claim: u32) -> EmailEvent {
        EmailEvent::Claimed { user: by(user, claim).user, claim, at: Timestamp(5) }
    }

    fn released(user: u128, claim: u32) -> EmailEvent {
        EmailEvent::Released { user: by(user, claim).user, claim, at: Timestamp(5) }
    }

    #[test]
    fn the_first_has_the_address_until_it_gives_it_back() {
        let claim = |user, claim| EmailCommand::Claim(by(user, claim));
        given::<Email>([]).at(5).when(claim(1, 1)).then([claimed(1, 1)]);
        given::<Email>([claimed(1, 1)]).at(5).when(claim(1, 1)).then_nothing();
        given::<Email>([claimed(1, 1)]).at(5).when(claim(2, 1)).then_rejected(EmailRejection::Taken);
        given::<Email>([claimed(1, 1), released(1, 1)]).at(5).when(claim(2, 1)).then([claimed(2, 1)]);
    }

    #[test]
    fn nobody_gives_back_what_another_has_or_what_was_claimed_anew() {
        let release = |user, claim| EmailCommand::Release(by(user, claim));
        given::<Email>([claimed(1, 1)]).at(5).when(release(1, 1)).then([released(1, 1)]);
        given::<Email>([claimed(1, 1)]).at(5).when(release(2, 1)).then_nothing();
        given::<Email>([]).at(5).when(release(1, 1)).then_nothing();
        given::<Email>([claimed(1, 1), claimed(1, 3)]).at(5).when(release(1, 1)).then_nothing();
        given::<Email>([claimed(1, 3)]).at(5).when(EmailCommand::Claim(by(1, 1))).then_nothing();
    }
}

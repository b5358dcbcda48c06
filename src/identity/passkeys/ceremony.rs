//! A question to an authenticator: a text under the shop's seal that the caller keeps until the answer.
//!
//! Nothing is kept here, so that strangers who ask cost no memory. A text says what it is for and of whom, and is good for
//! minutes; the account takes the answer to each question once.

use super::super::{SigningSecret, seal::Seal};
use crate::domain::{
    ids::{SessionId, UserId},
    time::Timestamp,
};

pub const CHALLENGE: usize = 32;
const TTL_MS: i64 = 5 * 60_000;

/// What an answer is for; of another purpose it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Register {
        user: UserId,
        session: SessionId,
    },
    /// Of anybody.
    LogIn,
    /// `session`: the one that waits.
    SecondStep {
        user: UserId,
        session: SessionId,
    },
    StepUp {
        user: UserId,
        session: SessionId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Millisecond.
    pub asked: u64,
    pub challenge: [u8; CHALLENGE],
}

pub struct Ceremonies(Seal);

impl Ceremonies {
    pub const TTL_S: u32 = (TTL_MS / 1000) as u32;

    pub fn new(secret: &SigningSecret) -> Self {
        Self(Seal::new(secret, "passkey"))
    }

    pub fn ask(&self, purpose: Purpose, now: Timestamp) -> Result<(String, Question), getrandom::Error> {
        let mut challenge = [0; CHALLENGE];
        getrandom::fill(&mut challenge)?;
        let question = Question { asked: u64::try_from(now.0).unwrap_or(0), challenge };
        let payload = [&purpose.bytes()[..], &question.asked.to_be_bytes(), &challenge].concat();
        Ok((self.0.seal(&payload), question))
    }

    pub fn open(&self, token: &str, purpose: Purpose, now: Timestamp) -> Option<Question> {
        let payload = self.0.open(token)?;
        let (asked, challenge) = payload.strip_prefix(&purpose.bytes())?.split_first_chunk::<8>()?;
        let asked = u64::from_be_bytes(*asked);
        let is_young = now.since(Timestamp(i64::try_from(asked).ok()?)) < TTL_MS;
        is_young.then_some(Question { asked, challenge: challenge.try_into().ok()? })
    }
}

impl Purpose {
    /// Always of one length, so that no purpose begins another.
    fn bytes(self) -> [u8; 33] {
        let (kind, of) = match self {
            Self::Register { user, session } => (1, Some((user, session))),
            Self::LogIn => (2, None),
            Self::SecondStep { user, session } => (3, Some((user, session))),
            Self::StepUp { user, session } => (4, Some((user, session))),
        };
        let mut bytes = [0; 33];
        bytes[0] = kind;
        if let Some((user, session)) = of {
            bytes[1..17].copy_from_slice(user.0.as_bytes());
            bytes[17..].copy_from_slice(session.0.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_question_is_for_one_purpose_and_for_minutes() {
        let ceremonies = Ceremonies::new(&SigningSecret::from_bytes([1; 32]));
        let (user, session) = (UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let (now, other) = (Timestamp(1_000_000), UserId(Uuid::from_u128(3)));
        let (token, question) = ceremonies.ask(Purpose::StepUp { user, session }, now).unwrap();
        let open = |purpose, at| ceremonies.open(&token, purpose, at);
        assert_eq!(open(Purpose::StepUp { user, session }, now), Some(question.clone()));
        assert_eq!(open(Purpose::StepUp { user, session }, now.plus_ms(TTL_MS - 1)), Some(question));
        assert_eq!(open(Purpose::StepUp { user, session }, now.plus_ms(TTL_MS)), None);
        for purpose in [
            Purpose::LogIn,
            Purpose::Register { user, session },
            Purpose::SecondStep { user, session },
            Purpose::StepUp { user: other, session },
            Purpose::StepUp { user, session: SessionId(Uuid::from_u128(3)) },
        ] {
            assert_eq!(open(purpose, now), None, "{purpose:?}");
        }
        let elsewhere = Ceremonies::new(&SigningSecret::from_bytes([2; 32]));
        assert_eq!(elsewhere.open(&token, Purpose::StepUp { user, session }, now), None);
        let (again, _) = ceremonies.ask(Purpose::StepUp { user, session }, now).unwrap();
        assert_ne!(again, token, "no two questions are one");
    }
}

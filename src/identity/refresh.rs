//! Refresh tokens and the tokens of mails: sealed texts that name what they are for. Nobody else can make one, and nothing
//! is kept from which one could be made.

use uuid::Uuid;

use super::{SigningSecret, seal::Seal};
use crate::domain::ids::{SessionId, TokenId, UserId};

/// One generation of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    pub user: UserId,
    pub session: SessionId,
    pub generation: u32,
}

impl RefreshToken {
    pub fn seal(self, seal: &Seal) -> String {
        seal.seal(&[&self.user.0.as_bytes()[..], self.session.0.as_bytes(), &self.generation.to_be_bytes()].concat())
    }

    pub fn open(seal: &Seal, text: &str) -> Option<Self> {
        let bytes: [u8; 36] = seal.open(text)?.try_into().ok()?;
        let (ids, generation) = bytes.split_at(32);
        let (user, session) = ids.split_at(16);
        Some(Self {
            user: UserId(Uuid::from_slice(user).ok()?),
            session: SessionId(Uuid::from_slice(session).ok()?),
            generation: u32::from_be_bytes(generation.try_into().ok()?),
        })
    }
}

/// Makes the text in a mail's link of an account's token, and reads it back.
#[derive(Clone)]
pub struct MailTokens(Seal);

impl MailTokens {
    pub fn new(secret: &SigningSecret) -> Self {
        Self(Seal::new(secret, "mail-token"))
    }

    pub fn text(&self, user: UserId, token: TokenId) -> String {
        self.0.seal(&[&user.0.as_bytes()[..], token.0.as_bytes()].concat())
    }

    pub fn read(&self, text: &str) -> Option<(UserId, TokenId)> {
        let bytes = self.0.open(text.trim())?;
        let (user, token) = bytes.split_at_checked(16)?;
        Some((UserId(Uuid::from_slice(user).ok()?), TokenId(Uuid::from_slice(token).ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_read_back_and_for_its_purpose_only() {
        let secret = SigningSecret::from_bytes([3; 32]);
        let (seal, mails) = (Seal::new(&secret, "refresh-token"), MailTokens::new(&secret));
        let (user, session) = (UserId(Uuid::from_u128(5)), SessionId(Uuid::from_u128(6)));
        let token = RefreshToken { user, session, generation: 7 };
        assert_eq!(RefreshToken::open(&seal, &token.seal(&seal)), Some(token));
        let text = mails.text(user, TokenId(Uuid::from_u128(8)));
        assert_eq!(mails.read(&format!(" {text}\n")), Some((user, TokenId(Uuid::from_u128(8)))));
        assert_eq!((mails.read(&token.seal(&seal)), RefreshToken::open(&seal, &text)), (None, None));
        assert_eq!(mails.read("x.y"), None);
    }
}

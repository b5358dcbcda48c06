//! API keys: texts for programs, made by an account for some of its permissions.
//!
//! `souk_` and 65 bytes in base64url: the key's id, its account, its place there, and 256 random bits. A request with one is
//! judged by this node's own folded state, as a session is: the key stands, its account does, and it may do what both
//! the key and the account may at this moment. A key is a person of its own: it has a cart and orders of its own, and
//! nothing of its maker's. Wrong ones are delayed by the key that they name; the right one never is.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{AccountError, AccountsFault, AuthError, Identity, PermissionSet, Principal, ThrottleKey, TokenFault};
use crate::domain::{
    api_key::{ApiKey, ApiKeyCommand, ApiKeyRejection, ApiKeyView, Issued, KeySecret, NewApiKey, Verifier},
    ids::{ApiKeyId, UserId},
    time::Timestamp,
};

/// Begins each key's text, so that scanners of published code find it.
pub const API_KEY_PREFIX: &str = "souk_";
const BYTES: usize = 16 + 16 + 1 + 32;
/// Characters of a text by which its owner recognises it; they tell nothing of the secret.
const SHOWN: usize = API_KEY_PREFIX.len() + 8;

/// What a key's text says; nothing of it is proven.
pub(super) struct KeyText {
    pub id: ApiKeyId,
    pub user: UserId,
    pub place: u8,
    pub secret: KeySecret,
}

/// What an account asks for.
pub struct WantedKey {
    pub name: String,
    /// Wire names; the caller has made sure that the maker has them.
    pub permissions: BTreeSet<String>,
    pub ttl_ms: i64,
}

/// A key whose text is shown this once.
pub struct MadeKey {
    pub text: String,
    pub view: ApiKeyView,
}

impl KeyText {
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(API_KEY_PREFIX)?).ok()?;
        let bytes: [u8; BYTES] = bytes.try_into().ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (user, rest) = rest.split_first_chunk::<16>()?;
        let (place, secret) = rest.split_first()?;
        let (id, user) = (ApiKeyId(Uuid::from_bytes(*id)), UserId(Uuid::from_bytes(*user)));
        Some(Self { id, user, place: *place, secret: KeySecret::new(secret.try_into().ok()?) })
    }

    pub fn text(&self) -> String {
        let bytes = [&self.id.0.as_bytes()[..], self.user.0.as_bytes(), &[self.place], self.secret.bits()].concat();
        format!("{API_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// By what a key of this id is recognised.
pub fn shown_prefix(id: ApiKeyId) -> String {
    let mut text = format!("{API_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(id.0.as_bytes()));
    text.truncate(SHOWN);
    text
}

impl Identity {
    pub(super) fn is_api_key(token: &str) -> bool {
        token.starts_with(API_KEY_PREFIX)
    }

    pub(super) fn principal_of_key(&self, text: &str) -> Result<Principal, AuthError> {
        let key = KeyText::read(text).ok_or(AuthError::InvalidToken(TokenFault::Forged))?;
        match self.key_now(&key) {
            Some((issued, permissions)) => {
                self.note_use(&key);
                Ok(Principal::key(issued.id, permissions))
            }
            None => {
                let keys = vec![ThrottleKey::ApiKey(key.id)];
                let attempt = self.0.throttle.admit(keys, self.now());
                let attempt = attempt.map_err(|retry_after_ms| AuthError::TooManyAttempts { retry_after_ms })?;
                attempt.failed(self.now());
                Err(AuthError::InvalidToken(TokenFault::Ended))
            }
        }
    }

    /// The same without counting anything.
    pub(super) fn principal_of_key_now(&self, text: &str) -> Option<Principal> {
        let (issued, permissions) = self.key_now(&KeyText::read(text)?)?;
        Some(Principal::key(issued.id, permissions))
    }

    /// Until when a key that was just admitted is good, and whether it still is and grants at least so much; for open
    /// sockets, which ask each second.
    pub fn key_watch(
        &self,
        text: &str,
        granted: PermissionSet,
    ) -> Option<(Timestamp, impl Fn() -> bool + Send + Sync + use<>)> {
        let key = KeyText::read(text)?;
        let (issued, _) = self.key_now(&key)?;
        let (identity, until) = (self.clone(), issued.good_until(&key.secret));
        Some((until, move || identity.key_now(&key).is_some_and(|(_, permissions)| permissions.covers(granted))))
    }

    /// By this node's state at this moment; no network.
    fn key_now(&self, key: &KeyText) -> Option<(std::sync::Arc<Issued>, PermissionSet)> {
        let standing = (key.place < ApiKey::PLACES).then(|| self.0.standings.key(key.user, key.place)).flatten()?;
        let issued = standing.view.key.filter(|issued| issued.id == key.id && issued.user == key.user)?;
        let permissions = PermissionSet::named(&issued.permissions) & standing.permissions;
        issued.admits(&key.secret, self.now()).then_some((issued, permissions))
    }

    /// Beside the request; once an hour for each key and node, as far as the table of keys remembers.
    fn note_use(&self, key: &KeyText) {
        let (identity, id, user, place) = (self.clone(), key.id, key.user, key.place);
        if self.0.key_uses.take(&[ThrottleKey::ApiKey(id)], self.now()).is_err() {
            return;
        }
        tokio::spawn(async move {
            let asking = identity.asking(&format!("key:{id}"));
            let noted = identity.0.accounts.tell_key(user, place, ApiKeyCommand::Use { id }, asking).await;
            if let Err(fault) = noted {
                tracing::warn!(%fault, "the use of an API key was not written down");
            }
        });
    }

    /// The account's keys, as this node knows them.
    pub fn keys_of(&self, user: UserId) -> Vec<ApiKeyView> {
        self.places(user).into_iter().map(|(_, view)| view).collect()
    }

    fn places(&self, user: UserId) -> Vec<(u8, ApiKeyView)> {
        let known = |place| Some((place, self.0.standings.key(user, place)?.view));
        (0..ApiKey::PLACES).filter_map(known).filter(|(_, view)| view.key.is_some()).collect()
    }

    /// In the account's first free place.
    pub async fn make_key(&self, user: UserId, wanted: WantedKey) -> Result<MadeKey, AccountError> {
        let (id, secret) = (ApiKeyId(self.fresh_id()), fresh_secret()?);
        let WantedKey { name, permissions, ttl_ms } = wanted;
        let new = NewApiKey { id, user, name, permissions, ttl_ms, verifier: Verifier::of(&secret) };
        for place in 0..ApiKey::PLACES {
            let command = ApiKeyCommand::Make(new.clone());
            match self.0.accounts.tell_key(user, place, command, self.asking_of(user)).await {
                Ok(view) => {
                    self.0.standings.key_caught_up(user, place).await;
                    return Ok(MadeKey { text: KeyText { id, user, place, secret }.text(), view });
                }
                Err(AccountsFault::KeyRefused(ApiKeyRejection::Taken)) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(AccountError::TooManyKeys { max: ApiKey::PLACES })
    }

    /// Another text; the one before it is good for the overlap. `allowed` judges what the key grants.
    pub async fn rotate_key<E: From<AccountError>>(
        &self,
        user: UserId,
        id: ApiKeyId,
        overlap_ms: i64,
        allowed: impl Fn(&Issued) -> Result<(), E>,
    ) -> Result<MadeKey, E> {
        let (place, issued) = self.key_of_account(user, id)?;
        allowed(&issued)?;
        let secret = fresh_secret()?;
        let command = ApiKeyCommand::Rotate { id, verifier: Verifier::of(&secret), overlap_ms };
        let view = self.tell_own_key(user, place, command).await?;
        Ok(MadeKey { text: KeyText { id, user, place, secret }.text(), view })
    }

    pub async fn revoke_key(&self, user: UserId, id: ApiKeyId) -> Result<(), AccountError> {
        let (place, _) = self.key_of_account(user, id)?;
        self.tell_own_key(user, place, ApiKeyCommand::Revoke { id }).await.map(drop)
    }

    async fn tell_own_key(&self, user: UserId, place: u8, command: ApiKeyCommand) -> Result<ApiKeyView, AccountError> {
        let view = self.0.accounts.tell_key(user, place, command, self.asking_of(user)).await?;
        self.0.standings.key_caught_up(user, place).await;
        Ok(view)
    }

    fn key_of_account(&self, user: UserId, id: ApiKeyId) -> Result<(u8, std::sync::Arc<Issued>), AccountError> {
        let keys = self.places(user).into_iter().filter_map(|(place, view)| Some((place, view.key?)));
        keys.into_iter().find(|(_, key)| key.id == id).ok_or(AccountError::UnknownKey)
    }
}

fn fresh_secret() -> Result<KeySecret, AccountError> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        AccountError::Auth(AuthError::Internal)
    })?;
    Ok(KeySecret::new(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_back_and_its_prefix_tells_nothing_of_the_secret() {
        let (id, user) = (ApiKeyId(Uuid::from_u128(7)), UserId(Uuid::from_u128(8)));
        let text = KeyText { id, user, place: 3, secret: KeySecret::new([9; 32]) }.text();
        assert!(text.starts_with(&shown_prefix(id)) && text.len() == 92, "{}", text.len());
        let read = KeyText::read(&text).unwrap();
        assert_eq!((read.id, read.user, read.place), (id, user, 3));
        assert!(Verifier::of(&read.secret).is_of(&KeySecret::new([9; 32])));
        for bad in ["", "souk_", "souk_abc", &text[..91], &format!("{text}A"), &text.replace("souk_", "soup_")] {
            assert!(KeyText::read(bad).is_none(), "{bad}");
        }
    }
}

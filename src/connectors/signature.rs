//! The signature of a webhook: `Souk-Signature: t=<unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`, the shape that
//! Stripe documents. The time is signed too, so that a recorded request is useless after the tolerance; within it a
//! replay is an ordinary duplicate, which the event's id makes harmless.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::webhook::WebhookRefusal;
use crate::domain::time::Timestamp;

pub const HEADER: &str = "souk-signature";
pub const TOLERANCE_S: i64 = 300;
/// While a key is exchanged a sender signs with both; further signatures are ignored.
const SIGNATURES_MAX: usize = 4;

#[derive(Clone)]
pub struct WebhookKey {
    keyed: Hmac<Sha256>,
}

impl WebhookKey {
    pub fn new(key: [u8; 32]) -> Self {
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..32].copy_from_slice(&key);
        Self { keyed: Hmac::new(&block) }
    }

    /// The header's value.
    pub fn sign(&self, body: &[u8], now: Timestamp) -> String {
        let t = now.0.div_euclid(1000);
        let tag = self.mac(t, body).finalize().into_bytes();
        format!("t={t},v1={}", HEXLOWER.encode(&tag))
    }

    /// `Ok` when one of the header's signatures is of this key, this body and not too old.
    pub fn verify(&self, header: &str, body: &[u8], now: Timestamp) -> Result<(), WebhookRefusal> {
        let pairs = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let t: i64 = pairs()
            .find_map(|(name, value)| (name == "t").then(|| value.parse().ok())?)
            .ok_or(WebhookRefusal::BadSignature)?;
        let signatures = pairs().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
        let mut tags = signatures.filter_map(|(_, hex)| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok());
        if !tags.any(|tag| self.mac(t, body).verify_slice(&tag).is_ok()) {
            return Err(WebhookRefusal::BadSignature);
        }
        let age_s = now.0.div_euclid(1000).saturating_sub(t);
        match age_s.saturating_abs() <= TOLERANCE_S {
            true => Ok(()),
            false => Err(WebhookRefusal::TooOld { age_s, max_s: TOLERANCE_S }),
        }
    }

    fn mac(&self, t: i64, body: &[u8]) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(t.to_string()).chain_update(b".").chain_update(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_500);

    fn key(byte: u8) -> WebhookKey {
        WebhookKey::new([byte; 32])
    }

    #[test]
    fn a_signed_body_verifies_within_the_tolerance() {
        let header = key(1).sign(b"body", NOW);
        assert!(header.starts_with("t=1795000000,v1=") && header.len() == 80, "{header}");
        assert_eq!(key(1).verify(&header, b"body", NOW), Ok(()));
        assert_eq!(key(1).verify(&header, b"body", NOW.plus_ms(300_000)), Ok(()), "a replay in time is a duplicate");
        let old = WebhookRefusal::TooOld { age_s: 301, max_s: 300 };
        assert_eq!(key(1).verify(&header, b"body", NOW.plus_ms(301_000)), Err(old));
        assert!(key(1).verify(&header, b"body", NOW.plus_ms(-301_000)).is_err(), "from the future");
    }

    #[test]
    fn another_body_key_or_time_does_not() {
        let header = key(1).sign(b"body", NOW);
        let bad = Err(WebhookRefusal::BadSignature);
        assert_eq!(key(1).verify(&header, b"bodY", NOW), bad);
        assert_eq!(key(2).verify(&header, b"body", NOW), bad);
        assert_eq!(key(1).verify(&header.replace("t=1795000000", "t=1795000001"), b"body", NOW), bad);
        let long = "v1=".to_owned() + &"ab".repeat(4000);
        for header in ["", "t=1", "v1=00", "t=x,v1=00", "t=1795000000,v1=zz", &long] {
            assert_eq!(key(1).verify(header, b"body", NOW), bad, "{header}");
        }
    }

    #[test]
    fn one_of_several_signatures_is_enough_while_a_key_is_exchanged() {
        let (old, new) = (key(1).sign(b"body", NOW), key(2).sign(b"body", NOW));
        let both = format!("{old},{}", new.split_once(',').unwrap().1);
        assert_eq!(key(1).verify(&both, b"body", NOW), Ok(()));
        assert_eq!(key(2).verify(&both, b"body", NOW), Ok(()));
        assert!(key(3).verify(&both, b"body", NOW).is_err());
    }
}

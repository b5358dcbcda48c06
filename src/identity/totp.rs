//! Authenticator apps (RFC 6238): six digits, a new code every 30 seconds, SHA-1, as every app knows it.
//!
//! An app's secret is derived from the shop's signing secret, the account and the factor's id. It is stored nowhere:
//! neither the journal nor a state has a text from which a code could be made.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{QrCode, render::svg};
use totp_rs::{Builder, Secret, Totp};

use super::{SigningSecret, seal::hmac};
use crate::domain::{
    ids::{FactorId, UserId},
    time::Timestamp,
};

const DIGITS: u8 = 6;
const STEP_S: u64 = 30;
/// Codes of the step before and of the next one are taken, for clocks that differ.
const SKEW: u16 = 1;
/// Bytes of what is typed as a code; a longer text is none.
const TYPED_MAX: usize = 16;

pub struct Apps([u8; 32]);

/// What an app is set up with; shown once.
pub struct Setup {
    /// Base 32, for who types it.
    pub secret: String,
    pub uri: String,
    /// The address as a QR code: an SVG element.
    pub qr: String,
}

impl Apps {
    pub fn new(secret: &SigningSecret) -> Self {
        Self(secret.derive("totp"))
    }

    /// The time step that the code is of, if it is one of now.
    pub fn step(&self, user: UserId, factor: FactorId, code: &str, now: Timestamp) -> Option<u64> {
        if code.len() > TYPED_MAX {
            return None;
        }
        self.app(user, factor)?.check(code, u64::try_from(now.0.div_euclid(1000)).ok()?)
    }

    /// `None`: the name is too long for a QR code.
    pub fn setup(&self, user: UserId, factor: FactorId, issuer: &str, email: &str) -> Option<Setup> {
        let secret = BASE32_NOPAD.encode(&self.secret(user, factor));
        let (issuer, email) =
            (utf8_percent_encode(issuer, NON_ALPHANUMERIC), utf8_percent_encode(email, NON_ALPHANUMERIC));
        let uri = format!(
            "otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
        );
        let image = QrCode::new(uri.as_bytes()).ok()?.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
        // Without the head of a file, so that it can stand in a page.
        let qr = image.find("<svg").map(|at| image[at..].to_owned())?;
        Some(Setup { secret, uri, qr })
    }

    fn app(&self, user: UserId, factor: FactorId) -> Option<Totp> {
        let secret = Secret::from(self.secret(user, factor));
        let app = Builder::new().with_secret(secret).with_digits(DIGITS).with_step_duration(STEP_S).with_skew(SKEW);
        app.build().ok()
    }

    fn secret(&self, user: UserId, factor: FactorId) -> [u8; 20] {
        let long = hmac(&self.0, &[user.0.as_bytes(), factor.0.as_bytes()]);
        std::array::from_fn(|n| long[n])
    }
}

#[cfg(test)]
pub mod testing {
    use super::*;

    impl Apps {
        /// What the app shows at this moment.
        pub fn code(&self, user: UserId, factor: FactorId, at: Timestamp) -> String {
            self.app(user, factor).expect("an app").generate(at.0 as u64 / 1000).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn apps(secret: u8) -> Apps {
        Apps::new(&SigningSecret::from_bytes([secret; 32]))
    }

    fn ids() -> (UserId, FactorId) {
        (UserId(Uuid::from_u128(1)), FactorId(Uuid::from_u128(2)))
    }

    #[test]
    fn the_parameters_are_those_of_the_rfc() {
        let secret = Secret::from(*b"12345678901234567890");
        let app = Builder::new().with_secret(secret).with_digits(DIGITS).with_step_duration(STEP_S).build().unwrap();
        // Appendix B of RFC 6238, the last six of its eight digits.
        assert_eq!(app.generate(59).to_string(), "287082");
        assert_eq!(app.generate(1_111_111_109).to_string(), "081804");
    }

    #[test]
    fn a_code_is_good_for_its_own_step_and_those_beside_it() {
        let ((user, factor), apps) = (ids(), apps(1));
        let code = apps.code(user, factor, NOW);
        let step = apps.step(user, factor, &code, NOW).expect("of now");
        for away in [-30_000, 30_000] {
            assert_eq!(apps.step(user, factor, &code, NOW.plus_ms(away)), Some(step));
        }
        for away in [-90_000, 90_000] {
            assert_eq!(apps.step(user, factor, &code, NOW.plus_ms(away)), None);
        }
        for bad in ["", "12345", "1234567", "abcdef", &"1".repeat(1000), "１２３４５６"] {
            assert_eq!(apps.step(user, factor, bad, NOW), None, "{bad}");
        }
    }

    #[test]
    fn each_factor_of_each_shop_has_a_secret_of_its_own() {
        let (user, factor) = ids();
        let other = FactorId(Uuid::from_u128(3));
        let secrets = [(1, user, factor), (1, user, other), (1, UserId(Uuid::from_u128(9)), factor), (2, user, factor)];
        let secrets: std::collections::BTreeSet<_> =
            secrets.into_iter().map(|(shop, user, factor)| apps(shop).secret(user, factor)).collect();
        assert_eq!(secrets.len(), 4);
    }

    #[test]
    fn what_an_app_reads_is_one_address_and_one_picture() {
        let (user, factor) = ids();
        let setup = apps(1).setup(user, factor, "Ada's shop", "a+b@example.org").unwrap();
        assert!(setup.uri.starts_with("otpauth://totp/Ada%27s%20shop:a%2Bb%40example%2Eorg?secret="), "{}", setup.uri);
        assert!(setup.uri.contains(&format!("secret={}&", setup.secret)) && setup.secret.len() == 32);
        assert!(setup.qr.starts_with("<svg") && setup.qr.ends_with("</svg>"));
        let longest = format!("{}@{}", "ä".repeat(60), "b".repeat(130));
        assert!(apps(1).setup(user, factor, &"i".repeat(200), &longest).is_some());
    }
}

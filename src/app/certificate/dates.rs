//! When a certificate runs out, and the words about it in time.
//!
//! The library tells the date by refusing the certificate at a time after it, which saves a parser of our own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// The end of the year 9999, the last that a certificate can name.
const AFTER_ALL: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(253_402_300_799));
/// What is left when an operator is told: renewals are due long before.
const SHORT: Duration = Duration::from_secs(7 * 86_400);
const TOLD_AGAIN: Duration = Duration::from_secs(86_400);

/// `None`: it never does, or it does not say.
pub fn runs_out(certificate: &CertificateDer<'_>) -> Option<UnixTime> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned()).ok()?;
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let nobody = ServerName::try_from("invalid.invalid").ok()?;
    // Its dates are looked at before its name and its issuer.
    match verifier.verify_server_cert(certificate, &[], &nobody, &[], AFTER_ALL) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => Some(not_after),
        Ok(_) | Err(_) => None,
    }
}

pub fn is_over(until: Option<UnixTime>) -> bool {
    until.is_some_and(|until| until.as_secs() < UnixTime::now().as_secs())
}

/// Tells once a day of a certificate that runs out soon.
#[derive(Default)]
pub struct Reminder(Option<Instant>);

impl Reminder {
    pub fn look(&mut self, until: Option<UnixTime>) {
        let Some(until) = until else { return };
        metrics::gauge!("souk_tls_certificate_until_seconds").set(until.as_secs() as f64);
        let left = Duration::from_secs(until.as_secs().saturating_sub(UnixTime::now().as_secs()));
        if left < SHORT && self.0.is_none_or(|told| told.elapsed() >= TOLD_AGAIN) {
            self.0 = Some(Instant::now());
            tracing::warn!(hours_left = left.as_secs() / 3_600, "the certificate runs out: browsers refuse it then");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_certificates_own() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut asked = rcgen::CertificateParams::new(vec!["shop.example".to_owned()]).expect("a name");
        asked.not_after = rcgen::date_time_ymd(2020, 1, 1);
        let made = asked.self_signed(&key).expect("a certificate");
        let until = runs_out(made.der());
        assert_eq!(until.map(|until| until.as_secs()), Some(1_577_836_800));
        assert!(is_over(until) && !is_over(None));
        asked.not_after = rcgen::date_time_ymd(3000, 1, 1);
        assert!(!is_over(runs_out(asked.self_signed(&key).expect("a certificate").der())));
    }

    #[test]
    fn an_operator_is_told_in_time_and_not_at_every_look() {
        let mut reminder = Reminder::default();
        let in_days = |days: u64| {
            Some(UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() + days * 86_400)))
        };
        reminder.look(in_days(30));
        assert!(reminder.0.is_none());
        reminder.look(in_days(3));
        let told = reminder.0;
        assert!(told.is_some());
        reminder.look(in_days(3));
        assert_eq!(reminder.0, told);
    }
}

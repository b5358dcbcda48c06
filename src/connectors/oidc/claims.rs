//! Whether a provider's word holds: its ID token is signed by a key of its own, for this shop, for this log-in, now.

use chrono::{DateTime, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, ClaimsVerificationError, IdToken, Nonce,
    SignatureVerificationError, SubjectIdentifier, UserInfoClaims,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{OidcFault, known::Known, provider::Provider};
use crate::{
    config::OidcPreset,
    domain::{email::Mailbox, identity_link::Vouched, text, time::Timestamp},
};

/// Stands for an organisation in the issuer that Microsoft's document names.
pub const TENANT: &str = "{tenantid}";
/// Characters of a name that are kept.
const NAME_MAX: usize = 120;

/// What Microsoft says beside the standard's claims.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Extra {
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tid: Option<String>,
    /// The owner of the address's domain is verified: `true`, `1` or `"1"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xms_edov: Option<Value>,
}

impl AdditionalClaims for Extra {}

/// What an ID token says, once it is believed.
pub struct Believed {
    issuer: String,
    pub subject: SubjectIdentifier,
    pub mailbox: Option<Mailbox>,
    verified: bool,
    name: Option<String>,
    authenticated_at: Option<Timestamp>,
}

pub enum Doubt {
    /// No key fits.
    Key(OidcFault),
    Other(OidcFault),
}

impl From<Doubt> for OidcFault {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Key(fault) | Doubt::Other(fault) => fault,
        }
    }
}

type Token = IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

pub fn judge(
    provider: &Provider,
    known: &Known,
    token: &Token,
    access: &AccessToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<Believed, Doubt> {
    let party = provider.party(known).map_err(Doubt::Other)?;
    let many = known.document.issuer.contains(TENANT);
    let verifier = party
        .id_token_verifier()
        .set_allowed_algs(known.document.algorithms())
        .set_time_fn(move || DateTime::<Utc>::from_timestamp_millis(now.0).unwrap_or_default())
        // Of many organisations the token's own is compared below.
        .require_issuer_match(!many);
    let claims = token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
        ) => Doubt::Key(OidcFault::untrusted(error)),
        error => Doubt::Other(OidcFault::untrusted(error)),
    })?;
    let untrusted = |why: &str| Doubt::Other(OidcFault::untrusted(why));
    let (issuer, extra) = (claims.issuer().as_str(), claims.additional_claims());
    if many && !extra.tid.as_deref().is_some_and(|tenant| issuer_of(&known.document.issuer, tenant) == issuer) {
        return Err(untrusted("the ID token is of another issuer than its organisation's"));
    }
    if claims.authorized_party().is_some_and(|party| party.as_str() != provider.setup.client_id) {
        return Err(untrusted("the ID token was issued for another client"));
    }
    if let Some(expected) = claims.access_token_hash() {
        let key = token.signing_key(&verifier).map_err(|error| Doubt::Key(OidcFault::untrusted(error)))?;
        let algorithm = token.signing_alg().map_err(|error| Doubt::Other(OidcFault::untrusted(error)))?;
        match AccessTokenHash::from_token(access, algorithm, key) {
            Ok(found) if found == *expected => {}
            Ok(_) | Err(_) => return Err(untrusted("the access token is another's")),
        }
    }
    Ok(Believed {
        issuer: issuer.to_owned(),
        subject: claims.subject().clone(),
        mailbox: claims.email().and_then(|email| Mailbox::unkeyed(email)),
        verified: claims.email_verified() == Some(true) || (is_microsoft(provider) && extra.is_verified()),
        name: claims.name().and_then(|name| name.get(None)).and_then(|name| line(name)),
        authenticated_at: claims.auth_time().map(|time| Timestamp(time.timestamp_millis())),
    })
}

impl Believed {
    /// `more`: what the provider told elsewhere of the same person.
    pub fn vouched(self, provider: &str, more: Option<&UserInfoClaims<Extra, CoreGenderClaim>>) -> Vouched {
        let (provider, subject) = (provider.to_owned(), self.subject.as_str().to_owned());
        // Who tells an address says whether it is verified, and of no other.
        let (mailbox, verified) = match (self.mailbox, more) {
            (None, Some(more)) => {
                (more.email().and_then(|email| Mailbox::unkeyed(email)), more.email_verified() == Some(true))
            }
            (mailbox, _) => (mailbox, self.verified),
        };
        let name = self.name.or_else(|| line(more?.name()?.get(None)?));
        Vouched {
            provider,
            issuer: self.issuer,
            subject,
            mailbox,
            verified,
            name,
            authenticated_at: self.authenticated_at,
        }
    }
}

impl Extra {
    fn is_verified(&self) -> bool {
        match &self.xms_edov {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            Some(Value::String(text)) => text == "1" || text.eq_ignore_ascii_case("true"),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
        }
    }
}

fn is_microsoft(provider: &Provider) -> bool {
    provider.setup.preset == OidcPreset::Microsoft
}

/// Whether an answer of `issuer` is one of the document's.
pub fn may_issue(document: &str, issuer: &str) -> bool {
    match document.split_once(TENANT) {
        None => document == issuer,
        Some((before, after)) => {
            let tenant = issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            tenant.is_some_and(|tenant| issuer_of(document, tenant) == issuer)
        }
    }
}

/// An organisation is named by a UUID and by nothing else. Empty: it is none.
fn issuer_of(document: &str, tenant: &str) -> String {
    match Uuid::parse_str(tenant) {
        Ok(_) => document.replace(TENANT, tenant),
        Err(_) => String::new(),
    }
}

/// A name as a profile may have it.
fn line(name: &str) -> Option<String> {
    let kept: String = name.chars().filter(|c| !text::commands(*c)).take(NAME_MAX).collect();
    let kept = kept.trim();
    text::is_line(kept, NAME_MAX).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_a_uuid_in_its_place() {
        let document = "https://login.example/{tenantid}/v2.0";
        assert!(may_issue(document, "https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"));
        for bad in [
            "https://login.example/{tenantid}/v2.0",
            "https://login.example/evil/v2.0",
            "https://login.example//v2.0",
            "https://evil.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        ] {
            assert!(!may_issue(document, bad), "{bad}");
        }
        assert!(
            may_issue("https://a.example", "https://a.example") && !may_issue("https://a.example", "https://a.exampl")
        );
    }

    #[test]
    fn a_verified_owner_is_said_in_three_ways() {
        let said = |value: Value| Extra { tid: None, xms_edov: Some(value) }.is_verified();
        assert!([Value::from(true), Value::from(1), Value::from("1"), Value::from("true")].into_iter().all(said));
        assert!(![Value::from(false), Value::from(0), Value::from("0"), Value::Null].into_iter().any(said));
        assert!(!Extra::default().is_verified());
    }
}

//! What a provider says of itself: its endpoints and its keys, kept for a while.
//!
//! Asked for when somebody wants to log in and what is kept is old, or when its keys do not fit a token (they were
//! replaced); never twice within [`PAUSE`], whether it answered or not. So whoever sends tokens with invented keys, or
//! tries again while the provider is dead, causes no traffic.

use std::time::Duration;

use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{sync::Mutex, time::Instant};

use super::{
    OidcFault,
    claims::TENANT,
    fetch::{Fetch, is_safe},
};
use crate::strict;

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(30);
/// Then it is asked again, where it answers.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// Keys that are older open nothing: the provider may have withdrawn them.
const KEPT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// OpenID Connect Discovery, 3; and RFC 9207.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Document {
    /// Of what it may sign with, what is signed with a key of its own: a secret that both know proves nothing.
    pub fn algorithms(&self) -> Vec<CoreJwsSigningAlgorithm> {
        use CoreJwsSigningAlgorithm as A;
        let taken = [
            ("RS256", A::RsaSsaPkcs1V15Sha256),
            ("RS384", A::RsaSsaPkcs1V15Sha384),
            ("RS512", A::RsaSsaPkcs1V15Sha512),
            ("PS256", A::RsaSsaPssSha256),
            ("PS384", A::RsaSsaPssSha384),
            ("PS512", A::RsaSsaPssSha512),
            ("ES256", A::EcdsaP256Sha256),
            ("ES384", A::EcdsaP384Sha384),
            ("EdDSA", A::EdDsa),
        ];
        let offered = &self.id_token_signing_alg_values_supported;
        taken
            .into_iter()
            .filter(|(name, _)| offered.iter().any(|known| known == name))
            .map(|(_, taken)| taken)
            .collect()
    }
}

/// Whose document is asked for.
pub struct Issuer {
    pub name: String,
    /// Its document may be for accounts of every organisation, and then names none of them.
    pub many: bool,
}

impl Issuer {
    fn may_be(&self, named: &str) -> bool {
        fn host(url: &str) -> Option<&str> {
            url.split('/').nth(2)
        }
        named == self.name || (self.many && named.contains(TENANT) && host(named) == host(&self.name))
    }
}

#[derive(Clone, Debug)]
pub struct Known {
    pub document: Document,
    pub keys: CoreJsonWebKeySet,
}

#[derive(Default)]
struct Kept {
    known: Option<(Known, Instant)>,
    asked: Option<Instant>,
    /// Of the newest question.
    failure: String,
}

/// Whoever asks meanwhile waits for the one that asks the provider.
#[derive(Default)]
pub struct Keeper(Mutex<Kept>);

impl Keeper {
    /// `asked`: the question to the provider, which begins when it is due. `not`: what did not fit; newer is wanted.
    pub async fn get(
        &self,
        asked: impl Future<Output = Result<Known, String>>,
        not: Option<&Known>,
    ) -> Result<Known, OidcFault> {
        let mut kept = self.0.lock().await;
        let is_wanted = |known: &Known| not.is_none_or(|not| not.keys != known.keys);
        if let Some((known, _)) =
            kept.known.as_ref().filter(|(known, since)| is_wanted(known) && since.elapsed() < FRESH)
        {
            return Ok(known.clone());
        }
        let rest = kept.asked.map(|asked| PAUSE.saturating_sub(asked.elapsed())).filter(|rest| !rest.is_zero());
        if rest.is_none() {
            // Also for a question that its asker gives up.
            (kept.asked, kept.failure) = (Some(Instant::now()), "no answer yet".to_owned());
            match asked.await {
                Ok(known) => {
                    kept.known = Some((known.clone(), Instant::now()));
                    return Ok(known);
                }
                Err(failure) => {
                    tracing::warn!(failure, "an OpenID provider cannot be asked about itself");
                    kept.failure = failure;
                }
            }
        }
        let old = kept.known.as_ref().filter(|(_, since)| since.elapsed() < KEPT_MAX);
        match old {
            Some((known, _)) => Ok(known.clone()),
            None => {
                let rest = rest.unwrap_or(PAUSE).as_millis();
                let retry_after_ms = u64::try_from(rest).unwrap_or(u64::MAX);
                Err(OidcFault::Unavailable { reason: kept.failure.clone(), retry_after_ms })
            }
        }
    }
}

pub async fn ask(fetch: &Fetch, issuer: &Issuer) -> Result<Known, String> {
    let at = format!("{}/.well-known/openid-configuration", issuer.name.trim_end_matches('/'));
    let document: Document = read(fetch, &at).await?;
    if !issuer.may_be(&document.issuer) {
        return Err(format!("the document is of the issuer {:?}", document.issuer));
    }
    // Where browsers are sent; what is asked from here is judged with each request.
    if !is_safe(&document.authorization_endpoint) {
        return Err(format!("people would be sent to {:?}", document.authorization_endpoint));
    }
    let keys = read(fetch, &document.jwks_uri).await?;
    Ok(Known { document, keys })
}

async fn read<T: DeserializeOwned>(fetch: &Fetch, at: &str) -> Result<T, String> {
    let request = hyper::Request::get(at).header(hyper::header::ACCEPT, "application/json").body(Vec::new());
    let answer = fetch.send(request.map_err(|error| error.to_string())?).await.map_err(|error| error.to_string())?;
    match answer.status() {
        hyper::StatusCode::OK => strict::from_slice(answer.body()).map_err(|error| error.to_string()),
        other => Err(format!("{at} answers {other}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    fn with_key(kid: &str) -> Known {
        let key =
            json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let document = json!({
            "issuer": "https://id.example", "authorization_endpoint": "", "token_endpoint": "", "jwks_uri": "",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "unknown"],
        });
        Known {
            document: serde_json::from_value(document).unwrap(),
            keys: serde_json::from_value(json!({"keys": [key, {"kty": "unknown"}]})).unwrap(),
        }
    }

    /// A provider that counts the questions.
    #[derive(Default)]
    struct Asked(AtomicUsize);

    impl Asked {
        async fn answer(&self, answer: Result<Known, String>) -> Result<Known, String> {
            self.0.fetch_add(1, Ordering::SeqCst);
            answer
        }

        fn times(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_once_an_hour_and_for_other_keys_after_a_pause() {
        let (keeper, asked) = (Keeper::default(), Asked::default());
        let get =
            async |kid: &str, not: Option<&Known>| keeper.get(asked.answer(Ok(with_key(kid))), not).await.unwrap();
        let first = get("1", None).await;
        get("2", None).await;
        assert_eq!(asked.times(), 1);
        assert_eq!(get("2", Some(&first)).await.keys, first.keys, "asked a moment ago");
        advance(PAUSE).await;
        assert_eq!(get("2", None).await.keys, first.keys, "nothing is wrong with them");
        assert_eq!(get("2", Some(&first)).await.keys, with_key("2").keys);
        assert_eq!(asked.times(), 2);
        advance(FRESH).await;
        assert_eq!((get("3", None).await.keys, asked.times()), (with_key("3").keys, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_one_is_asked_after_a_pause_and_its_old_word_holds_for_a_day() {
        let (keeper, asked) = (Keeper::default(), Asked::default());
        let dead = async || keeper.get(asked.answer(Err("dead".to_owned())), None).await;
        let refused = |retry_after_ms| OidcFault::Unavailable { reason: "dead".to_owned(), retry_after_ms };
        assert_eq!(dead().await.unwrap_err(), refused(30_000));
        advance(Duration::from_secs(10)).await;
        assert_eq!((dead().await.unwrap_err(), asked.times()), (refused(20_000), 1));
        advance(PAUSE).await;
        keeper.get(asked.answer(Ok(with_key("1"))), None).await.unwrap();
        advance(FRESH).await;
        assert_eq!((dead().await.unwrap().keys, asked.times()), (with_key("1").keys, 3));
        advance(KEPT_MAX).await;
        assert_eq!(dead().await.unwrap_err(), refused(30_000), "its keys may be withdrawn by now");
    }

    #[test]
    fn neither_a_shared_secret_nor_nothing_signs() {
        assert_eq!(with_key("1").document.algorithms(), [CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256]);
    }

    #[test]
    fn a_document_is_of_its_issuer_or_of_microsofts_organisations() {
        let common = Issuer { name: "https://login.example/common/v2.0".to_owned(), many: true };
        assert!(common.may_be("https://login.example/{tenantid}/v2.0") && common.may_be(&common.name));
        assert!(
            !common.may_be("https://evil.example/{tenantid}/v2.0") && !common.may_be("https://login.example/a/v2.0")
        );
        let own = Issuer { name: "https://login.example".to_owned(), many: false };
        assert!(!own.may_be("https://login.example/{tenantid}/v2.0") && !own.may_be("https://login.example/"));
    }
}

//! One provider: where people are sent, and what their return is worth.

use std::{sync::Arc, time::Duration};

use openidconnect::{
    AccessToken, AuthType, AuthUrl, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse,
    StandardTokenResponse, SubjectIdentifier, TokenResponse, TokenUrl, UserInfoClaims, UserInfoError, UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    Checks, OidcFault, Returned,
    claims::{self, Extra},
    fetch::Fetch,
    known::{self, Issuer, Keeper, Known},
};
use crate::{
    config::{OidcPreset, Secret},
    domain::{identity_link::Vouched, time::Timestamp},
};

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

pub(super) type Party = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// Log-ins that ask one provider at once; the next is refused.
const PLACES: usize = 32;
/// Of all questions of one log-in together: below the time that a request may take.
const WITHIN: Duration = Duration::from_secs(8);

/// What the composition root knows of it.
pub struct Setup {
    pub name: String,
    pub title: String,
    pub preset: OidcPreset,
    pub issuer: String,
    pub client_id: String,
    /// Empty: none.
    pub client_secret: Secret,
    pub scopes: Vec<String>,
    /// Where the provider sends people back to.
    pub callback: String,
}

pub struct Provider {
    pub(super) setup: Setup,
    fetch: Fetch,
    issuer: Issuer,
    keeper: Keeper,
    places: Arc<Semaphore>,
}

impl Provider {
    pub fn new(setup: Setup, fetch: Fetch) -> Self {
        let issuer = Issuer { name: setup.issuer.clone(), many: setup.preset == OidcPreset::Microsoft };
        Self { setup, fetch, issuer, keeper: Keeper::default(), places: Arc::new(Semaphore::new(PLACES)) }
    }

    pub fn name(&self) -> &str {
        &self.setup.name
    }

    pub fn title(&self) -> &str {
        &self.setup.title
    }

    /// The page of the provider at which a log-in begins.
    pub async fn begin(&self, checks: &Checks) -> Result<String, OidcFault> {
        self.within(async {
            let party = self.party(&self.known(None).await?)?;
            let (state, nonce) = (CsrfToken::new(checks.state.clone()), Nonce::new(checks.nonce.clone()));
            let verifier = PkceCodeVerifier::new(checks.verifier.clone());
            let request = party.authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || state,
                move || nonce,
            );
            let scopes = self.setup.scopes.iter().cloned().map(Scope::new);
            let request =
                request.add_scopes(scopes).set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
            Ok(request.url().0.to_string())
        })
        .await
    }

    /// Who has come back, by the provider's word. The caller has compared the state.
    pub async fn finish(&self, returned: &Returned, checks: &Checks, now: Timestamp) -> Result<Vouched, OidcFault> {
        self.within(async {
            let known = self.known(None).await?;
            self.is_its_answer(&known, returned)?;
            if let Some(error) = &returned.error {
                return Err(OidcFault::Refused(shown(error)));
            }
            let code = returned.code.as_ref().ok_or_else(|| OidcFault::untrusted("neither a code nor an error"))?;
            let tokens = self.exchange(&self.party(&known)?, code, checks).await?;
            let id_token = tokens.id_token().ok_or_else(|| OidcFault::untrusted("there is no ID token"))?;
            let access = tokens.access_token();
            let nonce = Nonce::new(checks.nonce.clone());
            let judged = claims::judge(self, &known, id_token, access, &nonce, now);
            let believed = match judged {
                // Its keys were replaced, perhaps.
                Err(claims::Doubt::Key(_)) => {
                    let newer = self.known(Some(&known)).await?;
                    claims::judge(self, &newer, id_token, access, &nonce, now)?
                }
                judged => judged?,
            };
            match believed.mailbox {
                Some(_) => Ok(believed.vouched(self.name(), None)),
                None => {
                    let more = self.more(&known, access, &believed.subject).await?;
                    Ok(believed.vouched(self.name(), more.as_ref()))
                }
            }
        })
        .await
    }

    /// RFC 9207: of two providers, the one that was asked is the one that answers.
    fn is_its_answer(&self, known: &Known, returned: &Returned) -> Result<(), OidcFault> {
        let document = &known.document;
        match &returned.issuer {
            Some(issuer) if claims::may_issue(&document.issuer, issuer) => Ok(()),
            Some(issuer) => Err(OidcFault::Untrusted(format!("it comes from {:?}", shown(issuer)))),
            None if document.authorization_response_iss_parameter_supported => {
                Err(OidcFault::untrusted("it does not say whom it comes from"))
            }
            None => Ok(()),
        }
    }

    async fn exchange(&self, party: &Party, code: &str, checks: &Checks) -> Result<Tokens, OidcFault> {
        let code = AuthorizationCode::new(code.to_owned());
        let verifier = PkceCodeVerifier::new(checks.verifier.clone());
        let tokens = party.exchange_code(code).set_pkce_verifier(verifier).request_async(&self.fetch).await;
        tokens.map_err(|error| match error {
            RequestTokenError::ServerResponse(refusal) => OidcFault::Refused(shown(refusal.error().as_ref())),
            RequestTokenError::Request(fault) => OidcFault::unavailable(fault),
            RequestTokenError::Parse(error, _) => OidcFault::untrusted(error.inner()),
            RequestTokenError::Other(what) => OidcFault::unavailable(what),
        })
    }

    /// What the ID token left out, where the provider tells it elsewhere.
    async fn more(
        &self,
        known: &Known,
        access: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Option<UserInfoClaims<Extra, CoreGenderClaim>>, OidcFault> {
        let Some(endpoint) = known.document.userinfo_endpoint.clone() else { return Ok(None) };
        let endpoint = UserInfoUrl::new(endpoint).map_err(OidcFault::untrusted)?;
        let party = self.party(known)?.set_user_info_url(endpoint);
        let request = party.user_info(access.clone(), Some(subject.clone()));
        match request.request_async(&self.fetch).await {
            Ok(claims) => Ok(Some(claims)),
            Err(UserInfoError::ClaimsVerification(error)) => Err(OidcFault::untrusted(error)),
            Err(UserInfoError::Parse(error)) => Err(OidcFault::untrusted(error.inner())),
            Err(error) => Err(OidcFault::unavailable(error)),
        }
    }

    async fn known(&self, not: Option<&Known>) -> Result<Known, OidcFault> {
        self.keeper.get(known::ask(&self.fetch, &self.issuer), not).await
    }

    pub(super) fn party(&self, known: &Known) -> Result<Party, OidcFault> {
        let (setup, document) = (&self.setup, &known.document);
        let wrong = |error: openidconnect::url::ParseError| OidcFault::untrusted(format!("the document: {error}"));
        let issuer = IssuerUrl::new(document.issuer.clone()).map_err(wrong)?;
        let mut party = openidconnect::Client::new(ClientId::new(setup.client_id.clone()), issuer, known.keys.clone())
            .set_redirect_uri(RedirectUrl::new(setup.callback.clone()).map_err(wrong)?);
        if !setup.client_secret.is_empty() {
            party = party.set_client_secret(ClientSecret::new(setup.client_secret.expose().to_owned()));
        }
        // `client_secret_basic` is what is meant where the document is silent.
        let methods = document.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        if !methods.is_empty() && !methods.iter().any(|method| method == "client_secret_basic") {
            party = party.set_auth_type(AuthType::RequestBody);
        }
        Ok(party
            .set_auth_uri(AuthUrl::new(document.authorization_endpoint.clone()).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(document.token_endpoint.clone()).map_err(wrong)?))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, OidcFault>>) -> Result<T, OidcFault> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(OidcFault::unavailable("too many log-ins ask it at once"));
        };
        timeout(WITHIN, work).await.unwrap_or_else(|_| Err(OidcFault::unavailable("no answer in time")))
    }
}

/// A text from outside, for a log's line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(100).collect()
}

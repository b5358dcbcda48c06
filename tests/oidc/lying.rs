//! A provider of our own that says what a test tells it to: what a certified one never would.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{net::TcpListener, task::JoinHandle};

/// Who signs its tokens.
#[derive(Clone, Copy)]
pub enum Signed {
    /// A key of this number; it publishes number 1.
    By(u8),
    /// A text that both sides know.
    BySecret(&'static str),
    ByNobody,
}

/// What it says at the next exchange of a code.
#[derive(Clone)]
pub struct Says {
    pub header: Value,
    pub claims: Value,
    pub signed: Signed,
    /// In place of tokens.
    pub refusal: Option<(u16, Value)>,
    pub userinfo: Value,
}

pub struct Lying {
    pub issuer: String,
    told: Arc<Told>,
    server: JoinHandle<()>,
}

struct Told {
    says: Mutex<Says>,
    issuer: String,
    /// As its document calls it.
    named: String,
    /// Whether it promises to name itself in each answer.
    names_itself: bool,
    /// Codes that it was asked to exchange.
    exchanged: AtomicUsize,
}

impl Lying {
    pub async fn start(names_itself: bool) -> Self {
        Self::named(names_itself, "").await
    }

    /// One for accounts of every organisation, as Microsoft's is.
    pub async fn of_organisations() -> Self {
        Self::named(false, "/{tenantid}/v2.0").await
    }

    async fn named(names_itself: bool, more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let says =
            Says { header: json!({}), claims: json!({}), signed: Signed::By(1), refusal: None, userinfo: json!({}) };
        let told = Told {
            says: Mutex::new(says),
            issuer: issuer.clone(),
            names_itself,
            named: format!("{issuer}{more}"),
            exchanged: AtomicUsize::new(0),
        };
        let told = Arc::new(told);
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/keys", get(keys))
            .route("/token", post(exchange))
            .route("/userinfo", get(userinfo))
            .with_state(told.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("served") });
        Self { issuer, told, server }
    }

    /// Answers this page's question as an honest provider would, but for what `lie` changes.
    pub fn say(&self, page: &str, lie: impl FnOnce(&mut Says)) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        let claims = json!({
            "iss": self.issuer, "aud": "souk", "sub": "ada", "exp": now + 300, "iat": now, "nonce": asked(page)["nonce"],
            "email": "ada@example.org", "email_verified": true,
        });
        let header = json!({"alg": "EdDSA", "kid": "key-1"});
        let mut says = Says { header, claims, signed: Signed::By(1), refusal: None, userinfo: json!({"sub": "ada"}) };
        lie(&mut says);
        *self.told.says.lock().unwrap() = says;
    }

    pub fn exchanged(&self) -> usize {
        self.told.exchanged.load(Ordering::SeqCst)
    }
}

impl Drop for Lying {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The parameters of a page's address.
pub fn asked(page: &str) -> BTreeMap<String, String> {
    let (_, query) = page.split_once('?').expect("a query");
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn document(State(told): State<Arc<Told>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", told.issuer);
    Json(json!({
        "issuer": told.named,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // More than it should: a secret that both know, and nothing.
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        "authorization_response_iss_parameter_supported": told.names_itself,
    }))
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

async fn keys() -> Json<Value> {
    let x = URL_SAFE_NO_PAD.encode(key(1).verifying_key().as_bytes());
    Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "key-1", "x": x}]}))
}

async fn userinfo(State(told): State<Arc<Told>>) -> Json<Value> {
    Json(told.says.lock().unwrap().userinfo.clone())
}

async fn exchange(State(told): State<Arc<Told>>) -> Response {
    told.exchanged.fetch_add(1, Ordering::SeqCst);
    let says = told.says.lock().unwrap().clone();
    if let Some((status, body)) = says.refusal {
        return (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&says.header), part(&says.claims));
    let signature = match says.signed {
        Signed::By(number) => key(number).sign(signed.as_bytes()).to_bytes().to_vec(),
        Signed::BySecret(secret) => {
            let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
            mac.chain_update(signed.as_bytes()).finalize().into_bytes().to_vec()
        }
        Signed::ByNobody => Vec::new(),
    };
    let id_token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    Json(json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token})).into_response()
}

//! The shapes of "Web Authentication" (W3C, level 3): what browsers' `parseCreationOptionsFromJSON`,
//! `parseRequestOptionsFromJSON` and `toJSON` read and write, with their names and their base64url. Members that the shop
//! has no use for may come along.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{account::CredentialId, ids::UserId},
    identity::{ALGORITHMS, Asked, AskedNew, Assertion, Ceremonies, Registration},
};

const PUBLIC_KEY: &str = "public-key";

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeyCreation)]
pub struct CreationBody {
    /// For the call with the answer.
    pub token: String,
    /// Seconds that the token is good for.
    pub expires_in: u32,
    pub public_key: CreationOptions,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeyRequest)]
pub struct QuestionBody {
    /// For the call with the answer.
    pub token: String,
    /// Seconds that the token is good for.
    pub expires_in: u32,
    pub public_key: RequestOptions,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicKeyCreationOptions)]
pub struct CreationOptions {
    pub rp: Party,
    pub user: Owner,
    pub challenge: String,
    pub pub_key_cred_params: Vec<Algorithm>,
    /// Milliseconds.
    pub timeout: u32,
    #[serde(default)]
    pub exclude_credentials: Vec<Descriptor>,
    pub authenticator_selection: Selection,
    pub attestation: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicKeyRequestOptions)]
pub struct RequestOptions {
    pub challenge: String,
    /// Milliseconds.
    pub timeout: u32,
    pub rp_id: String,
    /// Absent: any that the authenticator knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_credentials: Vec<Descriptor>,
    pub user_verification: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeyParty)]
pub struct Party {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyOwner)]
pub struct Owner {
    pub id: String,
    pub name: String,
    pub display_name: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeyAlgorithm)]
pub struct Algorithm {
    pub r#type: String,
    pub alg: i64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeyDescriptor)]
pub struct Descriptor {
    pub r#type: String,
    pub id: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeySelection)]
pub struct Selection {
    pub resident_key: String,
    pub user_verification: String,
}

/// A new key pair's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyRegistration)]
pub struct RegistrationBody {
    pub response: RegistrationResponse,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyRegistrationResponse)]
pub struct RegistrationResponse {
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    pub attestation_object: String,
}

/// A passkey's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyAssertion)]
pub struct AssertionBody {
    pub id: String,
    pub response: AssertionResponse,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyAssertionResponse)]
pub struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    pub authenticator_data: String,
    pub signature: String,
    #[serde(default)]
    pub user_handle: Option<String>,
}

impl CreationBody {
    pub fn new(AskedNew { asked, user, email }: AskedNew, shop: &str) -> Self {
        let algorithm = |alg| Algorithm { r#type: PUBLIC_KEY.to_owned(), alg };
        let public_key = CreationOptions {
            rp: Party { id: asked.domain, name: shop.to_owned() },
            user: Owner {
                id: BASE64URL_NOPAD.encode(user.0.as_bytes()),
                name: email.to_string(),
                display_name: email.to_string(),
            },
            challenge: BASE64URL_NOPAD.encode(&asked.challenge),
            pub_key_cred_params: ALGORITHMS.into_iter().map(algorithm).collect(),
            timeout: Ceremonies::TTL_S * 1000,
            exclude_credentials: descriptors(asked.credentials),
            // An authenticator that keeps no owner, or does not recognise them, is a second factor all the same.
            authenticator_selection: Selection {
                resident_key: "preferred".to_owned(),
                user_verification: "preferred".to_owned(),
            },
            attestation: "none".to_owned(),
        };
        Self { token: asked.token, expires_in: Ceremonies::TTL_S, public_key }
    }
}

impl QuestionBody {
    /// `alone`: the passkey is the only proof, so that its owner has to be recognised.
    pub fn new(asked: Asked, alone: bool) -> Self {
        let public_key = RequestOptions {
            challenge: BASE64URL_NOPAD.encode(&asked.challenge),
            timeout: Ceremonies::TTL_S * 1000,
            rp_id: asked.domain,
            allow_credentials: descriptors(asked.credentials),
            user_verification: if alone { "required" } else { "preferred" }.to_owned(),
        };
        Self { token: asked.token, expires_in: Ceremonies::TTL_S, public_key }
    }
}

fn descriptors(credentials: Vec<CredentialId>) -> Vec<Descriptor> {
    let described = |CredentialId(id)| Descriptor { r#type: PUBLIC_KEY.to_owned(), id };
    credentials.into_iter().map(described).collect()
}

impl RegistrationBody {
    /// `None`: not in base64url.
    pub fn parsed(&self) -> Option<Registration> {
        let RegistrationResponse { client_data_json, attestation_object } = &self.response;
        Some(Registration { client_data: bytes(client_data_json)?, attestation: bytes(attestation_object)? })
    }
}

impl AssertionBody {
    /// What is not in base64url is no answer either, and is refused as one that is not true.
    pub fn parsed(&self) -> Assertion {
        let AssertionResponse { client_data_json, authenticator_data, signature, user_handle } = &self.response;
        let user = user_handle.as_deref().and_then(bytes).and_then(|bytes| Uuid::from_slice(&bytes).ok()).map(UserId);
        Assertion {
            credential: CredentialId(self.id.clone()),
            client_data: bytes(client_data_json).unwrap_or_default(),
            authenticator_data: bytes(authenticator_data).unwrap_or_default(),
            signature: bytes(signature).unwrap_or_default(),
            user,
        }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

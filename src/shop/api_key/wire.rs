//! API keys on the wire. The text stands in the answer that makes it, and nowhere else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{api_key::ApiKeyView, time::Timestamp},
    http::Problem,
    identity::{MadeKey, Permission, PermissionSet, WantedKey, shown_prefix},
};

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyBody {
    pub id: Uuid,
    /// Its text, for `Authorization: Bearer ..`: in the answer that makes it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[schema(example = "the till")]
    pub name: String,
    /// How its text begins.
    #[schema(example = "souk_AZLxb3Yq")]
    pub prefix: String,
    /// It may do what is here and what its account may do, at each moment.
    #[schema(example = json!(["stock.read"]))]
    pub permissions: BTreeSet<String>,
    /// RFC 3339, UTC; of the newest text.
    pub made_at: String,
    /// RFC 3339, UTC.
    pub expires_at: String,
    /// RFC 3339, UTC; to the hour. Null: never.
    pub used_at: Option<String>,
    /// RFC 3339, UTC: until when the text before the last rotation is good. Null: it is not.
    pub previous_until: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyList)]
pub struct ApiKeyListBody {
    pub items: Vec<ApiKeyBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey)]
pub struct NewApiKeyBody {
    #[schema(min_length = 1, max_length = 60, example = "the till")]
    pub name: String,
    /// Of those that its maker has; a repeated one counts once.
    #[schema(value_type = Vec<String>, example = json!(["stock.read"]))]
    pub permissions: BTreeSet<String>,
    /// 1 to 366.
    #[serde(default = "ninety")]
    #[schema(minimum = 1, maximum = 366, default = 90)]
    pub expires_in_days: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyRotation)]
pub struct RotationBody {
    /// How long the text before this one stays good, 0 to 604,800 (a week).
    #[serde(default = "one_hour")]
    #[schema(minimum = 0, maximum = 604_800, default = 3600)]
    pub overlap_seconds: i64,
}

fn ninety() -> i64 {
    90
}

fn one_hour() -> i64 {
    3_600
}

impl NewApiKeyBody {
    /// With what the key grants.
    pub fn parse(self) -> Result<(WantedKey, PermissionSet), Problem> {
        let known = |name: &String| match name.parse::<Permission>() {
            Ok(permission) => Ok(PermissionSet::of(&[permission])),
            Err(unknown) => Err(Problem::field("permissions", unknown.to_string())),
        };
        let granted = self.permissions.iter().map(known).collect::<Result<PermissionSet, _>>()?;
        let ttl_ms = self.expires_in_days.saturating_mul(DAY_MS);
        Ok((WantedKey { name: self.name, permissions: self.permissions, ttl_ms }, granted))
    }
}

impl ApiKeyBody {
    /// `None`: there is none any more.
    pub fn of(view: &ApiKeyView, now: Timestamp) -> Option<Self> {
        let key = view.key.as_deref()?;
        Some(Self {
            id: key.id.0,
            key: None,
            name: key.name.clone(),
            prefix: shown_prefix(key.id),
            permissions: key.permissions.clone(),
            made_at: key.made_at.rfc3339(),
            expires_at: key.expires_at.rfc3339(),
            used_at: (view.used_at != Timestamp(0)).then(|| view.used_at.rfc3339()),
            previous_until: key.previous.as_ref().filter(|(_, until)| now < *until).map(|(_, until)| until.rfc3339()),
        })
    }

    /// With its text.
    pub fn made(made: MadeKey, now: Timestamp) -> Option<Self> {
        Some(Self { key: Some(made.text), ..Self::of(&made.view, now)? })
    }
}

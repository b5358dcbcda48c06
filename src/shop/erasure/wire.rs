//! Exports and erasures as the API shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{erasure::ErasureView, personal::Subject};

/// All that the shop has about one account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalData)]
pub struct ExportBody {
    pub user_id: Uuid,
    /// RFC 3339, UTC.
    pub made_at: String,
    /// False where there is more than one answer holds.
    pub complete: bool,
    pub entities: Vec<ExportedBody>,
}

/// One entity as it is now. Its members are those of the journal and not of this API: they may grow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalEntity)]
pub struct ExportedBody {
    #[schema(example = "order")]
    pub kind: String,
    pub id: String,
    pub version: u64,
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// What is erased is named once more, since it is never undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EraseMe)]
pub struct EraseMeBody {
    /// The account's own.
    #[schema(example = "ada@example.org", max_length = 254)]
    pub email: String,
}

/// An erasure, which is never undone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub struct ErasureBody {
    #[schema(example = "user/0199d3c1-6f00-7000-8000-000000000001")]
    pub subject: String,
    /// RFC 3339, UTC.
    pub asked_at: String,
    /// RFC 3339, UTC; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
}

impl ErasureBody {
    pub fn of(view: &ErasureView) -> Option<Self> {
        Some(Self {
            subject: view.subject?.to_string(),
            asked_at: view.asked_at.rfc3339(),
            done_at: view.done_at.map(|at| at.rfc3339()),
        })
    }
}

/// Who was erased, as another list of erasures says it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ErasedSubjects)]
pub struct ErasedSubjectsBody {
    #[schema(min_items = 1, max_items = 1000, example = json!(["user/0199d3c1-6f00-7000-8000-000000000001"]))]
    pub subjects: Vec<String>,
}

impl ErasedSubjectsBody {
    pub const MAX: usize = 1_000;
}

/// As [`Subject`] is written.
pub fn subject(text: &str) -> Option<Subject> {
    let (kind, id) = text.split_once('/')?;
    match kind {
        "user" => id.parse().ok().map(Subject::User),
        "order" => id.parse().ok().map(Subject::Order),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{OrderId, UserId};

    #[test]
    fn a_subject_reads_back() {
        let id = Uuid::from_u128(7);
        for known in [Subject::User(UserId(id)), Subject::Order(OrderId(id))] {
            assert_eq!(subject(&known.to_string()), Some(known));
        }
        for bad in ["", "user", "user/", "cart/00000000-0000-0000-0000-000000000007", "user/x"] {
            assert_eq!(subject(bad), None);
        }
    }
}

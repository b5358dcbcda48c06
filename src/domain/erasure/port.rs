//! The erasure's port: who takes the person out of everything.

use serde::{Deserialize, Serialize};

use crate::domain::personal::Subject;

pub const ERASURE_CONNECTOR: &str = "erasure";

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErasureCall {
    pub subject: Subject,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureAnswer {
    /// Nothing is left, and the key is forgotten.
    Done,
}

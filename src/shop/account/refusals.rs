//! Each refusal of the domain and the problem it becomes: one exhaustive table.
//!
//! A new refusal in the domain stops the build here until it has a code.

use crate::{
    domain::account::AccountRejection,
    http::{Code, Problem},
};

impl From<AccountRejection> for Problem {
    fn from(refusal: AccountRejection) -> Self {
        match refusal {
            AccountRejection::AlreadyRegistered => Problem::new(Code::ACCOUNT_EXISTS, refusal.to_string()),
            // Never "no such account": this would reveal registered e-mails.
            AccountRejection::NotRegistered => Problem::new(Code::INVALID_CREDENTIALS, "e-mail or password is wrong"),
        }
    }
}

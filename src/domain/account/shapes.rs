//! What an account is made of: address book, tokens of its mails, what it owes.

use serde::{Deserialize, Serialize};

use crate::domain::{
    email::Mailbox,
    identity_link::Subject,
    ids::{AddressId, TokenId},
    order::Address,
    states::states,
    time::Timestamp,
};

states! {
    #[derive(Default)]
    AccountStatus {
        #[default]
        None = "none",
        /// Named by its e-mail, as accounts were first kept.
        Old = "old",
        /// Its address is not claimed yet.
        Registering = "registering",
        Registered = "registered",
        /// Another account had the address.
        GivenUp = "given_up",
        /// Nobody's any more: its person is forgotten.
        Erased = "erased",
    }
}

/// One entry of the address book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedAddress {
    pub id: AddressId,
    pub address: Address,
}

/// One right that a mail carries. The mail's link is sealed by the node that sends it: of the text in it nothing is kept,
/// so nobody who reads states or the journal can make it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    pub id: TokenId,
    pub right: Right,
    pub until: Timestamp,
}

/// What the bearer of a token may do, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    VerifyEmail,
    ResetPassword,
    ChangeEmail {
        to: Mailbox,
    },
    /// The account is linked with this person at their provider.
    Link {
        subject: Subject,
    },
}

/// An address on its way into the account, or out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    pub mailbox: Mailbox,
    /// Counts the account's claims: no two have one number.
    pub claim: u32,
}

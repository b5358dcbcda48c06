//! What a mail says, as data: the template is chosen and filled when it is sent.
//!
//! A letter holds what its text needs and no more of a person than the address that it goes to. What is written is
//! frozen with the events: a new kind of letter is a new variant.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{OrderId, TokenId, UserId},
    money::Money,
    personal::{self, Subject},
    pricing::Totals,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// One address. Checked by the connector, which refuses for good what no server would take.
    #[serde(with = "personal::text")]
    pub to: String,
    /// Whose doing it is: a guest's session or an account, which a bound counts.
    pub user: UserId,
    pub says: Says,
    /// The guest's order that it is about; absent where it is an account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<OrderId>,
}

impl Letter {
    pub fn subject(&self) -> Subject {
        self.of.map_or(Subject::User(self.user), Subject::Order)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    OrderConfirmed {
        order: OrderId,
        number: u64,
        lines: Vec<LetterLine>,
        totals: Totals,
    },
    /// `paid`: money was taken or promised, and goes back.
    OrderCancelled {
        order: OrderId,
        number: u64,
        paid: bool,
    },
    /// `total` was given back so far. An order that was paid too late has no number.
    OrderRefunded {
        order: OrderId,
        number: Option<u64>,
        total: Money,
    },
    ParcelSent {
        order: OrderId,
        number: u64,
        parcel: Vec<ParcelLine>,
        carrier: Option<String>,
        tracking: Option<String>,
    },
    /// The link is sealed when the mail is sent: from the token's id alone nobody can make it.
    VerifyEmail {
        token: TokenId,
    },
    ResetPassword {
        token: TokenId,
    },
    /// To a new address: its owner confirms it.
    ConfirmEmail {
        token: TokenId,
    },
    /// To the old address.
    EmailChanged,
    PasswordChanged,
    FactorsChanged,
    /// To the owner of an account with whose address somebody came from a provider.
    ConfirmLink {
        token: TokenId,
        provider: String,
    },
    LinksChanged,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LetterLine {
    pub name: String,
    pub units: u32,
    pub price: Money,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParcelLine {
    pub name: String,
    pub units: u32,
}

impl Says {
    /// For counters and logs.
    pub const fn purpose(&self) -> &'static str {
        match self {
            Self::OrderConfirmed { .. } => "order_confirmed",
            Self::OrderCancelled { .. } => "order_cancelled",
            Self::OrderRefunded { .. } => "order_refunded",
            Self::ParcelSent { .. } => "parcel_sent",
            Self::VerifyEmail { .. } => "verify_email",
            Self::ResetPassword { .. } => "reset_password",
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::EmailChanged => "email_changed",
            Self::PasswordChanged => "password_changed",
            Self::FactorsChanged => "factors_changed",
            Self::ConfirmLink { .. } => "confirm_link",
            Self::LinksChanged => "links_changed",
        }
    }
}

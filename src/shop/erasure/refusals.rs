//! Each refusal of an export or an erasure and the problem it becomes: exhaustive tables.

use super::{ask::ErasureRefusal, export::NotExported};
use crate::{
    domain::erasure::ErasureRejection,
    http::{Code, Problem},
};

impl From<ErasureRejection> for Problem {
    fn from(refusal: ErasureRejection) -> Self {
        match refusal {}
    }
}

impl From<ErasureRefusal> for Problem {
    fn from(refusal: ErasureRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            ErasureRefusal::OrdersUnderWay(orders) => {
                Problem::new(Code::ORDERS_UNDER_WAY, detail).with("orders", orders)
            }
            ErasureRefusal::UnknownOrder(_) => Problem::new(Code::UNKNOWN_ORDER, detail),
            ErasureRefusal::OfAccount(_) => Problem::new(Code::ORDER_OF_ACCOUNT, detail),
            ErasureRefusal::User(refusal) => refusal.into(),
            ErasureRefusal::Read(error) => error.into(),
            ErasureRefusal::Order(error) => error.into(),
            ErasureRefusal::Ask(error) => error.into(),
        }
    }
}

impl From<NotExported> for Problem {
    fn from(refusal: NotExported) -> Self {
        let detail = refusal.to_string();
        match refusal {
            NotExported::Unknown(user) => Problem::new(Code::UNKNOWN_USER, detail).with("user_id", user),
            NotExported::Ask(error) => error.into(),
            NotExported::Read(error) => error.into(),
            NotExported::Json(error) => Problem::internal(&error),
        }
    }
}

//! Samples of the mail's events.

use std::sync::Arc;

use souk::domain::{
    ids::{MailId, TokenId},
    kinds::AnyEvent,
    mail::{Letter, LetterLine, MailEvent, ParcelLine, Says},
    pricing::Totals,
};

use super::{
    ids::{AT, eur, id, order_id, text, user_id},
    links,
};

fn queued(says: Says) -> MailEvent {
    let letter = Letter { to: text("shopper@example.org"), user: user_id(), says, of: None };
    MailEvent::Queued { mail: MailId(id(9)), letter: Arc::new(letter), at: AT }
}

pub fn mail() -> Vec<AnyEvent> {
    let order = order_id();
    let lines = vec![LetterLine { name: text("T-shirt"), units: 2, price: eur(3998) }];
    let totals = Totals { items: eur(3998), shipping: eur(490), discount: eur(0), tax: eur(716), total: eur(4488) };
    let events = [
        queued(Says::OrderConfirmed { order, number: 1001, lines, totals }),
        queued(Says::OrderCancelled { order, number: 1001, paid: true }),
        queued(Says::OrderRefunded { order, number: None, total: eur(500) }),
        queued(Says::OrderRefunded { order, number: Some(1001), total: eur(500) }),
        queued(Says::ParcelSent {
            order,
            number: 1001,
            parcel: vec![ParcelLine { name: text("T-shirt"), units: 1 }],
            carrier: Some(text("Post")),
            tracking: None,
        }),
        MailEvent::PutOff { code: text("smtp_450"), until: AT },
        MailEvent::Due,
        MailEvent::Accepted { at: AT },
        MailEvent::Refused { code: text("smtp_550"), at: AT },
        MailEvent::GivenUp { code: text("too_old"), at: AT },
        queued(Says::VerifyEmail { token: TokenId(id(11)) }),
        queued(Says::ResetPassword { token: TokenId(id(11)) }),
        queued(Says::ConfirmEmail { token: TokenId(id(11)) }),
        queued(Says::EmailChanged),
        queued(Says::PasswordChanged),
        queued(Says::FactorsChanged),
    ];
    let letter = Letter { to: text("shopper@example.org"), user: user_id(), says: Says::EmailChanged, of: Some(order) };
    let of_guest = MailEvent::Queued { mail: MailId(id(9)), letter: Arc::new(letter), at: AT };
    let letters = links::letters().map(queued).into_iter().chain([of_guest]);
    events.into_iter().chain(letters).map(AnyEvent::Mail).collect()
}

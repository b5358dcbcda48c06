//! What an order's shopper is written: the order is confirmed, cancelled or refunded, or a parcel has left.
//!
//! Each mail has the order's reference, by which a guest finds the order again, and neither name nor street. A subject
//! has the number alone, for it is shown on locked screens.

use askama::Template;

use super::reference;
use crate::{
    connectors::mail::Rendered,
    domain::{
        ids::OrderId,
        mail::{LetterLine, ParcelLine, Says},
        money::Money,
        pricing::Totals,
    },
    shop::mail::filled,
};

#[derive(Clone, Copy)]
struct Confirmed<'a> {
    reference: &'a str,
    lines: &'a [LetterLine],
    totals: Totals,
}

#[derive(Template)]
#[template(path = "shop/order/mail/confirmed.txt")]
struct ConfirmedText<'a> {
    mail: Confirmed<'a>,
}

#[derive(Template)]
#[template(path = "shop/order/mail/confirmed.html")]
struct ConfirmedHtml<'a> {
    mail: Confirmed<'a>,
}

#[derive(Clone, Copy)]
struct Cancelled<'a> {
    reference: &'a str,
    paid: bool,
}

#[derive(Template)]
#[template(path = "shop/order/mail/cancelled.txt")]
struct CancelledText<'a> {
    mail: Cancelled<'a>,
}

#[derive(Template)]
#[template(path = "shop/order/mail/cancelled.html")]
struct CancelledHtml<'a> {
    mail: Cancelled<'a>,
}

#[derive(Clone, Copy)]
struct Refunded<'a> {
    /// An order that was paid too late has none.
    reference: Option<&'a str>,
    total: Money,
}

#[derive(Template)]
#[template(path = "shop/order/mail/refunded.txt")]
struct RefundedText<'a> {
    mail: Refunded<'a>,
}

#[derive(Template)]
#[template(path = "shop/order/mail/refunded.html")]
struct RefundedHtml<'a> {
    mail: Refunded<'a>,
}

#[derive(Clone, Copy)]
struct Parcel<'a> {
    reference: &'a str,
    lines: &'a [ParcelLine],
    carrier: Option<&'a str>,
    tracking: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "shop/order/mail/parcel.txt")]
struct ParcelText<'a> {
    mail: Parcel<'a>,
}

#[derive(Template)]
#[template(path = "shop/order/mail/parcel.html")]
struct ParcelHtml<'a> {
    mail: Parcel<'a>,
}

/// # Errors
/// A template that cannot be filled: a mistake of this program.
pub fn render(says: &Says) -> Result<Rendered, String> {
    match says {
        Says::OrderConfirmed { order, number, lines, totals } => {
            let mail = Confirmed { reference: &reference::of(*number, *order), lines, totals: *totals };
            filled(format!("Your order {number}"), &ConfirmedText { mail }, &ConfirmedHtml { mail })
        }
        Says::OrderCancelled { order, number, paid } => {
            let mail = Cancelled { reference: &reference::of(*number, *order), paid: *paid };
            filled(format!("Your order {number} is cancelled"), &CancelledText { mail }, &CancelledHtml { mail })
        }
        Says::OrderRefunded { order, number, total } => refunded(*order, *number, *total),
        Says::VerifyEmail { .. }
        | Says::ResetPassword { .. }
        | Says::ConfirmEmail { .. }
        | Says::EmailChanged
        | Says::PasswordChanged
        | Says::FactorsChanged
        | Says::ConfirmLink { .. }
        | Says::LinksChanged => Err("not a letter of an order".to_owned()),
        Says::ParcelSent { order, number, parcel, carrier, tracking } => {
            let mail = Parcel {
                reference: &reference::of(*number, *order),
                lines: parcel,
                carrier: carrier.as_deref(),
                tracking: tracking.as_deref(),
            };
            filled(format!("A parcel of your order {number} is on its way"), &ParcelText { mail }, &ParcelHtml { mail })
        }
    }
}

fn refunded(order: OrderId, number: Option<u64>, total: Money) -> Result<Rendered, String> {
    let written = number.map(|number| reference::of(number, order));
    let mail = Refunded { reference: written.as_deref(), total };
    let subject = match number {
        Some(number) => format!("Money back for your order {number}"),
        None => "Money back from Souk".to_owned(),
    };
    filled(subject, &RefundedText { mail }, &RefundedHtml { mail })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::eur;

    const NUMBER: u64 = 1042;

    fn order() -> OrderId {
        OrderId(Uuid::from_u128(1))
    }

    fn confirmed(name: &str) -> Rendered {
        let lines = vec![LetterLine { name: name.to_owned(), units: 2, price: eur(1_998) }];
        let money = |amount| eur(amount);
        let totals = Totals {
            items: money(1_998),
            shipping: money(490),
            discount: money(0),
            tax: money(397),
            total: money(2_488),
        };
        render(&Says::OrderConfirmed { order: order(), number: NUMBER, lines, totals }).unwrap()
    }

    #[test]
    fn a_confirmation_says_what_was_bought_and_by_which_reference_it_is_found() {
        let mail = confirmed("T-shirt");
        assert_eq!(mail.subject, "Your order 1042");
        let reference = reference::of(NUMBER, order());
        for text in [&mail.text, &mail.html] {
            for part in [reference.as_str(), "T-shirt", "19.98 EUR", "4.90 EUR", "24.88 EUR"] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
        assert!(
            mail.text.lines().all(|line| line.trim_end() == line) && !mail.text.contains("\n\n\n"),
            "{}",
            mail.text
        );
    }

    #[test]
    fn a_name_is_text_in_html_too() {
        let mail = confirmed("<script>alert(1)</script> & \"more\"");
        assert!(!mail.html.contains("<script") && mail.html.contains("&#60;script&#62;"), "{}", mail.html);
        assert!(mail.text.contains("<script>alert(1)</script> & \"more\""));
    }

    #[test]
    fn the_others_are_short() {
        let cancelled = |paid| render(&Says::OrderCancelled { order: order(), number: NUMBER, paid }).unwrap();
        assert!(cancelled(true).text.contains("money") && !cancelled(false).text.contains("money"));
        let refunded = |number| render(&Says::OrderRefunded { order: order(), number, total: eur(500) }).unwrap();
        assert!(refunded(Some(NUMBER)).html.contains(&reference::of(NUMBER, order())));
        assert!(refunded(None).text.contains("5.00 EUR") && !refunded(None).text.contains("None"));
        let parcel = vec![ParcelLine { name: "T-shirt".to_owned(), units: 1 }];
        let parcel = |carrier: Option<&str>, tracking: Option<&str>| {
            let (carrier, tracking) = (carrier.map(str::to_owned), tracking.map(str::to_owned));
            render(&Says::ParcelSent { order: order(), number: NUMBER, parcel: parcel.clone(), carrier, tracking })
                .unwrap()
        };
        let mail = parcel(Some("Post <b>"), Some("JJ\r\nBcc: x@evil.example"));
        assert!(mail.html.contains("Post &#60;b&#62;") && !mail.subject.contains("JJ"), "{}", mail.html);
        assert!(!parcel(None, None).text.contains("Tracking"));
    }
}

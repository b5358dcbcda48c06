//! The text of a letter: its template, filled. Each capability has its own in its folder; here is the list of them, and
//! the look that they share (`mail/look.html`, in the colours of the page at `/`).
//!
//! Text goes into HTML escaped, by the template's own rule. Deliberately absent: pictures and links that would tell
//! when a mail was read, and languages other than English.

use askama::Template;

pub use super::account::mail::Links;
use super::{account, order};
use crate::{
    connectors::mail::Rendered,
    domain::mail::{Letter, Says},
};

/// # Errors
/// A template that cannot be filled: a mistake of this program.
pub fn render(letter: &Letter, links: &Links) -> Result<Rendered, String> {
    match &letter.says {
        Says::OrderConfirmed { .. }
        | Says::OrderCancelled { .. }
        | Says::OrderRefunded { .. }
        | Says::ParcelSent { .. } => order::mail::render(&letter.says),
        Says::VerifyEmail { .. }
        | Says::ResetPassword { .. }
        | Says::ConfirmEmail { .. }
        | Says::EmailChanged
        | Says::PasswordChanged
        | Says::FactorsChanged
        | Says::ConfirmLink { .. }
        | Says::LinksChanged => account::mail::render(letter, links),
    }
}

/// One mail of its two templates.
pub fn filled(subject: String, text: &impl Template, html: &impl Template) -> Result<Rendered, String> {
    let (text, html) = (text.render().map_err(|e| e.to_string())?, html.render().map_err(|e| e.to_string())?);
    Ok(Rendered { subject, text: text.trim().to_owned() + "\n", html })
}

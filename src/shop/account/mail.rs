//! What an account's owner is written: links that prove an address or set a password, and notices of changes.
//!
//! A link's token stands behind `#`, which no browser sends to a server, so that no log and no referrer has it. Its page
//! sends it to the API.

use askama::Template;

use crate::{
    connectors::mail::Rendered,
    domain::{
        ids::{TokenId, UserId},
        mail::{Letter, Says},
    },
    identity::MailTokens,
    shop::mail::filled,
};

/// Makes links of accounts' tokens.
#[derive(Clone)]
pub struct Links {
    tokens: MailTokens,
    /// Where customers reach the shop, without a slash at the end.
    shop: String,
}

impl Links {
    pub fn new(tokens: MailTokens, shop: &str) -> Self {
        Self { tokens, shop: shop.trim_end_matches('/').to_owned() }
    }

    fn to(&self, page: &str, user: UserId, token: TokenId) -> String {
        format!("{}/account/{page}#{}", self.shop, self.tokens.text(user, token))
    }
}

#[derive(Clone, Copy)]
struct Link<'a> {
    link: &'a str,
}

#[derive(Clone, Copy)]
struct LinkOf<'a> {
    link: &'a str,
    /// As the shop's configuration calls it.
    provider: &'a str,
}

#[derive(Clone, Copy)]
struct Notice<'a> {
    subject: &'a str,
    what: &'a str,
}

#[derive(Template)]
#[template(path = "shop/account/mail/verify.txt")]
struct VerifyText<'a> {
    mail: Link<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/verify.html")]
struct VerifyHtml<'a> {
    mail: Link<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/reset.txt")]
struct ResetText<'a> {
    mail: Link<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/reset.html")]
struct ResetHtml<'a> {
    mail: Link<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/confirm.txt")]
struct ConfirmText<'a> {
    mail: Link<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/confirm.html")]
struct ConfirmHtml<'a> {
    mail: Link<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/confirm_link.txt")]
struct ConfirmLinkText<'a> {
    mail: LinkOf<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/confirm_link.html")]
struct ConfirmLinkHtml<'a> {
    mail: LinkOf<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/notice.txt")]
struct NoticeText<'a> {
    mail: Notice<'a>,
}

#[derive(Template)]
#[template(path = "shop/account/mail/notice.html")]
struct NoticeHtml<'a> {
    mail: Notice<'a>,
}

/// # Errors
/// A template that cannot be filled: a mistake of this program.
pub fn render(letter: &Letter, links: &Links) -> Result<Rendered, String> {
    let link = |page, token| links.to(page, letter.user, token);
    match &letter.says {
        Says::VerifyEmail { token } => {
            let mail = Link { link: &link("verify-email", *token) };
            filled("Confirm your e-mail".to_owned(), &VerifyText { mail }, &VerifyHtml { mail })
        }
        Says::ResetPassword { token } => {
            let mail = Link { link: &link("reset-password", *token) };
            filled("A new password".to_owned(), &ResetText { mail }, &ResetHtml { mail })
        }
        Says::ConfirmEmail { token } => {
            let mail = Link { link: &link("confirm-email", *token) };
            filled("Confirm your new e-mail".to_owned(), &ConfirmText { mail }, &ConfirmHtml { mail })
        }
        Says::EmailChanged => notice("Your e-mail was changed", "Your account at Souk has another e-mail from now on."),
        Says::PasswordChanged => notice(
            "Your password was changed",
            "The password of your account at Souk was changed, and other sessions were ended.",
        ),
        Says::FactorsChanged => notice(
            "Your second factors were changed",
            "A second factor of your account at Souk was added or removed, or a recovery code was used.",
        ),
        Says::ConfirmLink { token, provider } => {
            let mail = LinkOf { link: &link("confirm-link", *token), provider };
            filled("Log in with another account?".to_owned(), &ConfirmLinkText { mail }, &ConfirmLinkHtml { mail })
        }
        Says::LinksChanged => notice(
            "Your ways to log in were changed",
            "A way to log in to your account at Souk by another provider was added or removed.",
        ),
        Says::OrderConfirmed { .. }
        | Says::OrderCancelled { .. }
        | Says::OrderRefunded { .. }
        | Says::ParcelSent { .. } => Err("not a letter of an account".to_owned()),
    }
}

fn notice(subject: &str, what: &str) -> Result<Rendered, String> {
    let mail = Notice { subject, what };
    filled(subject.to_owned(), &NoticeText { mail }, &NoticeHtml { mail })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::identity::SigningSecret;

    #[test]
    fn a_link_is_read_back_and_no_letter_has_its_token() {
        let tokens = MailTokens::new(&SigningSecret::from_bytes([3; 32]));
        let links = Links::new(tokens.clone(), "https://shop.example/");
        let (user, token) = (UserId(Uuid::from_u128(1)), TokenId(Uuid::from_u128(2)));
        let with_link = [
            Says::VerifyEmail { token },
            Says::ResetPassword { token },
            Says::ConfirmEmail { token },
            Says::ConfirmLink { token, provider: "google".to_owned() },
        ];
        for says in with_link {
            let letter = Letter { to: "ada@example.org".to_owned(), user, says, of: None };
            let mail = render(&letter, &links).unwrap();
            let sealed = tokens.text(user, token);
            assert!(mail.text.contains("https://shop.example/account/") && mail.text.contains(&sealed));
            assert!(mail.html.contains(&sealed) && !mail.subject.contains(&sealed));
            assert_eq!(tokens.read(&sealed), Some((user, token)));
            assert!(!serde_json::to_string(&letter).unwrap().contains(&sealed));
        }
        for says in [Says::EmailChanged, Says::PasswordChanged, Says::FactorsChanged, Says::LinksChanged] {
            let mail = render(&Letter { to: "ada@example.org".to_owned(), user, says, of: None }, &links).unwrap();
            assert!(mail.html.contains(&mail.subject) && !mail.text.contains("{{"));
        }
    }
}

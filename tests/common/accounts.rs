//! People with accounts: made, given roles, logged in, and the links of their mails.

use serde_json::{Value, json};
use souk::domain::account::Role;

use super::{Person, Shop, eventually, fresh_key, outbox, text};

/// Of every account that a test makes.
pub const PASSWORD: &str = "a password of the test";

pub fn fresh_email() -> String {
    format!("{}@example.org", fresh_key())
}

impl Shop {
    /// A new account of this role, logged in. Only in a shop of [`Shop::with`].
    pub async fn account(&self, role: Role) -> Person<'_> {
        self.person(&[role.name().as_str()]).await
    }

    /// A new account with these roles, logged in.
    pub async fn person(&self, roles: &[&str]) -> Person<'_> {
        let session = self.register(&fresh_email()).await;
        let path = format!("/api/users/{}/roles", text(&session["user"]["id"]));
        if roles != ["customer"] {
            self.staff().put(&path, json!({"roles": roles})).await.ok();
        }
        self.logged_in(&session)
    }

    /// The person of this session.
    pub fn logged_in(&self, session: &Value) -> Person<'_> {
        self.with_token(text(&session["access_token"]))
    }

    /// A new account's first session.
    pub async fn register(&self, email: &str) -> Value {
        self.guest().post("/api/auth/register", json!({"email": email, "password": PASSWORD})).await.created()
    }

    /// The text behind `#` in the link to `page` of the newest mail to `to`. Only in a shop of [`Shop::with`].
    pub async fn mailed_link(&self, to: &str, page: &str) -> String {
        let find = || outbox::link(&self.data(), to, page);
        eventually("the mail is written", async || find().is_some()).await;
        find().expect("the mail")
    }
}

impl Person<'_> {
    /// A log-in's answer: a session, or the question for the second factor.
    pub async fn log_in(&self, email: &str, password: &str) -> Value {
        self.post("/api/auth/login", json!({"email": email, "password": password})).await.ok()
    }

    /// The account's id.
    pub async fn id(&self) -> String {
        text(&self.get("/api/auth/validate").await.ok()["user"]["id"]).to_owned()
    }
}

//! `[mail]`: what shoppers are written, and through which server. Without a server mails are kept as files.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    check::{Checks, DAY_MS},
    network::without_brackets,
    secret::Secret,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Whether shoppers are written what becomes of their orders. Orders of before stay as they are. Default true.
    pub orders: bool,
    /// Who writes: `Name <address>` or an address. Default `Souk <shop@localhost>`, which a mail server needs replaced.
    pub from: String,
    /// `smtps://host:465` (TLS) or `smtp://host:587` (STARTTLS, in plain only to this machine). Empty: mails are kept
    /// as files in `outbox` of the data directory. Default empty.
    pub smtp_url: String,
    /// User name for the server; empty: none. Default empty.
    pub smtp_user: String,
    /// The user's password, best given as `SOUK_MAIL__SMTP_PASSWORD`. Default empty.
    pub smtp_password: Secret,
    /// File that holds the password instead. Default empty.
    pub smtp_password_file: PathBuf,
    /// Mails that the outbox keeps, the newest ones. Default 200.
    pub outbox_mails_max: usize,
    /// Milliseconds for handing one mail over; then it is tried again. Default 30,000.
    pub timeout_ms: u64,
    /// Mails on their way at once, at most; the next waits its turn. Default 8.
    pub in_flight_max: usize,
    /// Failures in a row until the server is left alone and only asked whether it is well. Default 5.
    pub breaker_failures: u32,
    /// Milliseconds until then. Default 30,000.
    pub breaker_rest_ms: u64,
    /// Tries that the server puts off until a mail is given up. Default 12, which is about 20 hours.
    pub tries_max: u32,
    /// Milliseconds before the second try; doubles with each further one, up to 4 hours. Default 60,000.
    pub retry_pause_ms: u64,
    /// Milliseconds after which a mail is given up, whatever stood in the way. Default 172,800,000 (2 days).
    pub give_up_after_ms: u64,
    /// Mails to one address that are queued within an hour, at most, counted by each node; the next is refused for good.
    /// Default 20.
    pub per_address_hour_max: u32,
    /// Mails that one guest or account causes within an hour, at most; as above. Default 40.
    pub per_user_hour_max: u32,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            orders: true,
            from: "Souk <shop@localhost>".to_owned(),
            smtp_url: String::new(),
            smtp_user: String::new(),
            smtp_password: Secret::default(),
            smtp_password_file: PathBuf::new(),
            outbox_mails_max: 200,
            timeout_ms: 30_000,
            in_flight_max: 8,
            breaker_failures: 5,
            breaker_rest_ms: 30_000,
            tries_max: 12,
            retry_pause_ms: 60_000,
            give_up_after_ms: 2 * DAY_MS,
            per_address_hour_max: 20,
            per_user_hour_max: 40,
        }
    }
}

/// Where a mail server is, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// A name, or an address without brackets.
    pub host: String,
    /// Of TCP.
    pub port: u16,
    /// How what is said is kept from others.
    pub security: MailSecurity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// From the first byte on.
    Tls,
    /// Required: a server that does not offer it gets nothing.
    StartTls,
    /// To this machine only.
    Plain,
}

impl MailServer {
    /// No name and password in it: the URL is printed.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
            Some(_) | None => (rest, None),
        };
        // Without brackets the last part of an IPv6 address would be taken for a port.
        let legal = match without_brackets(host) {
            inside if inside.len() < host.len() => inside.parse::<std::net::Ipv6Addr>().is_ok(),
            name => !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')),
        };
        let host = without_brackets(host);
        if !legal {
            return None;
        }
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let (security, usual) = match scheme {
            "smtps" => (MailSecurity::Tls, 465),
            "smtp" if here => (MailSecurity::Plain, 25),
            "smtp" => (MailSecurity::StartTls, 587),
            _ => return None,
        };
        Some(Self { host: host.to_owned(), port: port.unwrap_or(usual), security })
    }
}

impl Mail {
    /// `None`: the outbox.
    pub fn server(&self) -> Option<MailServer> {
        MailServer::parse(&self.smtp_url)
    }

    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub const fn breaker_rest(&self) -> Duration {
        Duration::from_millis(self.breaker_rest_ms)
    }

    pub const fn retry_pause(&self) -> Duration {
        Duration::from_millis(self.retry_pause_ms)
    }

    pub const fn give_up_after(&self) -> Duration {
        Duration::from_millis(self.give_up_after_ms)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        let from = self.from.parse::<lettre::message::Mailbox>();
        let plain = !self.from.chars().any(char::is_control);
        checks.that("mail.from", self.from.escape_debug(), from.is_ok() && plain, "an address, or Name <address>");
        let (server, wanted) = (self.server(), !self.smtp_url.is_empty());
        // The value may have a password in it.
        let expected = "empty, smtps://host:465 or smtp://host:587, an IPv6 address in brackets, and the password in \
                        mail.smtp_password";
        checks.that("mail.smtp_url", "another text", !wanted || server.is_some(), expected);
        let local = from.is_ok_and(|from| from.email.domain().eq_ignore_ascii_case("localhost"));
        checks.that("mail.from", &self.from, !wanted || !local, "an address of your own beside mail.smtp_url");
        let (user, file) = (!self.smtp_user.is_empty(), !self.smtp_password_file.as_os_str().is_empty());
        let passwords = u8::from(!self.smtp_password.is_empty()) + u8::from(file);
        let expected = "with one of mail.smtp_password and mail.smtp_password_file, or neither without a user";
        checks.that("mail.smtp_user", &self.smtp_user, passwords == u8::from(user), expected);
        checks.range("mail.outbox_mails_max", self.outbox_mails_max, 1, 10_000, "mails");
        checks.range("mail.timeout_ms", self.timeout_ms, 100, 600_000, "milliseconds");
        checks.range("mail.in_flight_max", self.in_flight_max, 1, 1_000, "mails");
        checks.range("mail.breaker_failures", u64::from(self.breaker_failures), 1, 1_000_000, "calls");
        checks.range("mail.breaker_rest_ms", self.breaker_rest_ms, 10, 600_000, "milliseconds");
        checks.range("mail.tries_max", u64::from(self.tries_max), 1, 100, "tries");
        checks.range("mail.retry_pause_ms", self.retry_pause_ms, 100, 14_400_000, "milliseconds");
        checks.range("mail.give_up_after_ms", self.give_up_after_ms, 1_000, 14 * DAY_MS, "milliseconds");
        checks.range("mail.per_address_hour_max", u64::from(self.per_address_hour_max), 1, 1_000_000, "mails");
        checks.range("mail.per_user_hour_max", u64::from(self.per_user_hour_max), 1, 1_000_000, "mails");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Option<(String, u16, MailSecurity)> {
        MailServer::parse(url).map(|server| (server.host, server.port, server.security))
    }

    #[test]
    fn nothing_leaves_this_machine_in_plain() {
        let is = |host: &str, port, security| Some((host.to_owned(), port, security));
        assert_eq!(server("smtps://mx.example"), is("mx.example", 465, MailSecurity::Tls));
        assert_eq!(server("smtp://mx.example:2525/"), is("mx.example", 2525, MailSecurity::StartTls));
        assert_eq!(server("smtp://10.0.0.1"), is("10.0.0.1", 587, MailSecurity::StartTls));
        assert_eq!(server("smtp://127.0.0.1:1025"), is("127.0.0.1", 1025, MailSecurity::Plain));
        assert_eq!(server("smtp://[::1]"), is("::1", 25, MailSecurity::Plain));
        assert_eq!(server("smtps://localhost"), is("localhost", 465, MailSecurity::Tls));
        assert_eq!(server("smtp://[2001:db8::25]:587"), is("2001:db8::25", 587, MailSecurity::StartTls));
        for bad in ["mx.example", "http://mx.example", "smtp://", "smtp://u:p@mx.example", "smtp://mx:0", "smtp://mx:x"]
        {
            assert_eq!(server(bad), None, "{bad}");
        }
        for bad in ["smtp://2001:db8::25", "smtp://::1", "smtp://[mx.example]", "smtp://[]", "smtp://[10.0.0.1]:25"] {
            assert_eq!(server(bad), None, "{bad}");
        }
    }

    fn wrong(mail: Mail) -> Vec<String> {
        let mut checks = Checks::default();
        mail.check(&mut checks);
        checks.problems.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn a_server_needs_an_address_of_ones_own_and_a_user_one_password() {
        let smtp = Mail { smtp_url: "smtps://mx.example".into(), from: "shop@souk.example".into(), ..Mail::default() };
        let (user, password) = ("shop".to_owned(), Secret::new("hunter2"));
        assert_eq!(wrong(Mail::default()), Vec::<String>::new());
        assert_eq!(wrong(smtp.clone()), Vec::<String>::new());
        assert_eq!(wrong(Mail { from: Mail::default().from, ..smtp.clone() }), ["mail.from"]);
        assert_eq!(wrong(Mail { from: "a@b.c\r\nBcc: d@e.f".into(), ..smtp.clone() }), ["mail.from"]);
        assert_eq!(wrong(Mail { smtp_user: user.clone(), ..smtp.clone() }), ["mail.smtp_user"]);
        assert_eq!(wrong(Mail { smtp_password: password.clone(), ..smtp.clone() }), ["mail.smtp_user"]);
        assert_eq!(wrong(Mail { smtp_user: user, smtp_password: password, ..smtp }), Vec::<String>::new());
    }
}

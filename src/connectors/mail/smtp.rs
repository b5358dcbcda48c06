//! `smtp`: hands mails to a server with STARTTLS or TLS, each on a connection of its own.
//!
//! A pool of connections is deliberately absent: a call that is dropped half way would put a connection back on which
//! the next mail reads the last one's answers. An answer's text stays here, for it may quote the address; its code goes
//! on. What fails before the first word about the mail (not reached, no TLS, not let in) says nothing about it: such a
//! call is a fault, which the runtime repeats.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use super::{Handed, MailTransport, Outgoing};
use crate::{
    actors::ports::ConnectorFault,
    config::{MailSecurity, MailServer, Secret},
};

pub struct SmtpTransport {
    server: MailServer,
    /// `None`: in plain, to this machine only.
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
    from: Mailbox,
    hello: ClientId,
    /// For one mail as a whole. The library itself waits for an answer without end.
    patience: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum SmtpSetupError {
    #[error("mail.from is no address")]
    From,
    #[error("no TLS to {0}")]
    Tls(String),
}

/// How long a polite end of the connection may take, once the mail is accepted.
const GOODBYE: Duration = Duration::from_secs(1);

impl SmtpTransport {
    /// # Errors
    /// What the configuration's own check refuses as well.
    pub fn new(
        server: MailServer,
        login: Option<(&str, &Secret)>,
        from: &str,
        patience: Duration,
    ) -> Result<Self, SmtpSetupError> {
        let from = from.parse().map_err(|_| SmtpSetupError::From)?;
        let tls = match server.security {
            MailSecurity::Plain => None,
            MailSecurity::StartTls | MailSecurity::Tls => {
                let tls = TlsParameters::new(server.host.clone());
                Some(tls.map_err(|_| SmtpSetupError::Tls(server.host.clone()))?)
            }
        };
        let login = login.map(|(user, password)| Credentials::new(user.to_owned(), password.expose().to_owned()));
        Ok(Self { server, tls, login, from, hello: ClientId::default(), patience })
    }

    /// To where the server waits for a mail: encrypted and logged in, if that is configured.
    async fn connect(&self) -> Result<AsyncSmtpConnection, ConnectorFault> {
        let wrapper = self.tls.clone().filter(|_| self.server.security == MailSecurity::Tls);
        let address = (self.server.host.as_str(), self.server.port);
        let opened = AsyncSmtpConnection::connect_tokio1(address, Some(self.patience), &self.hello, wrapper, None);
        let mut connection = opened.await.map_err(|error| fault("connection", &error))?;
        if let Some(tls) = self.tls.clone().filter(|_| self.server.security == MailSecurity::StartTls) {
            connection.starttls(tls, &self.hello).await.map_err(|error| fault("STARTTLS", &error))?;
        }
        if let Some(login) = &self.login {
            let answer = connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await;
            answer.map_err(|error| fault("log-in", &error))?;
        }
        Ok(connection)
    }

    async fn hand_over(&self, message: &Message) -> Result<Handed, ConnectorFault> {
        let mut connection = self.connect().await?;
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(_) => {
                // The mail is the server's now, however this ends.
                let _ = timeout(GOODBYE, connection.quit()).await;
                Ok(Handed::Accepted)
            }
            Err(error) => judged(&error),
        }
    }
}

/// The same mail is the same message, to the byte: identifier, date and boundary are made of it.
fn message(from: &Mailbox, mail: Outgoing) -> Result<Message, &'static str> {
    let to: Address = mail.to.parse().map_err(|_| "bad_address")?;
    let age = Duration::from_millis(u64::try_from(mail.at.0).unwrap_or_default());
    let sent_at = UNIX_EPOCH.checked_add(age).unwrap_or(SystemTime::UNIX_EPOCH);
    let body = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("souk-{}", mail.id.0.simple()))
        .singlepart(SinglePart::plain(mail.body.text))
        .singlepart(SinglePart::html(mail.body.html));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .date(sent_at)
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        // No out-of-office notes back (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .subject(one_line(&mail.body.subject))
        .multipart(body)
        .map_err(|_| "bad_message")
}

/// A header is one line, whatever stands in a text.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl MailTransport for SmtpTransport {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send(&self, mail: Outgoing) -> BoxFuture<'_, Result<Handed, ConnectorFault>> {
        Box::pin(async move {
            let message = match message(&self.from, mail) {
                Ok(message) => message,
                Err(code) => return Ok(Handed::Refused { code: code.to_owned() }),
            };
            timeout(self.patience, self.hand_over(&message)).await.unwrap_or(Err(ConnectorFault::TimedOut))
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(async move {
            let mut connection =
                timeout(self.patience, self.connect()).await.unwrap_or(Err(ConnectorFault::TimedOut))?;
            let _ = timeout(GOODBYE, connection.quit()).await;
            Ok(())
        })
    }
}

/// An answer about this mail, or a fault.
fn judged(error: &SmtpError) -> Result<Handed, ConnectorFault> {
    match error.status().map(u16::from) {
        // The server is about to close (RFC 5321, 3.8): it says so to every mail.
        Some(421) => Err(fault("mail", error)),
        Some(status @ 400..=499) => Ok(Handed::NotNow { code: format!("smtp_{status}") }),
        Some(status) => Ok(Handed::Refused { code: format!("smtp_{status}") }),
        // What the library itself refuses: an address that the server has no extension for.
        None if error.is_client() => Ok(Handed::Refused { code: "smtp_unsupported".to_owned() }),
        None => Err(fault("mail", error)),
    }
}

fn fault(step: &str, error: &SmtpError) -> ConnectorFault {
    let what = match error.status() {
        Some(status) => format!("answers {}", u16::from(status)),
        None if error.is_timeout() => return ConnectorFault::TimedOut,
        None if error.is_tls() => "no valid certificate".to_owned(),
        None if error.is_response() => "no SMTP".to_owned(),
        None if error.is_client() => "not offered by the server".to_owned(),
        None => "no connection".to_owned(),
    };
    ConnectorFault::Unavailable(format!("smtp, {step}: {what}"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        connectors::mail::Rendered,
        domain::{
            ids::{MailId, UserId},
            personal::Subject,
            time::Timestamp,
        },
    };

    fn outgoing(to: &str, subject: &str) -> Outgoing {
        let (text, html) = ("Grüße\nBcc: x@evil.example".to_owned(), "<p>Grüße</p>".to_owned());
        let body = Rendered { subject: subject.to_owned(), text, html };
        let whose = Subject::User(UserId::default());
        let at = Timestamp(1_795_000_000_123);
        Outgoing { id: MailId(Uuid::from_u128(7)), at, to: to.to_owned(), subject: whose, body }
    }

    fn made(to: &str, subject: &str) -> Result<String, &'static str> {
        let from = "Souk <shop@souk.example>".parse().unwrap();
        Ok(String::from_utf8(message(&from, outgoing(to, subject))?.formatted()).unwrap())
    }

    #[test]
    fn the_same_mail_is_the_same_message() {
        let one = made("ada@example.org", "Your order 1").unwrap();
        assert_eq!(one, made("ada@example.org", "Your order 1").unwrap());
        let id = "Message-ID: <00000000-0000-0000-0000-000000000007@souk.example>\r\n";
        assert!(one.contains(id) && one.contains("Auto-Submitted: auto-generated\r\n"), "{one}");
        assert!(one.contains("Date: Wed, 18 Nov 2026 "), "{one}");
        assert!(one.is_ascii(), "every server takes it");
    }

    #[test]
    fn no_text_becomes_a_header() {
        let head = |text: &str| text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
        for subject in ["Hi\r\nBcc: x@evil.example", "Hi\nBcc: x@evil.example", "Hi\r\n\r\nBcc: x", "Hé\r\nBcc: x@y"] {
            let made = head(&made("ada@example.org", subject).unwrap());
            assert!(!made.lines().any(|line| line.starts_with("Bcc")), "{made}");
            assert_eq!(made.matches("To: ").count(), 1, "{made}");
        }
        for to in ["ada@example.org\r\nBcc: x@evil.example", "ada@example.org, x@evil.example", "ada", "", "a b@c.d"] {
            assert_eq!(made(to, "Hi").err(), Some("bad_address"), "{to:?}");
        }
    }
}

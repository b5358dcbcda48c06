//! Mail as configured: through a server, or into the outbox; one connector either way.

use std::sync::Arc;

use crate::{
    actors::{
        ports::{Clock, ConnectorEntry},
        settings::{BreakerSettings, ConnectorSettings},
    },
    app::shop::ShopError,
    config::{Config, Http, Mail, Secret},
    connectors::mail::{
        MailConnector, MailTransport, Patience, bounds::BoundsSettings, outbox::Outbox, smtp::SmtpTransport,
    },
    domain::mail::Letter,
    persistence::private_dir,
    shop::{self, mail::Links},
};

/// The runtime waits this much longer than the connection itself, which then ends in order.
const MARGIN_MS: u64 = 2_000;

pub(super) struct MailOut {
    pub(super) connector: ConnectorEntry,
    /// `None`: mails leave through a server.
    pub(super) outbox: Option<Outbox>,
}

/// # Errors
/// A directory that cannot be made, a password that cannot be read, a server's name that TLS cannot check.
/// `links`: makes those that mails contain.
pub(super) fn start(config: &Config, links: Links, clock: &Arc<dyn Clock>) -> Result<MailOut, ShopError> {
    let mail = &config.mail;
    let (transport, outbox): (Arc<dyn MailTransport>, _) = match mail.server() {
        Some(server) => {
            let password = password(mail)?;
            let login = (!mail.smtp_user.is_empty()).then_some((mail.smtp_user.as_str(), &password));
            let smtp = SmtpTransport::new(server, login, &mail.from, mail.timeout());
            (Arc::new(smtp.map_err(|error| ShopError::Mail(error.to_string()))?), None)
        }
        None => {
            let dir = config.data.dir.join("outbox");
            private_dir::make(&dir).map_err(|error| ShopError::Mail(format!("{}: {error}", dir.display())))?;
            tracing::info!(dir = %dir.display(), kept = mail.outbox_mails_max, "no mail server: mails are kept as files");
            let outbox = Outbox::new(&dir, &mail.from, mail.outbox_mails_max);
            (Arc::new(outbox.clone()), Some(outbox))
        }
    };
    let patience =
        Patience { tries_max: mail.tries_max, pause: mail.retry_pause(), give_up_after: mail.give_up_after() };
    let bounds =
        BoundsSettings { per_address_hour_max: mail.per_address_hour_max, per_user_hour_max: mail.per_user_hour_max };
    let connector = MailConnector::new(
        transport,
        Arc::new(move |letter: &Letter| shop::mail::render(letter, &links)),
        patience,
        bounds,
        clock.clone(),
    );
    Ok(MailOut { connector: ConnectorEntry { connector: Arc::new(connector), settings: settings(mail) }, outbox })
}

/// The outbox, where a page of it may stand: at the sample shop, if only this machine can ask for it.
pub(in crate::app) fn to_show(outbox: Option<Outbox>, http: &Http, with_sample: bool) -> Option<Outbox> {
    outbox.filter(|_| with_sample && !http.is_public())
}

fn settings(mail: &Mail) -> ConnectorSettings {
    ConnectorSettings {
        in_flight_max: mail.in_flight_max,
        timeout: mail.timeout().saturating_add(std::time::Duration::from_millis(MARGIN_MS)),
        breaker: BreakerSettings { failures: mail.breaker_failures, rest: mail.breaker_rest() },
    }
}

/// From the configuration, or from its file: the first line. Neither reaches an error.
fn password(mail: &Mail) -> Result<Secret, ShopError> {
    let path = &mail.smtp_password_file;
    if path.as_os_str().is_empty() {
        return Ok(mail.smtp_password.clone());
    }
    let refuse = |why| ShopError::Mail(format!("mail.smtp_password_file {}: {why}", path.display()));
    super::first_line(path).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn mails_are_shown_to_this_machine_alone_and_only_at_the_sample_shop() {
        let dir = tempfile::tempdir().unwrap();
        let shown = |listen: &str, trusted_hops, with_sample| {
            let http = Http { listen: listen.parse().unwrap(), trusted_hops, ..Http::default() };
            to_show(Some(Outbox::new(dir.path(), "shop@localhost", 1)), &http, with_sample).is_some()
        };
        assert!(shown("127.0.0.1:8080", 0, true) && shown("[::1]:8080", 0, true));
        assert!(!shown("127.0.0.1:8080", 0, false), "another shop");
        assert!(!shown("0.0.0.0:8080", 0, true) && !shown("127.0.0.1:8080", 1, true), "others can ask");
        assert!(to_show(None, &Http::default(), true).is_none(), "a mail server");
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file_and_is_never_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        let mail = Mail { smtp_password_file: file.clone(), ..Mail::default() };
        assert!(password(&mail).is_err(), "no such file");
        fs::write(&file, "hunter2\n").unwrap();
        assert_eq!(password(&mail).unwrap(), Secret::new("hunter2"));
        for bad in ["", "\nhunter2", &"hunter2".repeat(200)] {
            fs::write(&file, bad).unwrap();
            let error = password(&mail).err().unwrap().to_string();
            assert!(!error.contains("hunter2") && error.contains("smtp_password_file"), "{error}");
        }
        let endless = password(&Mail { smtp_password_file: "/dev/zero".into(), ..Mail::default() });
        assert!(endless.err().unwrap().to_string().contains("more than 1024 bytes"));
    }
}

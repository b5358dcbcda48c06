//! The connector against a mail server with faults: which answers are about a mail, and which about the server.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::ports::ConnectorFault,
    config::{MailSecurity, MailServer, Secret},
    connectors::mail::{Handed, MailTransport, Outgoing, Rendered, smtp::SmtpTransport},
    domain::{
        ids::{MailId, UserId},
        personal::Subject,
        time::Timestamp,
    },
};
use uuid::Uuid;

use super::sink::{Fault, Sink};

const PATIENCE: Duration = Duration::from_secs(10);

fn transport(sink: &Sink, patience: Duration) -> SmtpTransport {
    let server = MailServer::parse(&sink.url()).expect("a server");
    SmtpTransport::new(server, None, "Souk <shop@souk.example>", patience).expect("a transport")
}

fn mail(n: u128) -> Outgoing {
    let body = Rendered {
        subject: "Your order".to_owned(),
        text: "Grüße\n.\nEnde\n".to_owned(),
        html: "<p>Grüße</p>".to_owned(),
    };
    Outgoing {
        id: MailId(Uuid::from_u128(n)),
        at: Timestamp(1_795_000_000_000),
        to: "ada@example.org".to_owned(),
        subject: Subject::User(UserId::default()),
        body,
    }
}

async fn with(fault: Fault) -> (Result<Handed, ConnectorFault>, usize) {
    let sink = Sink::start([fault]).await;
    let patience = if fault == Fault::Hangs { Duration::from_millis(300) } else { PATIENCE };
    let answer = transport(&sink, patience).send(mail(1)).await;
    (answer, sink.taken().len())
}

#[tokio::test]
async fn a_mail_is_handed_over_whole_to_one_recipient() {
    let sink = Sink::start([]).await;
    assert_eq!(transport(&sink, PATIENCE).send(mail(7)).await, Ok(Handed::Accepted));
    let taken = sink.taken().remove(0);
    assert_eq!(taken.to, ["RCPT TO:<ada@example.org>"]);
    assert_eq!(taken.header("Message-ID"), Some("<00000000-0000-0000-0000-000000000007@souk.example>"));
    assert_eq!((taken.header("To"), taken.header("Subject")), (Some("ada@example.org"), Some("Your order")));
    assert!(taken.text.contains("text/plain") && taken.text.contains("text/html"), "{}", taken.text);
    assert_eq!(transport(&sink, PATIENCE).ping().await, Ok(()));
}

#[tokio::test]
async fn an_answer_about_the_mail_decides_it_and_quotes_nobody() {
    let code = |code: &str| code.to_owned();
    assert_eq!(with(Fault::Refuses).await, (Ok(Handed::Refused { code: code("smtp_550") }), 0));
    assert_eq!(with(Fault::PutsOff).await, (Ok(Handed::NotNow { code: code("smtp_451") }), 0));
}

#[tokio::test]
async fn everything_else_is_the_servers_fault_and_is_tried_again() {
    assert_eq!(with(Fault::Hangs).await, (Err(ConnectorFault::TimedOut), 0));
    for (fault, taken) in [(Fault::Closes, 0), (Fault::ClosesAfterData, 1)] {
        let (answer, found) = with(fault).await;
        assert!(matches!(answer, Err(ConnectorFault::Unavailable(_))), "{fault:?}: {answer:?}");
        assert_eq!(found, taken, "{fault:?}");
    }
    let sink = Sink::start([]).await;
    let gone = transport(&sink, PATIENCE);
    drop(sink);
    assert!(matches!(gone.send(mail(1)).await, Err(ConnectorFault::Unavailable(_))));
    assert!(gone.ping().await.is_err());
}

/// A wrong password is the operator's mistake: no mail is lost by it.
#[tokio::test]
async fn who_is_not_let_in_loses_no_mail() {
    let sink = Sink::start([Fault::KnowsNobody]).await;
    let (server, password) = (MailServer::parse(&sink.url()).unwrap(), Secret::new("hunter2"));
    let transport = SmtpTransport::new(server, Some(("shop", &password)), "shop@souk.example", PATIENCE).unwrap();
    let said = transport.send(mail(1)).await.unwrap_err().to_string();
    assert!(said.contains("log-in") && said.contains("535") && !said.contains("hunter2"), "{said}");
    let said = transport.send(mail(1)).await.unwrap_err().to_string();
    assert!(said.contains("log-in") && said.contains("not offered"), "{said}");
    assert!(sink.taken().is_empty());
}

/// Where encryption is configured, a server without it gets neither a mail nor the password.
#[tokio::test]
async fn without_encryption_nothing_is_said() {
    let sink = Sink::start([]).await;
    for security in [MailSecurity::StartTls, MailSecurity::Tls] {
        let server = MailServer { host: "127.0.0.1".to_owned(), port: sink.port, security };
        let transport = SmtpTransport::new(server, None, "shop@souk.example", Duration::from_secs(2)).unwrap();
        assert!(transport.send(mail(1)).await.is_err(), "{security:?}");
    }
    assert!(sink.taken().is_empty() && sink.calls() == 2);
}

/// Eight at once, each on a connection of its own: no mail gets another's answer.
#[tokio::test]
async fn mails_at_once_do_not_get_each_others_answers() {
    let plan = [Fault::Refuses, Fault::None, Fault::PutsOff, Fault::None].into_iter().cycle().take(32);
    let sink = Sink::start(plan).await;
    let transport = Arc::new(transport(&sink, PATIENCE));
    let sent = futures::future::join_all((1..=32).map(|n| {
        let transport = transport.clone();
        async move { (n, transport.send(mail(n)).await) }
    }));
    let accepted: Vec<_> = sent.await.into_iter().filter(|(_, answer)| *answer == Ok(Handed::Accepted)).collect();
    let ids: Vec<String> =
        sink.taken().iter().filter_map(|taken| taken.header("Message-ID").map(str::to_owned)).collect();
    assert_eq!((accepted.len(), ids.len()), (16, 16));
    for (n, _) in accepted {
        assert!(ids.contains(&format!("<{}@souk.example>", Uuid::from_u128(n))), "{n}");
    }
}

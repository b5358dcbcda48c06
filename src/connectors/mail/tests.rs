//! The adapter: what is sent again and what is not, how often, and to whom how much.

use std::sync::Mutex;

use tokio::sync::Semaphore;
use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        ids::{OrderId, UserId},
        mail::Says,
        payment::{ProviderCall, ProviderOperation},
    },
    testing::{EPOCH, FixedClock},
};

/// Answers always the same, and keeps what it was given.
struct Server {
    answer: Mutex<Result<Handed, ConnectorFault>>,
    sent: Mutex<Vec<Outgoing>>,
    /// Each call takes one of these before it is answered.
    answers: Semaphore,
}

impl MailTransport for Server {
    fn name(&self) -> &'static str {
        "test"
    }

    fn send(&self, mail: Outgoing) -> BoxFuture<'_, Result<Handed, ConnectorFault>> {
        self.sent.lock().unwrap().push(mail);
        Box::pin(async {
            self.answers.acquire().await.expect("never closed").forget();
            self.answer.lock().unwrap().clone()
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Stage {
    server: Arc<Server>,
    clock: Arc<FixedClock>,
    connector: MailConnector,
}

const PATIENCE: Patience =
    Patience { tries_max: 3, pause: Duration::from_secs(60), give_up_after: Duration::from_secs(86_400) };

fn stage(answer: Result<Handed, ConnectorFault>) -> Stage {
    let server = Arc::new(Server { answer: Mutex::new(answer), sent: Mutex::default(), answers: Semaphore::new(100) });
    let clock = Arc::new(FixedClock::default());
    let render: Render = Arc::new(|letter| match letter.to.as_str() {
        "nobody@example.org" => Err("no template".to_owned()),
        _ => Ok(Rendered { subject: "s".to_owned(), text: "t".to_owned(), html: "h".to_owned() }),
    });
    let bounds = BoundsSettings { per_address_hour_max: 2, per_user_hour_max: 100 };
    let connector = MailConnector::new(server.clone(), render, PATIENCE, bounds, clock.clone());
    Stage { server, clock, connector }
}

fn call_to(to: &str, mail: u128, attempt: u32) -> MailCall {
    let says = Says::OrderCancelled { order: OrderId::default(), number: 1, paid: true };
    let letter = Arc::new(Letter { to: to.to_owned(), user: UserId::default(), says, of: None });
    MailCall { mail: MailId(Uuid::from_u128(mail)), attempt, queued_at: EPOCH, letter }
}

fn call(mail: u128, attempt: u32) -> MailCall {
    call_to("ada@example.org", mail, attempt)
}

impl Stage {
    fn says(&self, answer: Result<Handed, ConnectorFault>) {
        *self.server.answer.lock().unwrap() = answer;
    }

    async fn send(&self, call: MailCall) -> Result<MailAnswer, ConnectorFault> {
        match self.connector.call(call.into()).await? {
            AnyAnswer::Mail(answer) => Ok(answer),
            other => panic!("{other:?}"),
        }
    }

    fn sent(&self) -> usize {
        self.server.sent.lock().unwrap().len()
    }
}

fn busy() -> Result<Handed, ConnectorFault> {
    Ok(Handed::NotNow { code: "smtp_451".to_owned() })
}

fn code(code: &str) -> String {
    code.to_owned()
}

#[tokio::test]
async fn what_was_accepted_is_answered_from_memory() {
    let stage = stage(Ok(Handed::Accepted));
    for _ in 0..3 {
        assert_eq!(stage.send(call(1, 0)).await, Ok(MailAnswer::Accepted));
    }
    assert_eq!(stage.sent(), 1);
    stage.says(Err(ConnectorFault::TimedOut));
    assert_eq!(stage.send(call(2, 0)).await, Err(ConnectorFault::TimedOut));
    stage.says(Ok(Handed::Accepted));
    assert_eq!(stage.send(call(2, 0)).await, Ok(MailAnswer::Accepted));
    let sent = stage.server.sent.lock().unwrap();
    assert_eq!((sent.len(), &sent[1]), (3, &sent[2]), "an unknown fate is tried again, with the same message");
}

#[tokio::test]
async fn two_calls_of_one_mail_at_once_send_it_once() {
    let stage = stage(Ok(Handed::Accepted));
    stage.server.answers.forget_permits(100);
    let opens = async {
        // Both calls were polled: one is with the server, and the other one waits.
        assert_eq!(stage.sent(), 1);
        stage.server.answers.add_permits(2);
    };
    let (first, second, ()) = tokio::join!(stage.send(call(1, 0)), stage.send(call(1, 0)), opens);
    assert_eq!((first, second, stage.sent()), (Ok(MailAnswer::Accepted), Ok(MailAnswer::Accepted), 1));
}

#[tokio::test]
async fn what_is_put_off_waits_longer_each_time_and_is_given_up_at_the_bound() {
    let stage = stage(busy());
    let put_off = |pause_ms| Ok(MailAnswer::PutOff { code: code("smtp_451"), pause_ms });
    assert_eq!(stage.send(call(1, 0)).await, put_off(60_000));
    assert_eq!(stage.send(call(1, 1)).await, put_off(120_000));
    assert_eq!(stage.send(call(1, 2)).await, Ok(MailAnswer::GivenUp { code: code("smtp_451") }));
    assert_eq!(PATIENCE.pause_after(40), Patience::PAUSE_MAX);
}

#[tokio::test]
async fn a_mail_that_is_too_old_is_given_up_without_a_try() {
    let stage = stage(Ok(Handed::Accepted));
    stage.clock.pass(86_400_000);
    assert_eq!(stage.send(call(1, 0)).await, Ok(MailAnswer::Accepted));
    stage.clock.pass(1);
    assert_eq!(stage.send(call(2, 0)).await, Ok(MailAnswer::GivenUp { code: code("too_old") }));
    assert_eq!(stage.send(call(1, 0)).await, Ok(MailAnswer::Accepted), "and what was accepted stays so");
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn an_address_is_not_flooded_and_a_retry_counts_once() {
    let stage = stage(busy());
    stage.send(call(1, 0)).await.unwrap();
    stage.send(call(1, 1)).await.unwrap();
    stage.says(Ok(Handed::Accepted));
    assert_eq!(stage.send(call(2, 0)).await, Ok(MailAnswer::Accepted));
    let refused = Ok(MailAnswer::Refused { code: code("too_many_to_address") });
    assert_eq!(stage.send(call(3, 0)).await, refused);
    assert_eq!(stage.send(call_to("bob@example.org", 4, 0)).await, Ok(MailAnswer::Accepted));
    assert_eq!(stage.sent(), 4);
}

#[tokio::test]
async fn what_cannot_be_written_or_is_no_mail_reaches_no_server() {
    let stage = stage(Ok(Handed::Accepted));
    let refused = Ok(MailAnswer::Refused { code: code("no_text") });
    assert_eq!(stage.send(call_to("nobody@example.org", 1, 0)).await, refused);
    let operation = ProviderOperation::Void { reference: "r".to_owned() };
    let payment = AnyCall::Payment(ProviderCall { payment: Default::default(), operation });
    assert!(matches!(stage.connector.call(payment).await, Err(ConnectorFault::Invalid(_))));
    assert_eq!((stage.sent(), stage.connector.name()), (0, MAIL_CONNECTOR));
}

/// What is written to a log.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_wrong_with_a_template_is_in_the_log_and_the_address_is_not() {
    let shown = Shown::default();
    let writer = shown.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let stage = stage(Ok(Handed::Accepted));
        futures::executor::block_on(stage.send(call_to("nobody@example.org", 1, 0))).unwrap();
    });
    let text = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("no template") && !text.contains("nobody@"), "{text}");
}

#[test]
fn every_outcome_is_counted_from_the_start_on() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        let stage = stage(Ok(Handed::Refused { code: code("smtp_550") }));
        futures::executor::block_on(stage.send(call(1, 0))).unwrap();
        stage.says(Ok(Handed::Accepted));
        futures::executor::block_on(stage.send(call(2, 0))).unwrap();
    });
    let told = recorder.handle().render();
    for (outcome, n) in [("accepted", 1), ("refused", 1), ("withheld", 0), ("put_off", 0), ("given_up", 0)] {
        let line = format!("souk_mails_total{{transport=\"test\",outcome=\"{outcome}\"}} {n}\n");
        assert!(told.contains(&line), "{line} in {told}");
    }
}

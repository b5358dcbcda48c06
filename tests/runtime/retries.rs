//! G3: a command that is repeated with the same id has one effect and gets the same reply.

use std::num::NonZeroU64;

use souk::{
    actors::gateway::{AskError, Call},
    domain::stock::StockCommand,
};

use crate::stage::{Stage, ask, call, eventually, order, receipt, receive, units};

#[tokio::test(start_paused = true)]
async fn while_the_first_is_in_flight() {
    let stage = Stage::new();
    let life = stage.start().await;
    stage.gate.close();
    let asks = (0..8).map(|_| receive(&life.gateway, "A", 1, 5));
    let opened = async {
        stage.gate.reached().await;
        stage.gate.open();
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(asks), opened);
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert!(answers.iter().all(|answer| (answer.version, answer.view.received) == (1, 5)), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.changed).count(), 1);
    assert_eq!(stage.log_of("A").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn behind_later_commands_that_are_not_durable_yet() {
    let stage = Stage::new();
    let life = stage.start().await;
    stage.gate.close();
    let opened = async {
        stage.gate.reached().await;
        stage.gate.open();
    };
    let (first, second, again, ()) = tokio::join!(
        receive(&life.gateway, "A", 1, 5),
        receive(&life.gateway, "A", 2, 7),
        receive(&life.gateway, "A", 1, 5),
        opened
    );
    let (first, again) = (first.unwrap(), again.unwrap());
    assert_eq!(second.unwrap().view.received, 12);
    assert_eq!((again.version, again.view, again.changed), (first.version, first.view, false));
}

#[tokio::test(start_paused = true)]
async fn after_other_commands_a_passivation_and_a_restart() {
    let mut stage = Stage::new();
    stage.settings.actors.idle_timeout_ms = 40;
    let life = stage.start().await;
    let first = receive(&life.gateway, "A", 1, 5).await.unwrap();
    for n in 2..=40 {
        receive(&life.gateway, "A", n, 1).await.unwrap();
    }
    let same = |again: souk::actors::gateway::Answer<_>| {
        assert_eq!((again.version, again.view, again.changed), (first.version, first.view, false));
    };
    same(receive(&life.gateway, "A", 1, 5).await.unwrap());
    eventually("nobody is resident", || life.gateway.status().residents == 0).await;
    same(receive(&life.gateway, "A", 1, 5).await.unwrap());
    life.runtime.stop().await;
    let life = stage.start().await;
    same(receive(&life.gateway, "A", 1, 5).await.unwrap());
    assert_eq!(stage.log_of("A").len(), 40);
}

#[tokio::test(start_paused = true)]
async fn long_after_for_commands_that_tell_a_repetition_by_themselves() {
    let stage = Stage::new();
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 500).await.unwrap();
    let until = stage.now().plus_ms(3_600_000);
    let hold =
        || ask(&life.gateway, "A", StockCommand::Hold { order: order(9), units: units(3), until, attempt: 0 }, call(2));
    assert!(hold().await.unwrap().changed);
    for n in 0..300 {
        receive(&life.gateway, "A", 100 + n, 1).await.unwrap();
    }
    let again = hold().await.unwrap();
    assert!(!again.changed);
    assert_eq!(again.view.held, 3);
}

#[tokio::test(start_paused = true)]
async fn the_id_of_another_content_is_a_conflict_also_after_a_restart() {
    let stage = Stage::new();
    let life = stage.start().await;
    let with = |fingerprint| Call { fingerprint: NonZeroU64::new(fingerprint), ..call(1) };
    ask(&life.gateway, "A", receipt(5), with(11)).await.unwrap();
    assert_eq!(ask(&life.gateway, "A", receipt(6), with(12)).await, Err(AskError::IdConflict));
    life.runtime.stop().await;
    let life = stage.start().await;
    assert_eq!(ask(&life.gateway, "A", receipt(6), with(12)).await, Err(AskError::IdConflict));
    assert_eq!(ask(&life.gateway, "A", receipt(5), with(11)).await.unwrap().view.received, 5);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_decided_afresh() {
    let stage = Stage::new();
    let life = stage.start().await;
    let until = stage.now().plus_ms(60_000);
    let hold =
        || ask(&life.gateway, "A", StockCommand::Hold { order: order(9), units: units(3), until, attempt: 0 }, call(1));
    assert!(matches!(hold().await, Err(AskError::Refused(_))));
    receive(&life.gateway, "A", 2, 5).await.unwrap();
    assert_eq!(hold().await.unwrap().view.held, 3);
}

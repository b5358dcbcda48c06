//! The attackers' own thread: all attacks together have one core at most, and the buyers' times do not contain theirs.

use std::{sync::Arc, thread::JoinHandle};

use futures::future::join_all;
use tokio::sync::oneshot;

use super::{
    attack::{Attack, Field},
    toll::Toll,
};

pub struct Siege {
    pub tolls: Vec<(Attack, Arc<Toll>)>,
    lift: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Siege {
    pub fn lay(field: &Arc<Field>, attacks: &[Attack]) -> Self {
        let tolls: Vec<_> = attacks.iter().map(|attack| (*attack, Arc::new(Toll::default()))).collect();
        let (lift, lifted) = oneshot::channel();
        let (field, laid) = (field.clone(), tolls.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let attacks = join_all(laid.iter().map(|(attack, toll)| attack.run(&field, toll)));
                tokio::select! {
                    _ = attacks => unreachable!("attacks do not end"),
                    _ = lifted => {}
                }
            });
        });
        Self { tolls, lift, thread }
    }

    /// Ends every attack, and closes every connection of theirs.
    pub fn end(self) -> Vec<(Attack, Arc<Toll>)> {
        // A thread that has panicked does not hear it, and is told by its end.
        let _ = self.lift.send(());
        self.thread.join().expect("no attack fails");
        self.tolls
    }
}
